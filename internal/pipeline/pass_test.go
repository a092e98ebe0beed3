package pipeline

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"

	"github.com/google/go-cmp/cmp"
)

const (
	groupStart = "\x92\x92\xd7\x00\xff\xff\xff\xff\x00\x00\x00\x00\x80\x80"
	groupEnd   = "\x92\x92\xd7\x00\xff\xff\xff\xfe\x00\x00\x00\x00\x80\x80"
)

func TestEmitMatches(t *testing.T) {
	matches := func(s *conf.Settings) { s.Emit = conf.EmitMatches }
	chunkOf := func(parts ...string) (data []byte) {
		for _, p := range parts {
			if strings.HasPrefix(p, "{") {
				p = string(event(t, p))
			}
			data = append(data, p...)
		}
		return data
	}
	for _, test := range []struct {
		name  string
		in    []byte
		split bool
		want  []byte // nil: untouched
		tally Tally
	}{
		{"all match", chunkOf(stop), false, chunkOf(with(stop, stopped)), Tally{Events: 1, Matched: 1, Records: 1, Hits: 1}},
		{"none", chunkOf(quiet, foreign, quiet), false, []byte{}, Tally{Events: 3, Unmatched: 2, Foreign: 1, Records: 2, Dropped: 3}},
		{"some", chunkOf(quiet, stop, foreign, quiet, stop, quiet), false, chunkOf(with(stop, stopped), with(stop, stopped)), Tally{
			Events: 6, Matched: 2, Unmatched: 3, Foreign: 1, Records: 5, Hits: 2, Dropped: 4,
		}},
		{"markers stay", chunkOf(groupStart, quiet, groupEnd, groupStart, groupEnd), false, chunkOf(groupStart, groupEnd, groupStart, groupEnd), Tally{
			Events: 5, Unmatched: 1, Markers: 4, Records: 1, Dropped: 1,
		}},
		{"markers alone", chunkOf(groupStart, groupEnd), false, nil, Tally{Events: 2, Markers: 2}},
		{"what is damaged stays", chunkOf(quiet, stop, "\x92\x92\xd7"), false, chunkOf(with(stop, stopped), "\x92\x92\xd7"), Tally{
			Events: 3, Matched: 1, Unmatched: 1, Damaged: 1, Records: 2, Hits: 1, Dropped: 1,
		}},
		{"what is no log event stays", chunkOf("\x07", quiet, "\xa1x"), false, chunkOf("\x07", "\xa1x"), Tally{Events: 3, Unmatched: 1, Foreign: 2, Records: 1, Dropped: 1}},
		{"a digest", chunkOf(`{"awsAccountId":"1","digestStartTime":"x","digestS3Bucket":"b","logFiles":[]}`), false, []byte{}, Tally{
			Events: 1, Unmatched: 1, Digests: 1, Dropped: 1,
		}},
		{"envelopes", chunkOf(`{"detail":`+quiet+`}`, `{"detail":`+stop+`}`), false, chunkOf(with(`{"detail":`+stop+`}`, stopped)), Tally{
			Events: 2, Matched: 1, Unmatched: 1, Records: 2, Hits: 1, Dropped: 1,
		}},
		{"a list that goes on whole", chunkOf(`{"Records":[`+quiet+`,`+quiet+`]}`, `{"Records":[{"log":"x"}]}`), false, []byte{}, Tally{
			Events: 2, Unmatched: 1, Foreign: 1, Records: 2, Dropped: 2,
		}},
		{"a list taken apart", chunkOf(quiet, `{"Records":[`+quiet+`,`+stop+`,{},`+quiet+`]}`, foreign), true, chunkOf(with(stop, stopped)), Tally{
			Events: 6, Matched: 1, Unmatched: 3, Foreign: 2, Records: 4, Hits: 1, Split: 1, SplitInto: 4, Dropped: 5,
		}},
		{"lists of which nothing is left", chunkOf(`{"Records":[`+quiet+`,{}]}`, `{"Records":[`+quiet+`]}`), true, []byte{}, Tally{
			Events: 3, Unmatched: 2, Foreign: 1, Records: 2, Split: 2, SplitInto: 3, Dropped: 3,
		}},
		{"nothing", nil, false, nil, Tally{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := engine(t, func(s *conf.Settings) { matches(s); s.Split = test.split })
			asked := 0
			out := e.Process(test.in, func(n int) []byte { asked++; return make([]byte, n) })
			if (out == nil) != (test.want == nil) || asked > 1 || (asked == 1) != (len(out) > 0) {
				t.Errorf("%d allocations, %q", asked, out)
			}
			if diff := cmp.Diff(bodies(t, test.want), bodies(t, out)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.tally, e.Tally()); diff != "" {
				t.Error(diff)
			}
			checkAccounts(t, e)
		})
	}
}

// TestReserveKey: nothing that came in under the key is there afterwards, whoever it is of; everything else stays as it came.
func TestReserveKey(t *testing.T) {
	forged := with(quiet, strings.Replace(stopped, "high", "critical", 1))
	moved := func(body string) string { return strings.Replace(body, `"sigma":`, `"sigma_original":`, 1) }
	for _, test := range []struct {
		name, body string
		want       string // "": untouched
		tally      Tally
	}{
		{"nothing there", quiet, "", Tally{Events: 1, Unmatched: 1, Records: 1}},
		{"ours without a hit", forged, moved(forged), Tally{Events: 1, Unmatched: 1, Records: 1, Displaced: 1}},
		{"somebody's without a hit", with(quiet, `7`), moved(with(quiet, `7`)), Tally{Events: 1, Unmatched: 1, Records: 1, Displaced: 1}},
		{"no record", with(foreign, stopped), moved(with(foreign, stopped)), Tally{Events: 1, Foreign: 1, Displaced: 1}},
		{"nothing there no record", foreign, "", Tally{Events: 1, Foreign: 1}},
		{"an envelope", with(`{"detail":`+quiet+`}`, stopped), moved(with(`{"detail":`+quiet+`}`, stopped)), Tally{Events: 1, Unmatched: 1, Records: 1, Displaced: 1}},
		{"below an envelope", `{"detail":` + with(quiet, stopped) + `}`, "", Tally{Events: 1, Unmatched: 1, Records: 1}},
		{"ours with a hit", with(stop, strings.Replace(stopped, "high", "critical", 1)), with(moved(with(stop, strings.Replace(stopped, "high", "critical", 1))), stopped), Tally{
			Events: 1, Matched: 1, Records: 1, Hits: 1, Displaced: 1,
		}},
		{"a hit", stop, with(stop, stopped), Tally{Events: 1, Matched: 1, Records: 1, Hits: 1}},
		{"twice", `{"sigma":1,` + with(quiet, `2`)[1:], moved(with(quiet, `2`)), Tally{Events: 1, Unmatched: 1, Records: 1, Displaced: 1}},
		{"the new name is taken", `{"sigma_original":0,` + with(quiet, `2`)[1:], `{"sigma_original":0,` + strings.Replace(with(quiet, `2`), `"sigma":`, `"sigma_original_":`, 1)[1:], Tally{
			Events: 1, Unmatched: 1, Records: 1, Displaced: 1,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := engine(t, func(s *conf.Settings) { s.ReserveKey = true })
			out := process(t, e, event(t, test.body))
			var want, got []string
			if test.want != "" {
				want = []string{test.want}
			}
			if out != nil {
				got = bodies(t, out)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.tally, e.Tally()); diff != "" {
				t.Error(diff)
			}
			// The command line does the same.
			packed, err := record.AppendMsgpack(nil, []byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			j := e.NewJudge().Event(packed, time.Time{})
			var counts Counts
			counts.Add(&j)
			text, err := e.AppendJSON(nil, []byte(test.body), &j, &counts)
			if test.want == "" {
				test.want = test.body
			}
			if err != nil {
				t.Fatal(err)
			}
			if read := string(record.AppendJSON(nil, mustObject(t, string(text)))); read != test.want { // of keys that stand there twice the last one
				t.Errorf("%s, want %s", read, test.want)
			}
			if diff := cmp.Diff(test.tally, counts.Tally); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestReserveKeyOnParts: with the key nobody's, an event that carries it is taken apart as well.
func TestReserveKeyOnParts(t *testing.T) {
	e := splitting(t, func(s *conf.Settings) { s.ReserveKey = true })
	out := process(t, e, event(t, `{"sigma":1,"Records":[`+quiet+`,`+stop+`,`+with(quiet, `2`)+`]}`))
	plus := func(rec, more string) string { return strings.TrimSuffix(rec, "}") + "," + more + "}" }
	if diff := cmp.Diff([]string{plus(quiet, `"sigma_original":1`), with(plus(stop, `"sigma_original":1`), stopped), plus(quiet, `"sigma_original":2`)}, bodies(t, out)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Tally{Events: 3, Matched: 1, Unmatched: 2, Records: 3, Hits: 1, Split: 1, SplitInto: 3, Displaced: 3}, e.Tally()); diff != "" {
		t.Error(diff)
	}
}

// TestSettingsOnSharedEvents holds that the settings change nothing of what is written on the events that go on.
func TestSettingsOnSharedEvents(t *testing.T) {
	var data []byte
	n := events(t, sharedEvents+"/*.ndjson", func(text []byte) { data = append(data, event(t, string(text))...) })
	if n == 0 {
		t.Skipf("skipped: %s is not there", sharedEvents)
	}
	s := conf.Default()
	run := func(change func(*conf.Settings)) (*Engine, [][]byte) {
		changed := s
		change(&changed)
		e, err := New(changed)
		if err != nil {
			t.Fatal(err)
		}
		out := process(t, e, data)
		var list [][]byte
		var ev chunk.Event
		for w := chunk.NewWalker(out); w.Next(&ev); {
			list = append(list, out[ev.Start:ev.End])
		}
		checkAccounts(t, e)
		return e, list
	}
	_, all := run(func(*conf.Settings) {})
	hit := slices.Collect(func(yield func([]byte) bool) {
		for _, one := range all {
			if bytes.Contains(one, []byte("\xa5sigma")) && !yield(one) {
				return
			}
		}
	})
	e, matches := run(func(s *conf.Settings) { s.Emit = conf.EmitMatches })
	if tally := e.Tally(); !slices.EqualFunc(hit, matches, bytes.Equal) || tally.Dropped != uint64(n-len(hit)) || len(hit) < 200 {
		t.Errorf("%d hits, %d go on, %+v", len(hit), len(matches), tally)
	}
	if e, reserved := run(func(s *conf.Settings) { s.ReserveKey = true }); !slices.EqualFunc(all, reserved, bytes.Equal) || e.Tally().Displaced > 0 {
		t.Errorf("reserve_key changes events that have no such key")
	}
	e, apart := run(func(s *conf.Settings) { s.Split = true })
	if tally := e.Tally(); !slices.EqualFunc(all, apart, bytes.Equal) && tally.Split == 0 {
		t.Errorf("split changes events of one record")
	}
	t.Logf("%d events, %d with hits, %+v", n, len(hit), e.Tally())
}
