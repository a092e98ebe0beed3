package pipeline

import (
	"sync/atomic"

	"sigmatrail/correlate"
)

// Tally counts what an Engine has seen and done since it was made. Of events, Events == Matched + Unmatched + Foreign + Damaged +
// Markers always holds; the other counts stand beside that sum. So many events came in: Events + Split - SplitInto; so many went on:
// Events - Dropped.
type Tally struct {
	// Events counts framed events; the damaged rest of a chunk counts as one. Of an event that was taken apart those count that came of it.
	Events uint64
	// Matched events left with hits written on them.
	Matched uint64
	// Unmatched events are CloudTrail records, or digest files, on which nothing was written.
	Unmatched uint64
	// Foreign events hold no CloudTrail record, or are no log events at all.
	Foreign uint64
	// Damaged events cannot be walked. They pass untouched.
	Damaged uint64
	// Markers are the host's group markers. They pass untouched.
	Markers uint64

	// Records counts CloudTrail records inside events.
	Records uint64
	// Digests counts CloudTrail digest files.
	Digests uint64
	// Hits counts pairs of record and rule that were written.
	Hits uint64
	// Suppressed counts those of Hits that were written as repetitions.
	Suppressed uint64
	// Forgotten counts windows of suppression that were given up, as there were too many.
	Forgotten uint64
	// Unflattened counts values that were not flattened, as their record had too many, or their names were too long.
	Unflattened uint64
	// Displaced counts values of somebody else's that stood under our key and were moved to <key>_original.
	Displaced uint64
	// Unwritten counts matched events whose hits could not be written (no memory); they count as Unmatched too.
	Unwritten uint64
	// Fired counts how often correlations fired, also where that is not written, Undated records that rules hit and that have no time, so that they were not
	// correlated.
	Fired, Undated uint64
	// Split counts events that were taken apart, SplitInto the events that came of them.
	Split, SplitInto uint64
	// Dropped counts log events without hits that were left out.
	Dropped uint64
}

// tally is a Tally that many threads add to.
type tally struct {
	events, matched, unmatched, foreign, damaged, markers atomic.Uint64
	records, digests, hits, displaced, unwritten          atomic.Uint64
	split, splitInto, dropped                             atomic.Uint64
	suppressed, forgotten, unflattened, fired, undated    atomic.Uint64
}

// add adds the counts of one chunk.
func (t *tally) add(d *Tally) {
	t.events.Add(d.Events)
	t.matched.Add(d.Matched)
	t.unmatched.Add(d.Unmatched)
	t.foreign.Add(d.Foreign)
	t.damaged.Add(d.Damaged)
	t.markers.Add(d.Markers)
	t.records.Add(d.Records)
	t.digests.Add(d.Digests)
	t.hits.Add(d.Hits)
	t.displaced.Add(d.Displaced)
	t.unwritten.Add(d.Unwritten)
	t.split.Add(d.Split)
	t.splitInto.Add(d.SplitInto)
	t.dropped.Add(d.Dropped)
	t.suppressed.Add(d.Suppressed)
	t.forgotten.Add(d.Forgotten)
	t.unflattened.Add(d.Unflattened)
	t.fired.Add(d.Fired)
	t.undated.Add(d.Undated)
}

// load reads the counts one by one: between chunks they agree with each other, during one they may be apart by it.
func (t *tally) load() Tally {
	return Tally{
		Events: t.events.Load(), Matched: t.matched.Load(), Unmatched: t.unmatched.Load(), Foreign: t.foreign.Load(),
		Damaged: t.damaged.Load(), Markers: t.markers.Load(), Records: t.records.Load(), Digests: t.digests.Load(),
		Hits: t.hits.Load(), Displaced: t.displaced.Load(), Unwritten: t.unwritten.Load(),
		Split: t.split.Load(), SplitInto: t.splitInto.Load(), Dropped: t.dropped.Load(),
		Suppressed: t.suppressed.Load(), Forgotten: t.forgotten.Load(), Unflattened: t.unflattened.Load(),
		Fired: t.fired.Load(), Undated: t.undated.Load(),
	}
}

// Merge adds other to t, for who keeps counts across engines.
func (t *Tally) Merge(other *Tally) {
	var sum tally
	sum.add(t)
	sum.add(other)
	*t = sum.load()
}

// Counts is what events that were judged by a Judge add to the counts of an Engine, once it is sure that they count; Process adds its own.
type Counts struct {
	Tally
	// Rules are the rules that were written on records, one entry for each time.
	Rules []int

	waited []correlate.Firing
}

// Reset makes the counts zero and keeps the memory.
func (c *Counts) Reset() { *c = Counts{Rules: c.Rules[:0]} }

// Add adds one event.
func (c *Counts) Add(j *Judgement) {
	c.Events++
	j.count(&c.Tally)
	for _, v := range j.Verdicts {
		c.Rules = append(c.Rules, v.Hits...)
	}
}

// Add adds the counts of events.
func (e *Engine) Add(c *Counts) {
	for _, rule := range c.Rules {
		e.hits[rule].Add(1)
	}
	e.tally.add(&c.Tally)
}

// TakeBack is called where events that were correlated have not arrived. What fired on them alone fires again on the next; what they completed fires again
// when they come again.
func (e *Engine) TakeBack(c *Counts) { e.owed.add(c.waited) }
