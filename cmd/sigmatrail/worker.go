package main

import (
	"fmt"
	"time"

	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"
)

// worker judges batches.
type worker struct {
	scan     *scan
	judge    *pipeline.Judge
	unpacker record.Unpacker
	sink     record.Sink
	batch    *batch
	packed   []byte // of a held event
}

func newWorker(s *scan) *worker {
	w := &worker{scan: s, judge: s.engine.NewJudge()}
	w.sink = record.Sink{Item: w.event, Bad: w.bad}
	return w
}

func (w *worker) run() {
	for {
		select {
		case b, ok := <-w.scan.work:
			if !ok {
				return
			}
			w.judgeAll(b)
		case <-w.scan.quit:
			return
		}
	}
}

func (w *worker) judgeAll(b *batch) {
	w.batch = b
	for i := range b.parts {
		if fatal := w.part(b.parts[i]); fatal {
			break
		}
	}
	b.done <- struct{}{}
}

// part judges the events of one part. What goes wrong with it in a way that it should not is reported like everything else that cannot be read.
func (w *worker) part(p record.Part) (fatal bool) {
	defer func() {
		if fault := recover(); fault != nil {
			w.judge, w.unpacker = w.scan.engine.NewJudge(), record.Unpacker{} // what a fault has touched is not used again
			err := internalError(fault)
			if p.Line > 0 {
				w.bad(&record.LineError{File: w.batch.source.name, Line: p.Line, Err: err})
			} else {
				w.bad(fmt.Errorf("%s: the value that ends at byte %d: %w", w.batch.source.name, p.End, err))
			}
		}
	}()
	if err := w.unpacker.Unpack(w.batch.source.name, p, w.sink); err != nil {
		r := w.batch.addResult()
		r.err, r.fatal = err, true
		return true
	}
	return false
}

func internalError(fault any) error {
	return fmt.Errorf("internal error: %v (please report it)", fault)
}

func (w *worker) bad(err error) { w.batch.addResult().err = err }

// event judges one event. It never fails.
func (w *worker) event(item record.Item) error {
	j := w.judge.Event(item.Packed, time.Time{})
	found := len(j.Verdicts) > 0
	undated := w.scan.choice.keep(&j)
	r := w.result()
	r.undated += undated
	if found && len(j.Verdicts) == 0 {
		return nil
	}
	if w.scan.seen != nil {
		r.item = item
		for i := range j.Verdicts {
			r.deliveries = append(r.deliveries, deliveryOf(&j.Verdicts[i]))
		}
	}
	if w.hold(r, item, &j) {
		return nil
	}
	w.render(r, item, &j)
	return nil
}

// result returns the result to which the next event belongs.
func (w *worker) result() *result {
	list := w.batch.results
	if n := len(list); w.scan.seen == nil && n > 0 && list[n-1].err == nil && list[n-1].held == nil {
		return &list[n-1]
	}
	return w.batch.addResult()
}

// render counts an event, and appends it to the output if it is to be printed.
func (w *worker) render(r *result, item record.Item, j *pipeline.Judgement) {
	b, s := w.batch, w.scan
	r.counts.Add(j)
	if !j.Hit() && !s.all {
		return
	}
	if s.table != nil {
		b.out = s.table.add(b.out, j, 0)
		r.end = len(b.out)
		return
	}
	out, err := s.engine.AppendJSON(b.out, item.JSON, j, &r.counts)
	if err != nil {
		w.bad(&record.LineError{File: b.source.name, Line: item.Line, Err: err})
		return
	}
	b.out = append(out, '\n')
	r.end = len(b.out)
}

// again judges an event without those of its chosen records that dup marks, which is about a batch of its own.
func (w *worker) again(b *batch, item record.Item, dup []bool) error {
	w.batch = b
	packed, err := record.AppendMsgpack(nil, item.JSON)
	if err != nil {
		return err
	}
	j := w.judge.Event(packed, time.Time{})
	w.scan.choice.keep(&j)
	kept := j.Verdicts[:0]
	for i, v := range j.Verdicts {
		if !dup[i] {
			kept = append(kept, v)
		}
	}
	j.Verdicts = kept
	if r := b.addResult(); !w.hold(r, item, &j) {
		w.render(r, item, &j)
	}
	return nil
}
