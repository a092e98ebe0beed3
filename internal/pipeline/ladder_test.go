package pipeline

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/mixes"
	"sigmatrail/rules"
)

// whole reports whether the ladder is to be climbed whole (make ladder); otherwise a sample is.
func whole() bool { return os.Getenv("SIGMA_LADDER") == "whole" }

// corpusRules are all shared rules, made to apply to CloudTrail.
func corpusRules(t *testing.T, shared *mixes.Shared) []*rules.Rule {
	t.Helper()
	files, err := shared.AllRules()
	if err != nil {
		t.Fatal(err)
	}
	const own = "../../testdata/placeholders.yml"
	text, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	placeholders, err := rules.ParsePlaceholders(own, text)
	if err != nil {
		t.Fatal(err)
	}
	set := rules.ParseFiles(files, rules.Options{Placeholders: placeholders})
	if len(set.NotApplicable) > 0 {
		t.Fatalf("%d rules do not apply: their log source was not replaced", len(set.NotApplicable))
	}
	t.Logf("%s", set.Summary())
	return set.Rules
}

// corpusChunks are all shared events, as they were read, in chunks of some hundred: what is remembered from one record to the next is in play.
func corpusChunks(t *testing.T, shared *mixes.Shared) (chunks [][]byte, count int) {
	t.Helper()
	const each = 250
	count = events(t, filepath.Join(shared.Events(), "*.ndjson"), func(text []byte) {
		if len(chunks) == 0 || count%each == 0 {
			chunks = append(chunks, nil)
		}
		count++
		last := &chunks[len(chunks)-1]
		*last = append(*last, event(t, string(text))...)
	})
	return chunks, count
}

// TestLadder climbs the ladder with every shared rule on every shared event; a sample of the events, unless SIGMA_LADDER is whole.
func TestLadder(t *testing.T) {
	shared, reason, ok := mixes.Open()
	if !ok {
		t.Skip(reason)
	}
	stride, leastPairs := 31, int64(225_000)
	if whole() {
		stride, leastPairs = 1, 7_100_000
	}
	list := corpusRules(t, shared)
	r := mustRungs(t, list)
	chunks, count := corpusChunks(t, shared)
	if len(list) < 3770 || count < 1904 {
		t.Fatalf("%d rules, %d events", len(list), count)
	}
	pairs, hits := climbAll(t, r, chunks, stride)
	if pairs < leastPairs || hits < pairs/5000 {
		t.Errorf("%d pairs, %d hits", pairs, hits)
	}
	t.Logf("ladder: %d pairs of %d rules and a record on every rung, %d hits", pairs, len(list), hits)
}

// job is one event to climb with.
type job struct {
	chunk, event int
	ev           chunk.Event
}

// climbAll decodes every stride-th event once and judges it on all rungs, on all cores.
func climbAll(t *testing.T, r *rungs, chunks [][]byte, stride int) (pairs, hits int64) {
	t.Helper()
	var jobs []job
	want := make([][]verdicts, len(chunks))
	for c, data := range chunks {
		j := job{chunk: c}
		for w := chunk.NewWalker(data); w.Next(&j.ev); j.event++ {
			jobs = append(jobs, j)
		}
		want[c] = make([]verdicts, j.event)
	}
	var next, allPairs, allHits atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			c := r.climber()
			for i := int(next.Add(1)-1) * stride; i < len(jobs); i = int(next.Add(1)-1) * stride {
				j := &jobs[i]
				v, err := c.event(chunks[j.chunk], &j.ev)
				if err != nil {
					t.Errorf("event %d of chunk %d: %v", j.event, j.chunk, err)
				}
				want[j.chunk][j.event] = v
			}
			allPairs.Add(int64(c.pairs))
			allHits.Add(int64(c.hits))
		})
	}
	wg.Wait()
	for c, data := range chunks {
		if err := r.holdEngine(data, want[c]); err != nil {
			t.Errorf("chunk %d: %v", c, err)
		}
	}
	return allPairs.Load(), allHits.Load()
}
