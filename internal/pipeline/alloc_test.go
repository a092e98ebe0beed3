package pipeline

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/mixes"
	"sigmatrail/internal/record"
)

// allocations returns how many allocations f makes, once it has its memory.
func allocations(f func()) float64 {
	// What the pool of scratches keeps is taken by collections, and by a change of the number of threads.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const warm, runs = 40, 3
	for range warm {
		f()
	}
	return testing.AllocsPerRun(runs, f)
}

// allocationChunks are the project's own events and, where they are there, the shared mixes: with hits and without.
func allocationChunks(t *testing.T) map[string][]byte {
	t.Helper()
	if raceDetector {
		t.Skip("skipped: under the race detector pools forget at random")
	}
	list := make(map[string][]byte)
	events(t, "../../testdata/events/*.ndjson", func(text []byte) { list["own"] = append(list["own"], event(t, string(text))...) })
	if shared, _, ok := mixes.Open(); ok {
		all, err := shared.Mixes()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			list[m.Name] = m.Data
		}
	}
	return list
}

// allocationRules are the bundled rules and, where they are there, SigmaHQ's.
func allocationRules() string {
	if shared, _, ok := mixes.Open(); ok {
		return Builtin + "," + shared.SigmaHQ()
	}
	return Builtin
}

// TestMatchAllocates nothing: not in walking, filling, finding candidates and judging, whether rules match or not.
func TestMatchAllocates(t *testing.T) {
	e := load(t, allocationRules())
	v, err := newView(e.Rules().Rules, record.DefaultAliases(), "sigma")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range allocationChunks(t) {
		l := newLook(v)
		var hits []int
		n := allocations(func() {
			hits = hits[:0]
			var ev chunk.Event
			for w := chunk.NewWalker(data); w.Project(&ev, l.projector); {
				if l.isRecord(data) {
					hits = l.match(hits, time.Unix(ev.Seconds, 0))
				}
			}
		})
		if n > 0 {
			t.Errorf("%s: %v allocations, %d hits", name, n, len(hits))
		}
		if len(hits) == 0 && name == "own" {
			t.Error("no hits")
		}
	}
}

// TestProcessAllocates nothing on a chunk without hits, and with hits only what the host is asked for, once. What correlations remember is memory too, so they are left out.
func TestProcessAllocates(t *testing.T) {
	s := conf.Default()
	s.Rules, s.Exclude = allocationRules(), bundledCorrelations(t)
	e, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range allocationChunks(t) {
		hit, quiet := mixes.Mix{Data: data}.Partition(func(body []byte) bool {
			j := e.NewJudge().Event(body, time.Time{})
			return j.Hit()
		})
		memory := make([]byte, 64<<20)
		for kind, part := range map[string][]byte{"hit": hit.Data, "quiet": quiet.Data} {
			asked := 0
			n := allocations(func() {
				asked = 0
				e.Process(part, func(n int) []byte { asked++; return memory[:n] })
			})
			if want := map[string]int{"hit": 1, "quiet": 0}[kind]; n > 0 || (asked != want && len(part) > 0) {
				t.Errorf("%s, %s: %v allocations, the host is asked %d times", name, kind, n, asked)
			}
		}
	}
}

// TestSettingsAllocate nothing either but what the host is asked for, once they have their memory: taking apart, dropping, and leaving the key alone.
func TestSettingsAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("skipped: under the race detector pools forget at random")
	}
	data := append(event(t, `{"path":"x","Records":[`+quiet+`,`+stop+`,`+quiet+`]}`), event(t, `{"log":`+quote(`{"x":1,"Records":[`+quiet+`,`+stop+`]}`)+`,"stream":"s"}`)...)
	data = append(append(data, event(t, quiet)...), event(t, `{"owner":"1","logEvents":[`+entry(1, stop)+`,`+entry(2, quiet)+`]}`)...)
	memory := make([]byte, 1<<20)
	for _, emit := range []string{"all", conf.EmitMatches} {
		for _, reserve := range []bool{false, true} {
			e := splitting(t, func(s *conf.Settings) { s.Emit, s.ReserveKey = emit, reserve })
			asked := 0
			n := allocations(func() {
				asked = 0
				e.Process(data, func(n int) []byte { asked++; return memory[:n] })
			})
			if tally := e.Tally(); n > 0 || asked != 1 || tally.SplitInto*3 != tally.Split*7 {
				t.Errorf("emit %s, reserve_key %t: %v allocations, the host is asked %d times, %+v", emit, reserve, n, asked, tally)
			}
		}
	}
}
