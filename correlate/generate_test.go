package correlate

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"pgregory.net/rapid"

	"sigmatrail/internal/oracle"
	"sigmatrail/rules"
)

// How the streams of the tests are made, in seconds.
const (
	lateness  = 600
	longest   = 200 // timespan
	heartbeat = 250
)

// made is a record of a test: when it happened, and when it comes.
type made struct {
	Event
	at, arrives int
	record      int // copies have the same one
	fields      map[string][]string
}

func pick[T any](t *rapid.T, label string, list ...T) T {
	return rapid.SampledFrom(list).Draw(t, label)
}

func chance(t *rapid.T, label string, percent int) bool {
	return rapid.IntRange(1, 100).Draw(t, label) <= percent
}

// correlations generates the YAML of up to three correlations c0, c1 and c2 of which each may refer to those before.
func correlations(t *rapid.T) string {
	var b strings.Builder
	n := pick(t, "correlations", 1, 1, 2, 2, 3)
	for i := range n {
		if i > 0 {
			b.WriteString("---\n")
		}
		correlation(t, &b, i)
	}
	return b.String()
}

func correlation(t *rapid.T, b *strings.Builder, i int) {
	kind := pick(t, "type", "event_count", "value_count", "value_sum", "value_avg", "value_percentile", "temporal", "temporal", "temporal_ordered", "temporal_ordered")
	refs := references(t, i)
	fmt.Fprintf(b, "title: C%d\nname: c%d\nlevel: low\ncorrelation:\n  type: %s\n  rules: [%s]\n", i, i, kind, strings.Join(refs, ", "))
	group := pick(t, "group", []string{"who"}, []string{"who"}, []string{"ip"}, []string{"who", "ip"}, nil, []string{"al"})
	if group != nil {
		fmt.Fprintf(b, "  group-by: [%s]\n", strings.Join(group, ", "))
	}
	fmt.Fprintf(b, "  timespan: %ds\n", pick(t, "timespan", 10, 50, 100, longest))
	fields := fields(t, kind)
	if slices.Contains(group, "al") || slices.Contains(fields, "al") {
		b.WriteString("  aliases:\n    al:\n")
		for k, ref := range slices.Compact(slices.Sorted(slices.Values(refs))) {
			if k == 0 || chance(t, "alias", 80) {
				fmt.Fprintf(b, "      %s: %s\n", ref, pick(t, "alias of", "who", "ip", "n"))
			}
		}
	}
	if condition := condition(t, kind, refs, fields); condition != "" {
		fmt.Fprintf(b, "  condition: %s\n", condition)
	}
}

// references draws rules, with those that are listed twice, and correlations with a lower number.
func references(t *rapid.T, below int) (refs []string) {
	for i := range rapid.IntRange(1, 3).Draw(t, "refs") {
		if below > 0 && (i == 0 || chance(t, "chain", 30)) && chance(t, "inner", 85) {
			refs = append(refs, fmt.Sprint("c", rapid.IntRange(0, below-1).Draw(t, "which")))
		} else {
			refs = append(refs, pick(t, "rule", "a", "b", "c"))
		}
	}
	return refs
}

func fields(t *rapid.T, kind string) []string {
	switch kind {
	case "value_count":
		return pick(t, "field", []string{"n"}, []string{"who"}, []string{"n", "ip"}, []string{"al"})
	case "value_sum", "value_avg", "value_percentile":
		return pick(t, "field", []string{"n"}, []string{"n"}, []string{"al"})
	}
	return nil
}

func condition(t *rapid.T, kind string, refs, fields []string) string {
	number := func(label string) string {
		if strings.HasPrefix(kind, "value_") && kind != "value_count" {
			return pick(t, label, "0", "1.5", "2", "3.25", "5", "-1")
		}
		return fmt.Sprint(rapid.IntRange(0, 4).Draw(t, label))
	}
	if strings.HasPrefix(kind, "temporal") {
		switch pick(t, "form", "none", "none", "bounds", "expression", "expression") {
		case "none":
			return ""
		case "expression":
			return expression(t, refs, 2)
		}
	}
	var members []string
	switch pick(t, "bounds", "gte", "gte", "gte", "gt", "lt", "lte", "eq", "neq", "range") {
	case "range":
		members = append(members, "gt: "+number("low"), "lte: "+number("high"))
	case "gte":
		members = append(members, "gte: "+number("bound"))
	default:
		members = append(members, pick(t, "op", "gt", "lt", "lte", "eq", "neq")+": "+number("bound"))
	}
	if fields != nil {
		members = append(members, "field: ["+strings.Join(fields, ", ")+"]")
	}
	if kind == "value_percentile" && chance(t, "rank", 70) {
		members = append(members, "percentile: "+pick(t, "percentile", "0", "25", "50", "75", "100"))
	}
	return "{" + strings.Join(members, ", ") + "}"
}

func expression(t *rapid.T, refs []string, depth int) string {
	switch form := pick(t, "expression", "name", "name", "and", "or", "not", "1 of them", "all of them"); {
	case form == "not" && depth > 0:
		return "not (" + expression(t, refs, depth-1) + ")"
	case (form == "and" || form == "or") && depth > 0:
		return "(" + expression(t, refs, depth-1) + ") " + form + " (" + expression(t, refs, depth-1) + ")"
	case strings.HasSuffix(form, "them"):
		return form
	}
	return pick(t, "name", refs...)
}

// stream is records of several accounts and regions.
type stream struct {
	records []made // in the order of time
	live    bool   // a wall clock is there
	delays  [3]int // by source
}

// records generates what happens. Times are few, so that there are ties and edges of windows. jitter is how much records may be late, apart from what their
// source is; where nothing waits, it need not be less for a watermark that runs ahead.
func records(t *rapid.T, most int, waits bool) (s stream) {
	s.live = chance(t, "live", 60)
	poisoned := s.live && chance(t, "poisoned", 30)
	jitter := lateness
	if s.live {
		for i := range s.delays {
			s.delays[i] = pick(t, "delay", 0, 0, 100, 500)
		}
	}
	if poisoned { // watermarks run ahead
		s.delays = [3]int{}
		if waits {
			jitter -= 301
		}
	}
	step := pick(t, "step", 1, 10, 10, 25, 50, 400)
	n, at := rapid.IntRange(0, most).Draw(t, "records"), 1000
	for i := range n {
		at += step * pick(t, "gap", 0, 0, 1, 1, 1, 2, 4, 20)
		r := newRecord(t, i, at)
		if s.live {
			r.source(rapid.IntRange(0, 2).Draw(t, "source"))
		}
		s.records = append(s.records, r)
	}
	for i := range s.records {
		r := &s.records[i]
		r.arrives = r.at + s.delays[r.sourceIndex()] + rapid.IntRange(0, jitter).Draw(t, "late")
	}
	if poisoned {
		for i := range s.delays {
			r := newRecord(t, n+i, 4_070_908_800)
			r.source(i)
			r.arrives = rapid.IntRange(1000, at+1).Draw(t, "poison")
			s.records = append(s.records, r)
		}
	}
	return s
}

func (r *made) source(i int) {
	r.Account, r.Region = fmt.Sprint(i), fmt.Sprint("region", i)
}

func (r *made) sourceIndex() int {
	if r.Account == "" {
		return 0
	}
	return int(r.Account[0] - '0')
}

func newRecord(t *rapid.T, i, at int) made {
	r := made{at: at, record: i, fields: make(map[string][]string)}
	r.Time, r.Serial = time.Unix(int64(at), 0), uint64(i+1)
	for rule := range 3 {
		if chance(t, "hit", 40) {
			r.Rules = append(r.Rules, rule)
		}
	}
	switch pick(t, "id", "uuid", "uuid", "text", "none") {
	case "uuid":
		r.ID = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
	case "text":
		r.ID = fmt.Sprint("event ", i)
	}
	for _, f := range []string{"who", "ip"} {
		r.fields[f] = pick(t, f, []string{"x"}, []string{"x"}, []string{"y"}, nil, []string{"x", "y"}, []string{"y", "y"})
	}
	r.fields["n"] = pick(t, "n", []string{"1"}, []string{"2.5"}, []string{"3"}, []string{"-2"}, []string{"0"}, []string{"1", "4"}, []string{"2", "2"}, []string{"2", "2.0"}, []string{"many"}, nil)
	r.Values = func(field string) []string { return r.fields[field] }
	return r
}

// order returns the records as they come, with copies of some, and with records of every source that no rule hits, so that none is taken for silent.
func (s *stream) order(t *rapid.T, copies bool) []made {
	list := slices.Clone(s.records)
	if copies {
		for _, r := range s.records {
			for r.ID != "" && chance(t, "copy", 25) {
				r.arrives += rapid.IntRange(0, 3000).Draw(t, "later")
				list = append(list, r)
			}
		}
	}
	if s.live {
		until := 1000
		for _, r := range list {
			until = max(until, r.arrives)
		}
		for i := range s.delays {
			for at := 0; at <= until+heartbeat; at += heartbeat {
				r := made{at: at, arrives: at + s.delays[i]*min(at, 1), Event: Event{Time: time.Unix(int64(at), 0)}}
				r.source(i)
				list = append(list, r)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b made) int { return a.arrives - b.arrives })
	return list
}

// ordered returns the records in the order of time, each once.
func (s *stream) ordered() []made {
	list := slices.Clone(s.records)
	slices.SortStableFunc(list, func(a, b made) int { return a.at - b.at })
	for i := range list {
		list[i].arrives = min(list[i].at, 1_000_000)
	}
	return list
}

// bound is a Correlator that may be made anew.
type play struct {
	set     *Set
	options Options
	mu      sync.Mutex
	wall    time.Time
	*Correlator
	// restart stands for a restart of the process, where there is something that outlives it.
	restart func(*State) *State
}

func newPlay(set *Set, o Options, live bool) *play {
	p := &play{set: set}
	if live {
		o.Now = func() time.Time {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.wall
		}
	}
	p.options = o
	p.Correlator = NewCorrelator(set, NewState(o))
	return p
}

// run applies the records, and restarts before some of them.
func (p *play) run(list []made, stops map[int]bool) (out []Firing) {
	for i := range list {
		if stops[i] && p.restart != nil {
			p.Correlator = NewCorrelator(p.set, p.restart(p.state))
		}
		p.mu.Lock()
		p.wall = time.Unix(int64(list[i].arrives), 0)
		p.mu.Unlock()
		out = p.Apply(out, &list[i].Event)
	}
	return p.Flush(out)
}

// judge returns what the oracle says of the records, and which of its correlations depend on nothing that waits.
func (s *stream) judge(set *rules.Set) []oracle.Correlated {
	var list []oracle.Occurrence
	for i := range s.records {
		r := &s.records[i]
		list = append(list, oracle.Occurrence{Time: r.Time, Account: r.Account, ID: r.ID, Rules: r.Rules, Values: r.Values})
	}
	return oracle.Correlate(set, list)
}

func (s *stream) String() string {
	var b strings.Builder
	for _, r := range s.records {
		fmt.Fprintf(&b, "  %d (comes %d, source %q) id %q rules %v %v\n", r.at, r.arrives, r.Account, r.ID, r.Rules, r.fields)
	}
	return b.String()
}

func say(list []Firing) string {
	var b strings.Builder
	for _, f := range list {
		fmt.Fprintf(&b, "  c%d %v %d-%d events %d waited %v\n", f.Correlation, f.Group, f.First.Unix(), f.Last.Unix(), f.Events, f.Waited)
	}
	return b.String()
}
