package serve

import (
	"fmt"
	"net/http"
	"sync"

	"sigmatrail/internal/pipeline"
)

// Accounts say what a Server has done since it was made. Of requests, Requests == Delivered + Refused + Busy + Unavailable + Aborted + Failed always holds; of
// events, what Tally says. Events and the rest count for delivered batches alone, as what was not delivered comes again.
type Accounts struct {
	// Requests counts batches that somebody has sent.
	Requests uint64
	// Delivered batches were taken by the upstream, or given back.
	Delivered uint64
	// Refused batches can be taken neither now nor later.
	Refused uint64
	// Busy counts batches that were sent away as too many were in memory.
	Busy uint64
	// Unavailable counts batches that the upstream has not taken, or not within the time.
	Unavailable uint64
	// Aborted batches did not come in whole, or their senders were gone.
	Aborted uint64
	// Failed counts requests that a fault of ours has ended.
	Failed uint64
	// Broken counts what was no event, and went on as a message.
	Broken uint64
	// Faults counts faults of ours while judging an event; it is among Broken.
	Faults uint64
	// Tally counts events.
	Tally pipeline.Tally
}

type accounts struct {
	mu             sync.Mutex
	outcomes       [outcomes]uint64
	broken, faults uint64
	tally          pipeline.Tally
}

// end counts a request that was not delivered.
func (a *accounts) end(o outcome) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.outcomes[o]++
}

// add counts a request that was.
func (a *accounts) add(b *batch) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.outcomes[delivered]++
	a.broken += b.broken
	a.faults += b.faults
	a.tally.Merge(&b.counts.Tally)
}

// Accounts returns the counts so far.
func (s *Server) Accounts() Accounts {
	a := &s.accounts
	a.mu.Lock()
	defer a.mu.Unlock()
	o := &a.outcomes
	all := Accounts{
		Delivered: o[delivered], Refused: o[refused], Busy: o[busy], Unavailable: o[unavailable], Aborted: o[aborted], Failed: o[failed],
		Broken: a.broken, Faults: a.faults, Tally: a.tally,
	}
	for _, n := range o {
		all.Requests += n
	}
	return all
}

// String is the line with which the command leaves.
func (a Accounts) String() string {
	t := &a.Tally
	line := fmt.Sprintf("%d batches = %d delivered + %d refused + %d too many + %d not taken by the upstream + %d aborted + %d failed; "+
		"%d events = %d matched + %d unmatched + %d not CloudTrail; %d records, %d hits", a.Requests, a.Delivered, a.Refused, a.Busy, a.Unavailable,
		a.Aborted, a.Failed, t.Events, t.Matched, t.Unmatched, t.Foreign, t.Records, t.Hits)
	if a.Broken > 0 {
		line += fmt.Sprintf("; %d parts were no JSON object", a.Broken)
	}
	if a.Faults > 0 {
		line += fmt.Sprintf(", %d of them for faults of ours", a.Faults)
	}
	if t.Displaced > 0 {
		line += fmt.Sprintf("; %d foreign values moved from under the key", t.Displaced)
	}
	if t.Unflattened > 0 {
		line += fmt.Sprintf("; %d values not flattened", t.Unflattened)
	}
	return line
}

// correlations returns what correlations have seen and done.
func (s *Server) correlations(t *pipeline.Tally) map[string]uint64 {
	c := s.options.State.Stats()
	return map[string]uint64{
		"fired": t.Fired, "undated": t.Undated, "events": c.Events, "duplicates": c.Duplicates, "groups": c.Groups,
		"evicted_groups": c.EvictedGroups, "evicted_events": c.EvictedEvents, "late": c.Late,
	}
}

// stats answers with the accounts.
func (s *Server) stats(w http.ResponseWriter, _ *http.Request) {
	a := s.Accounts()
	t := &a.Tally
	writeJSON(w, http.StatusOK, map[string]map[string]uint64{
		"batches": {
			"received": a.Requests, "delivered": a.Delivered, "refused": a.Refused, "busy": a.Busy, "unavailable": a.Unavailable,
			"aborted": a.Aborted, "failed": a.Failed,
		},
		"events": {
			"judged": t.Events, "matched": t.Matched, "unmatched": t.Unmatched, "foreign": t.Foreign, "records": t.Records, "digests": t.Digests,
			"hits": t.Hits, "displaced": t.Displaced, "unflattened": t.Unflattened, "broken": a.Broken, "faults": a.Faults,
		},
		"correlations": s.correlations(t),
		"rules":        {"loaded": uint64(len(s.now.Load().engine.Rules().Rules)), "reloads": s.reloads.Load(), "reloads_refused": s.refusedReloads.Load()},
	})
}
