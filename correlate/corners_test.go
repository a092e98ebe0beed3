package correlate

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"sigmatrail/rules"
)

// occurrence is a record of a table: its fields are texts with commas between the elements of an array.
type occurrence struct {
	second    int64
	rules, id string
	fields    map[string]string
}

func (o occurrence) event(n int) *Event {
	ev := &Event{Time: time.Unix(o.second, 0), Account: "1", Region: "r", ID: o.id, Serial: uint64(n)}
	for _, name := range o.rules {
		ev.Rules = append(ev.Rules, int(name-'a'))
	}
	ev.Values = func(field string) []string {
		if text, ok := o.fields[field]; ok {
			return strings.Split(text, ",")
		}
		return nil
	}
	return ev
}

// playAll returns what fires, as "name first-last group=value".
func playAll(t *testing.T, text string, o Options, list []occurrence) (string, *Correlator) {
	t.Helper()
	set, compiled := load(t, text)
	c := NewCorrelator(compiled, NewState(o))
	var got []Firing
	for i, e := range list {
		got = c.Apply(got, e.event(i))
	}
	got = c.Flush(got)
	return strings.Join(spelled(set, got), "; "), c
}

type texts = map[string]string

func TestGroups(t *testing.T) {
	const two = "title: C\nname: c\nlevel: low\ncorrelation: {type: event_count, rules: [a, b], group-by: [who, ip], timespan: 10s, condition: {gte: 2}}\n"
	for _, test := range []struct {
		name, correlation string
		list              []occurrence
		want              string
	}{
		{"a missing field", two, []occurrence{{1, "a", "1", texts{"who": "x"}}, {2, "a", "2", texts{"who": "x"}}}, ""},
		{"both fields agree", two, []occurrence{{1, "a", "1", texts{"who": "x", "ip": "1"}}, {2, "a", "2", texts{"who": "x", "ip": "2"}}, {3, "a", "3", texts{"who": "x", "ip": "1"}}}, "c 1s-3s who=x ip=1"},
		{"keys are case-sensitive", two, []occurrence{{1, "a", "1", texts{"who": "x", "ip": "1"}}, {2, "a", "2", texts{"who": "X", "ip": "1"}}}, ""},
		{
			"an array takes part once for each element", two,
			[]occurrence{{1, "a", "1", texts{"who": "x,y,x", "ip": "1"}}, {2, "a", "2", texts{"who": "y", "ip": "1"}}},
			"c 1s-2s who=y ip=1",
		},
		{
			"a group does not begin where another ends", two,
			[]occurrence{{1, "a", "1", texts{"who": "xy", "ip": "z"}}, {2, "a", "2", texts{"who": "x", "ip": "yz"}}},
			"",
		},
		{"two rules on one record are one event", two, []occurrence{{1, "ab", "1", texts{"who": "x", "ip": "1"}}}, ""},
		{"and so without an id", two, []occurrence{{1, "ab", "", texts{"who": "x", "ip": "1"}}}, ""},
		{"two records without an id are two", two, []occurrence{{1, "a", "", texts{"who": "x", "ip": "1"}}, {1, "a", "", texts{"who": "x", "ip": "1"}}}, "c 1s-1s who=x ip=1"},
		{
			"rules with aliases of their own meet in a group",
			"title: C\nname: c\nlevel: low\ncorrelation: {type: temporal, rules: [a, b], group-by: [al], aliases: {al: {a: who, b: ip}}, timespan: 10s}\n",
			[]occurrence{{1, "ab", "1", texts{"who": "x", "ip": "x"}}},
			"c 1s-1s al=x",
		},
		{
			"and one record of two rules is one event there",
			"title: C\nname: c\nlevel: low\ncorrelation: {type: event_count, rules: [a, b], group-by: [al], aliases: {al: {a: who, b: ip}}, timespan: 10s, condition: {gte: 2}}\n",
			[]occurrence{{1, "ab", "", texts{"who": "x", "ip": "x"}}},
			"",
		},
		{
			"several fields count as one value",
			"title: C\nname: c\nlevel: low\ncorrelation: {type: value_count, rules: [a], group-by: [who], timespan: 10s, condition: {gte: 3, field: [ip, n]}}\n",
			[]occurrence{{1, "a", "1", texts{"who": "x", "ip": "1", "n": "1,2"}}, {2, "a", "2", texts{"who": "x", "ip": "1", "n": "1"}}, {3, "a", "3", texts{"who": "x", "ip": "2"}}, {4, "a", "4", texts{"who": "x", "ip": "2", "n": "1"}}},
			"c 1s-4s who=x",
		},
		{
			"the inner correlation groups by more",
			"title: C\nname: c\nlevel: low\ncorrelation: {type: event_count, rules: [a], group-by: [ip], timespan: 10s, condition: {gte: 2}}\n" +
				"---\ntitle: D\nname: d\nlevel: low\ncorrelation: {type: temporal, rules: [c, b], group-by: [who], timespan: 10s}\n",
			[]occurrence{{1, "a", "1", texts{"who": "z", "ip": "1"}}, {3, "b", "3", texts{"who": "x"}}, {2, "a", "2", texts{"who": "x", "ip": "1"}}},
			"c 1s-2s ip=1; d 2s-3s who=x",
		},
		{
			"the fields are those of the record that completes it, whichever comes last",
			"title: C\nname: c\nlevel: low\ncorrelation: {type: event_count, rules: [a], group-by: [ip], timespan: 10s, condition: {gte: 2}}\n" +
				"---\ntitle: D\nname: d\nlevel: low\ncorrelation: {type: temporal, rules: [c, b], group-by: [who], timespan: 10s}\n",
			[]occurrence{{3, "b", "3", texts{"who": "x"}}, {2, "a", "2", texts{"who": "x", "ip": "1"}}, {1, "a", "1", texts{"who": "z", "ip": "1"}}},
			"c 1s-2s ip=1; d 2s-3s who=x",
		},
	} {
		if got, _ := playAll(t, test.correlation, Options{Lateness: time.Minute}, test.list); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestSameMeaning: correlations that differ in their titles alone count for themselves, and two chains over them do not mix them up.
func TestSameMeaning(t *testing.T) {
	text := ""
	for _, name := range []string{"c", "d"} {
		text += fmt.Sprintf("title: %s\nname: %s\nlevel: low\ncorrelation: {type: event_count, rules: [a], group-by: [who], timespan: 10s, condition: {gte: 1}}\n---\n", name, name)
	}
	text += "title: e\nname: e\nlevel: low\ncorrelation: {type: event_count, rules: [c, d], group-by: [who], timespan: 10s, condition: {gte: 2}}\n"
	got, _ := playAll(t, text, Options{}, []occurrence{{1, "a", "1", texts{"who": "x"}}, {2, "a", "2", texts{"who": "x"}}})
	if want := "c 1s-1s who=x; d 1s-1s who=x; e 1s-1s who=x"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestLate: what comes later than allowed is counted, and correlated with what is held; but no condition is true only because events are forgotten.
func TestLate(t *testing.T) {
	const count = "title: C\nname: c\nlevel: low\ncorrelation: {type: event_count, rules: [a], group-by: [who], timespan: 10s, condition: {gte: 2}}\n"
	const few = "title: C\nname: c\nlevel: low\ncorrelation: {type: event_count, rules: [a], group-by: [who], timespan: 10s, condition: {lt: 2}}\n"
	x := texts{"who": "x"}
	for _, test := range []struct {
		name, correlation string
		list              []occurrence
		want              string
		late, events      uint64
	}{
		{"in time", count, []occurrence{{100, "a", "1", x}, {60, "a", "2", x}, {65, "a", "3", x}}, "c 1m0s-1m5s who=x", 0, 3},
		{"late, with what is held", count, []occurrence{{55, "a", "1", x}, {120, "b", "", x}, {56, "a", "2", x}}, "c 55s-56s who=x", 1, 2},
		{"late, with nothing", count, []occurrence{{55, "a", "1", x}, {500, "a", "", x}, {56, "a", "2", x}}, "", 1, 3},
		{"too late to know", few, []occurrence{{55, "a", "1", x}, {56, "a", "2", x}, {500, "a", "3", x}, {57, "a", "4", x}}, "c 55s-55s who=x; c 8m20s-8m20s who=x", 1, 3},
		{"late, at a time that was judged", strings.Replace(few, "lt: 2", "eq: 2", 1), []occurrence{{55, "a", "1", x}, {100, "a", "2", x}, {55, "a", "3", x}}, "c 55s-55s who=x", 1, 3},
		{"a copy is never late", few, []occurrence{{500, "a", "1", x}, {545, "b", "", x}, {500, "a", "1", x}}, "c 8m20s-8m20s who=x", 0, 1},
	} {
		got, c := playAll(t, test.correlation, Options{Lateness: 40 * time.Second}, test.list)
		if st := c.state.Stats(); got != test.want || st.Late != test.late || st.Events != test.events {
			t.Errorf("%s: %q, %+v", test.name, got, st)
		}
	}
}

// TestFallsBack: a source that is heard of for the first time may hold the watermark back; what has been judged and forgotten stays so.
func TestFallsBack(t *testing.T) {
	set, compiled := load(t, "title: C\nname: c\nlevel: low\ncorrelation: {type: event_count, rules: [a], group-by: [who], timespan: 10s, condition: {lt: 2}}\n")
	c := NewCorrelator(compiled, NewState(Options{Lateness: 40 * time.Second, Now: func() time.Time { return time.Unix(20_000, 0) }}))
	x := texts{"who": "x"}
	var got []Firing
	for i, e := range []occurrence{{1000, "a", "1", x}, {1001, "a", "2", x}, {2000, "a", "3", x}, {500, "b", "other", x}, {1001, "a", "2", x}} {
		ev := e.event(i)
		if e.id == "other" {
			ev.Region = e.id
		}
		got = c.Apply(got, ev)
	}
	got = c.Flush(got)
	if said := strings.Join(spelled(set, got), "; "); said != "c 16m40s-16m40s who=x; c 33m20s-33m20s who=x" || c.state.Stats().Late != 1 {
		t.Errorf("%q %+v", said, c.state.Stats())
	}
}

// TestFuture: a record from the year 2099 moves the watermark five minutes ahead of the wall clock, and no further.
func TestFuture(t *testing.T) {
	set, compiled := load(t, "title: C\nname: c\nlevel: low\ncorrelation: {type: event_count, rules: [a], group-by: [who], timespan: 10s, condition: {lt: 2}}\n")
	c := NewCorrelator(compiled, NewState(Options{Lateness: 10 * time.Minute, Now: func() time.Time { return time.Unix(1000, 0) }}))
	x := texts{"who": "x"}
	var got []Firing
	for i, e := range []occurrence{{695, "a", "1", x}, {720, "a", "2", x}, {4_000_000_000, "a", "4", x}, {722, "a", "5", x}} {
		got = c.Apply(got, e.event(i))
	}
	if said := strings.Join(spelled(set, got), "; "); said != "c 11m35s-11m35s who=x" { // the one at 695, as it is before 1000 + 5 min - 10 min
		t.Errorf("%q", said)
	}
	got = c.Flush(nil)
	if len(got) != 2 || got[0].Last.Unix() != 720 || got[1].Last.Year() != 2096 || !got[1].Waited {
		t.Errorf("%v", got)
	}
}

// TestTellsWhat: a firing has the values, times and ids of its window, and the serial of the record it is about.
func TestTellsWhat(t *testing.T) {
	_, compiled := load(t, "title: C\nname: c\nlevel: low\ncorrelation: {type: value_sum, rules: [a], group-by: [who], timespan: 100s, condition: {gte: 25, field: n}}\n")
	c := NewCorrelator(compiled, NewState(Options{Lateness: time.Minute}))
	var got []Firing
	for i := range 25 {
		got = c.Apply(got, occurrence{int64(100 - i), "a", fmt.Sprintf("00000000-0000-4000-8000-%012d", i), texts{"who": "x", "n": "1"}}.event(i))
	}
	if len(got) != 1 {
		t.Fatal(got)
	}
	f := got[0]
	if f.Value != 25 || !f.HasValue || f.Events != 25 || f.Waited || f.Serial != 24 || f.First.Unix() != 76 || f.Last.Unix() != 100 || len(f.EventIDs) != MostIDs {
		t.Errorf("%+v", f)
	}
	if last := f.EventIDs[MostIDs-1]; last != "00000000-0000-4000-8000-000000000000" {
		t.Error(last)
	}
	if !slices.Equal(f.Group, []Field{{"who", "x"}}) {
		t.Error(f.Group)
	}
	offered, lacking := c.Missed(0)
	c.Apply(nil, occurrence{101, "a", "z", texts{"who": "x", "n": "many"}}.event(30))
	if offered2, lacking2 := c.Missed(0); offered != 25 || lacking != 0 || offered2 != 26 || lacking2 != 1 {
		t.Error(offered, lacking, offered2, lacking2)
	}
}

func TestPercentile(t *testing.T) {
	for _, test := range []struct {
		numbers []float64
		rank    float64
		want    float64
	}{
		{[]float64{5}, 99, 5},
		{[]float64{4, 1, 3, 2}, 0, 1},
		{[]float64{4, 1, 3, 2}, 50, 2.5},
		{[]float64{4, 1, 3, 2}, 100, 4},
		{[]float64{4, 1, 3, 2}, 90, 3.7},
		{[]float64{1, 2, 3, 4, 5}, 25, 2},
	} {
		if got := percentile(slices.Clone(test.numbers), test.rank); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("%v at %v: %v, want %v", test.numbers, test.rank, got, test.want)
		}
	}
}

// TestSum: whether a bound holds does not depend on the order of the numbers, nor on how float64s round.
func TestSum(t *testing.T) {
	tiny := slices.Repeat([]float64{1e-17}, 200)
	for _, test := range []struct {
		kind    kind
		bound   bound
		numbers []float64
		want    bool
	}{
		{valueSum, bound{"gt", 1}, append([]float64{1}, tiny...), true},
		{valueSum, bound{"gt", 1}, append(slices.Clone(tiny), 1), true},
		{valueSum, bound{"gte", 1e16}, []float64{1e16, 1, -1}, true},
		{valueSum, bound{"eq", 2}, []float64{1e17, 1, -1e17, 1}, true},
		{valueSum, bound{"lt", 0.3}, []float64{0.1, 0.1}, true},
		{valueAvg, bound{"eq", 0.1}, []float64{0.1, 0.1, 0.1}, true},
		{valueAvg, bound{"gt", 2}, []float64{1, 2, 3}, false},
	} {
		m := &machine{kind: test.kind, bounds: []bound{test.bound}}
		total := newSum()
		all := func(yield func(float64)) {
			for _, v := range test.numbers {
				yield(v)
			}
		}
		all(total.add)
		if got := total.holds(m, all); got != test.want {
			t.Errorf("%v of %d numbers: %v", test.bound, len(test.numbers), got)
		}
	}
}

// TestEvictedIsNotFew: a condition is not true for the reason alone that there was no room for more events.
func TestEvictedIsNotFew(t *testing.T) {
	for _, test := range []struct{ condition, want string }{
		{"{lt: 4}", "c 1s-1s"},           // three are less, but who knows of those behind
		{"{neq: 4}", "c 1s-1s; c 1s-5s"}, // five were there
		{"{lte: 40}", "c 1s-1s"},         // room for 42
	} {
		var list []occurrence
		for i := range 20 {
			list = append(list, occurrence{int64(i + 1), "a", fmt.Sprint(i), nil})
		}
		got, c := playAll(t, "title: C\nname: c\nlevel: low\ncorrelation: {type: event_count, rules: [a], timespan: 100s, condition: "+test.condition+"}\n", Options{MaxEvents: 3}, list)
		if got != test.want {
			t.Errorf("%s: %q, want %q; %+v", test.condition, got, test.want, c.state.Stats())
		}
	}
	const not = "title: C\nname: c\nlevel: low\ncorrelation: {type: temporal, rules: [a, b], timespan: 100s, condition: a and not b}\n"
	list := []occurrence{{1, "b", "b", nil}}
	for i := range 20 {
		list = append(list, occurrence{int64(i + 2), "a", fmt.Sprint(i), nil})
	}
	if got, _ := playAll(t, not, Options{MaxEvents: 3}, list); got != "" {
		t.Errorf("b has gone: %q", got)
	}
}

// TestFlood: where there is no room, a flood of one rule does not wash away the steps of others.
func TestFlood(t *testing.T) {
	for _, test := range []struct{ kind, want string }{{"temporal", "c 1s-23s"}, {"temporal_ordered", "c 1s-23s"}} {
		list := []occurrence{{1, "a", "a", nil}}
		for i := range 20 {
			list = append(list, occurrence{int64(i + 2), "b", fmt.Sprint(i), nil})
		}
		list = append(list, occurrence{23, "d", "d", nil})
		got, c := playAll(t, "title: C\nname: c\nlevel: low\ncorrelation: {type: "+test.kind+", rules: [a, b, d], timespan: 100s}\n", Options{MaxEvents: 5}, list)
		if st := c.state.Stats(); got != test.want || st.Held != 5 || st.EvictedEvents != 17 {
			t.Errorf("%s: %q, %+v", test.kind, got, st)
		}
	}
}

// TestResolve: what correlations refer to, by id, name and title, and what they inherit and silence.
func TestResolve(t *testing.T) {
	rule := func(name, id, level string) string {
		return fmt.Sprintf("title: Title of %s\nname: %s\nid: %s\nlevel: %s\nlogsource: {product: aws, service: cloudtrail}\ndetection: {sel: {eventName: %s}, condition: sel}\n", name, name, id, level, name)
	}
	const id1, id2 = "5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11", "5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b12"
	correlation := func(name, refs, more string) string {
		return fmt.Sprintf("title: C %s\nname: %s\n%scorrelation: {type: temporal, rules: [%s], timespan: 1m}\n", name, name, more, refs)
	}
	set := rules.ParseFiles([]rules.File{
		{Name: "a.yml", Text: []byte(rule("one", id1, "high") + "---\n" + correlation("c", strings.ToUpper(id1)+", two, Title of one", ""))},
		{Name: "b.yml", Text: []byte(rule("two", id2, "low"))},
		{Name: "c.yml", Text: []byte(correlation("d", "two", "") + "---\n" + correlation("e", "c, d", "") + "---\n" + correlation("f", "d", "generate: true\nlevel: informational\n"))},
	}, rules.Options{})
	if errs := set.Problems.Errors(); len(errs) > 0 {
		t.Fatal(errs)
	}
	at := make(map[string]int)
	for i, c := range set.Correlations {
		at[c.Name] = i
	}
	refs := set.Resolve(set.Correlations[at["c"]])
	if fmt.Sprint(refs) != "[{[0] []} {[1] []} {[0] []}]" {
		t.Error(refs)
	}
	for name, want := range map[string]rules.Level{"c": rules.High, "d": rules.Low, "e": rules.High, "f": rules.Informational} {
		if got := set.Correlations[at[name]].Level; got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	silent, silentToo := set.Silenced()
	// one stands in the file of c, two in another one than those that refer to it; d in the file of e and f, of which f generates it, c in another one than e.
	if !silent[0] || silent[1] || silentToo[at["c"]] || silentToo[at["d"]] {
		t.Error(silent, silentToo)
	}
}

// TestAgain: what was written on a record is written on its copies too, as those may go where the first one did not arrive.
func TestAgain(t *testing.T) {
	const chain = "title: C\nname: c\nlevel: low\ncorrelation: {type: event_count, rules: [a], group-by: [who], timespan: 10s, condition: {gte: 2}}\n" +
		"---\ntitle: D\nname: d\nlevel: low\ncorrelation: {type: temporal, rules: [c, b], group-by: [who], timespan: 10s}\n"
	x := texts{"who": "x"}
	set, compiled := load(t, chain)
	for _, test := range []struct {
		name string
		list []occurrence
		want []string // what each fires
	}{
		{"in order", []occurrence{{1, "a", "1", x}, {2, "a", "2", x}, {3, "b", "3", x}, {4, "a", "4", x}}, []string{"", "c 1s-2s who=x", "d 2s-3s who=x", ""}},
		{"what comes late makes later windows complete", []occurrence{{3, "b", "3", x}, {4, "a", "4", x}, {1, "a", "1", x}}, []string{"", "", "c 1s-4s who=x; d 3s-4s who=x"}},
		{"b alone completes it", []occurrence{{3, "a", "1", x}, {4, "a", "2", x}, {2, "b", "3", x}}, []string{"", "c 3s-4s who=x", "d 2s-4s who=x"}},
	} {
		c := NewCorrelator(compiled, NewState(Options{Lateness: time.Minute}))
		for range 2 { // the whole of it again
			for i, e := range test.list {
				got := c.Apply(nil, e.event(i+100))
				if said := strings.Join(spelled(set, got), "; "); said != test.want[i] {
					t.Errorf("%s: %d: %q, want %q", test.name, i, said, test.want[i])
				}
				for _, f := range got {
					if f.Serial != uint64(i+100) {
						t.Errorf("%s: serial %d", test.name, f.Serial)
					}
				}
			}
		}
		if st := c.state.Stats(); st.Duplicates != 3 && st.Duplicates != 4 {
			t.Errorf("%+v", st)
		}
	}
}
