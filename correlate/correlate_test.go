package correlate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sigmatrail/rules"
)

// simpleRules returns rules a, b, c … that a correlation may refer to.
func simpleRules() string {
	var b strings.Builder
	for i := range 6 {
		name := string(rune('a' + i))
		fmt.Fprintf(&b, "title: Rule %s\nname: %s\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection: {sel: {eventName: %s}, condition: sel}\n---\n", name, name, name)
	}
	return b.String()
}

// load returns the correlations in a text, which may refer to simpleRules.
func load(t testing.TB, text string) (*rules.Set, *Set) {
	t.Helper()
	set := rules.ParseFiles([]rules.File{{Name: "c.yml", Text: []byte(simpleRules() + text)}}, rules.Options{})
	if errs := set.Problems.Errors(); len(errs) > 0 {
		t.Fatal(errs)
	}
	return set, Compile(set)
}

// script feeds events such as "10 a x" (second, rules, group) and returns what fires, as "correlation@second".
func script(t testing.TB, set *rules.Set, c *Correlator, lines string) string {
	t.Helper()
	var out []string
	say := func(list []Firing) {
		for _, f := range list {
			out = append(out, fmt.Sprintf("%s@%d-%d/%d", set.Correlations[f.Correlation].Name, f.First.Unix(), f.Last.Unix(), f.Events))
		}
	}
	for n, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		var second int64
		var names, group, id string
		_, _ = fmt.Sscan(line, &second, &names, &group, &id)
		if id == "" {
			id = fmt.Sprint("event", n)
		}
		ev := Event{Time: time.Unix(second, 0), Account: "1", Region: "r", ID: id, Serial: uint64(n)}
		for _, name := range names {
			ev.Rules = append(ev.Rules, int(name-'a'))
		}
		ev.Values = func(field string) []string {
			switch field {
			case "who":
				return []string{group}
			case "id":
				return []string{id}
			}
			return nil
		}
		say(c.Apply(nil, &ev))
	}
	say(c.Flush(nil))
	return strings.Join(out, " ")
}

func TestTypes(t *testing.T) {
	for _, test := range []struct{ name, correlation, events, want string }{
		{"a count", "type: event_count, rules: [a], condition: {gte: 3}", "1 a x\n2 a y\n3 a x\n4 a x\n5 a x", "c@1-4/3"},
		{"at the edge of the window", "type: event_count, rules: [a], condition: {gte: 2}", "1 a x\n11 a x", "c@1-11/2"},
		{"beyond it", "type: event_count, rules: [a], condition: {gte: 2}", "1 a x\n12 a x", ""},
		{"again when it was false", "type: event_count, rules: [a], condition: {gte: 2}", "1 a x\n2 a x\n20 a x\n21 a x", "c@1-2/2 c@20-21/2"},
		{"late", "type: event_count, rules: [a], condition: {gte: 3}", "5 a x\n9 a x\n1 a x", "c@1-9/3"},
		{"twice", "type: event_count, rules: [a], condition: {gte: 2}", "1 a x i\n1 a x i", ""},
		{"what it was written on again", "type: event_count, rules: [a], condition: {gte: 2}", "1 a x i\n2 a x j\n2 a x j", "c@1-2/2 c@1-2/2"},
		{"values", "type: value_count, rules: [a], condition: {gte: 2, field: id}", "1 a x i\n2 a x i\n3 a x j", "c@1-3/3"},
		{"all", "type: temporal, rules: [a, b]", "1 a x\n2 a x\n3 b y\n4 b x", "c@1-4/3"},
		{"one record", "type: temporal, rules: [a, b]", "1 ab x", "c@1-1/1"},
		{"in order", "type: temporal_ordered, rules: [a, b]", "1 b x\n2 a x\n3 b x", "c@1-3/3"},
		{"equal times", "type: temporal_ordered, rules: [a, b]", "3 b x\n3 a x", "c@3-3/2"},
		{"a record of its own", "type: temporal_ordered, rules: [a, b]", "3 ab x", ""},
		{"who takes which place", "type: temporal_ordered, rules: [a, b]", "3 ab x\n3 a x", "c@3-3/2"},
		{"a rule twice", "type: temporal_ordered, rules: [a, a]", "3 a x\n4 a x", "c@3-4/2"},
		{"too few", "type: event_count, rules: [a], condition: {lt: 2}", "1 a x\n2 a x\n30 a x", "c@1-1/1 c@30-30/1"},
		{"without", "type: temporal, rules: [a, b], condition: a and not b", "1 a x\n20 b x\n21 a x", "c@1-1/1"},
	} {
		set, compiled := load(t, "title: C\nname: c\nlevel: low\ncorrelation: {timespan: 10s, group-by: [who], "+test.correlation+"}\n")
		c := NewCorrelator(compiled, NewState(Options{Lateness: 15 * time.Second, Now: func() time.Time { return time.Unix(1000, 0) }}))
		if got := script(t, set, c, test.events); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
