package correlate

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigmatrail/rules"
)

// TestDigest: what a correlation means is the same wherever it stands, and another where it, or a rule that it refers to, means something else.
func TestDigest(t *testing.T) {
	const text = `title: A
name: a
logsource: {product: aws, service: cloudtrail}
detection: {one: {eventName: x}, two: {eventSource: y}, condition: one and two}
---
title: C
correlation: {type: event_count, rules: [a], group-by: [who], timespan: 10s, condition: {gte: 3}}
---
title: D
correlation: {type: event_count, rules: [C], timespan: 10s, condition: {gte: 2}}
`
	digests := func(text string) [2]digestKey {
		set := rules.ParseFiles([]rules.File{{Name: fmt.Sprint(len(text), ".yml"), Text: []byte(text)}}, rules.Options{})
		if errs := set.Problems.Errors(); len(errs) > 0 {
			t.Fatal(errs)
		}
		compiled := Compile(set)
		return [2]digestKey{compiled.machines[0].digest, compiled.machines[1].digest}
	}
	want := digests(text)
	for _, test := range []struct {
		from, to    string
		inner, both bool // what changes
	}{
		{"title: A", "# a comment\ntitle: A", false, false},
		{"{one:", "{name: {eventName: z}, one:", false, false},
		{"one and two", "two and one", true, true},
		{"one and two", "one or two", true, true},
		{"one and two", "one and not two", true, true},
		{"one and two", "1 of them", true, true},
		{"one and two", "all of them", true, true},
		{"eventName: x", "eventName: xx", true, true},
		{"eventName: x", "eventName|cased: x", true, true},
		{"eventName: x", "eventName: [x, y]", true, true},
		{"gte: 3", "gte: 4", true, true},
		{"gte: 3", "gt: 3", true, true},
		{"[who]", "[whom]", true, true},
		{"timespan: 10s, condition: {gte: 3}", "timespan: 11s, condition: {gte: 3}", true, true},
		{"gte: 2", "gte: 3", false, true},
	} {
		got := digests(strings.Replace(text, test.from, test.to, 1))
		if (got[0] != want[0]) != test.inner || (got[1] != want[1]) != test.both {
			t.Errorf("%s → %s: changed %t, and the one that refers to it %t", test.from, test.to, got[0] != want[0], got[1] != want[1])
		}
	}
}

// What cannot be a group of a correlation is left out, although it is in the file under its digest.
func TestUnsoundGroups(t *testing.T) {
	_, compiled := load(t, counting+"---\ntitle: V\nname: v\nlevel: low\ncorrelation: {timespan: 10s, group-by: [who], type: value_count, rules: [a], condition: {gte: 2, field: id}}\n")
	path := filepath.Join(t.TempDir(), "state")
	s, _ := reopen(t, path, Options{Now: at(100)}, time.Hour, aMinute)
	c := NewCorrelator(compiled, s)
	feedOne(c, 1, "x", "i")
	feedOne(c, 1, "y", "i")
	groups := groupsOf(s)
	for _, table := range s.tables {
		for i := range table.shards {
			table.shards[i].spoil("x")
		}
	}
	shut(t, s)
	s, _ = reopen(t, path, Options{Now: at(100)}, time.Hour, aMinute)
	c = NewCorrelator(compiled, s)
	if st := s.Stats(); len(groups) != 4 || st.Groups != 2 || st.Restored != 4 || st.Held != 2 || st.Expired != 2 {
		t.Errorf("%+v", st)
	}
	feedOne(c, 2, "x", "j")
	feedOne(c, 2, "y", "j")
}

// spoil makes the groups of a value unsound, also where they have been written already.
func (s *shard) spoil(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.groups {
		if g.texts[0] == text {
			g.texts, g.events[0].more = nil, nil
			s.change(g)
		}
	}
}
