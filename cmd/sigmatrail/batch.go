package main

import (
	"sync"

	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"
)

// A scan passes batches along: a reader fills them with parts of one file, a worker judges these, and the writer prints what came of it.

// Sizes of batches. A part that is larger than batchBytes has a batch for itself.
const (
	batchBytes = 256 << 10
	batchParts = 1 << 10
	// mostKept bounds the buffers that are used again.
	mostKept = 4 * batchBytes
)

type batch struct {
	source *source
	tokens int // of the source's budget

	text  []byte
	parts []record.Part // their texts are set when all are there, as text may move until then
	ends  []int         // of their texts

	out     []byte
	results []result
	done    chan struct{} // gets a token when a worker is through
}

// result is what came of some events that stand one after the other, or an error at its place between them.
type result struct {
	end     int // of its output in batch.out
	counts  pipeline.Counts
	undated uint64

	// held is the one event of the result, where correlations want to know of it: only when all are there is known what is written on it.
	held *held

	err   error
	fatal bool // nothing behind err in its file counts

	// Where only first deliveries count a result is one event, and the writer decides whether it stands.
	item       record.Item
	deliveries []delivery // of its records
}

// batches are used again.
var batches = sync.Pool{New: func() any { return &batch{done: make(chan struct{}, 1)} }} //nolint:gochecknoglobals // memory

func newBatch(s *source) *batch {
	b := batches.Get().(*batch) // nothing else is in the pool
	b.source = s
	return b
}

// release gives the batch back. Nobody may have a part of it any more.
func (b *batch) release() {
	b.source.budget.give(b.tokens)
	if cap(b.text) > mostKept || cap(b.out) > mostKept {
		return
	}
	*b = batch{text: b.text[:0], parts: b.parts[:0], ends: b.ends[:0], out: b.out[:0], results: b.results[:0], done: b.done}
	batches.Put(b)
}

func (b *batch) add(p record.Part) {
	b.text = append(b.text, p.Text...)
	p.Text = nil
	b.parts, b.ends = append(b.parts, p), append(b.ends, len(b.text))
}

func (b *batch) full() bool { return len(b.text) >= batchBytes || len(b.parts) >= batchParts }

// seal sets the texts of the parts.
func (b *batch) seal() {
	start := 0
	for i, end := range b.ends {
		b.parts[i].Text = b.text[start:end:end]
		start = end
	}
}

// addResult adds a result and returns it. Its memory is that of an earlier batch.
func (b *batch) addResult() *result {
	n := len(b.results)
	if n < cap(b.results) {
		b.results = b.results[:n+1]
	} else {
		b.results = append(b.results, result{})
	}
	r := &b.results[n]
	counts := r.counts
	counts.Reset()
	*r = result{end: len(b.out), counts: counts, deliveries: r.deliveries[:0]}
	return r
}

// budget bounds how much of a file is in memory. A token stands for tokenBytes.
type budget struct {
	tokens chan struct{}
	ahead  int
}

const tokenBytes = batchBytes / 4

// newBudget returns a budget that allows two batches at first, and most batches when it is the file's turn.
func newBudget(most int) budget {
	all := most * batchBytes / tokenBytes
	b := budget{tokens: make(chan struct{}, all), ahead: min(all, 2*batchBytes/tokenBytes)}
	b.give(b.ahead)
	return b
}

// turn allows as much as there may be.
func (b *budget) turn() { b.give(cap(b.tokens) - b.ahead) }

// take waits until n bytes more may be held, and returns their tokens; ok is false if either channel was closed. What is larger than everything that is allowed waits
// until nothing else of its file is held.
func (b *budget) take(n int, stopped, quit <-chan struct{}) (tokens int, ok bool) {
	want := min(n/tokenBytes+1, cap(b.tokens))
	for ; tokens < want; tokens++ {
		select {
		case <-b.tokens:
		case <-stopped:
			return tokens, false
		case <-quit:
			return tokens, false
		}
	}
	return tokens, true
}

func (b *budget) give(tokens int) {
	for range tokens {
		b.tokens <- struct{}{}
	}
}
