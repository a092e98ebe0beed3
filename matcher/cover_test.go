package matcher

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// covered writes a cover as text: pair(NAME, SOURCE), field = VALUE, field ~ TEXT.
func covered(keys cover, why string) string {
	if keys == nil {
		return "always: " + why
	}
	if len(keys) == 0 {
		return "never: " + why
	}
	var list []string
	for _, k := range keys {
		switch k.kind {
		case pairKey:
			list = append(list, fmt.Sprintf("pair(%s, %s)", k.text, k.other))
		case exactKey:
			list = append(list, fmt.Sprintf("%s = %s", k.field, k.text))
		default:
			list = append(list, fmt.Sprintf("%s ~ %s", k.field, k.text))
		}
	}
	return strings.Join(list, " | ")
}

// globs makes an atom of patterns as rules write them.
func globs(field string, patterns ...string) *Atom {
	a := &Atom{Field: field, Op: Text}
	for _, p := range patterns {
		var parts []PatternPart
		for i, literal := range strings.Split(p, "*") {
			if i > 0 {
				parts = append(parts, PatternPart{Wildcard: AnyRun})
			}
			if literal != "" {
				parts = append(parts, PatternPart{Literal: literal})
			}
		}
		a.Patterns = append(a.Patterns, Pattern{Parts: parts, Inside: len(parts) > 1})
	}
	return a
}

func re(expression string) *Atom {
	return &Atom{Field: "x", Op: Regexp, Regexp: regexp.MustCompile(expression)}
}

func TestCovers(t *testing.T) {
	name, source, x := globs("name", "Stop", "Start"), globs("source", "s3"), globs("x", "*needle*")
	exists, numbers := &Atom{Field: "x", Op: Exists}, &Atom{Field: "x", Op: Text, Patterns: globs("", "22").Patterns, Numbers: []string{"22"}}
	for _, test := range []struct {
		expression string
		e          Expr
		want       string
	}{
		{"name is Stop or Start", name, "name = STOP | name = START"},
		{"and source is s3", And{name, source}, "pair(STOP, S3) | pair(START, S3)"},
		{"in any order, nested", And{And{source}, And{x, And{name}}}, "pair(STOP, S3) | pair(START, S3)"},
		{"the shorter list of two", And{name, source, globs("name", "Stop")}, "pair(STOP, S3)"},
		{"source alone", source, "source = S3"},
		{"source and another field", And{source, globs("y", "z")}, "y = Z"},
		{"source and a text", And{source, x}, "source = S3"},
		{"a text", x, "x ~ NEEDLE"},
		{"the longest text", globs("x", "ab*longer*c"), "x ~ LONGER"},
		{"the long s", globs("x", "\u017ftop"), "x = STOP"},
		{"all wildcards", globs("x", "*"), "always: a value of the item on x is all wildcards"},
		{"one of them", globs("x", "a", "*"), "always: a value of the item on x is all wildcards"},
		{"beside an exact one", And{globs("x", "*"), source}, "source = S3"},
		{"or over different fields", Or{name, x}, "name = STOP | name = START | x ~ NEEDLE"},
		{"or with what has none", Or{name, exists}, "always: one alternative has no text to look up: the item on x compares no text"},
		{"not", Not{name}, "always: a negated item needs nothing to be there"},
		{"not not", Not{Not{name}}, "name = STOP | name = START"},
		{"name and not x", And{name, Not{x}}, "name = STOP | name = START"},
		{"not (not a or not b)", Not{Or{Not{name}, Not{source}}}, "name = STOP | name = START"},
		{"not (not a and not b)", Not{And{Not{name}, Not{x}}}, "name = STOP | name = START | x ~ NEEDLE"},
		{"not (a and b)", Not{And{name, source}}, "always: one alternative has no text to look up: a negated item needs nothing to be there"},
		{"(a or b) and c", And{Or{name, x}, globs("y", "z")}, "y = Z"},
		{"a regular expression", re("a(bcd)+"), "x ~ BCD"},
		{"one without text", re("^[a-z]+$"), "always: the regular expression on x needs no text"},
		{"numbers", numbers, "x = 22"},
		{"keywords", globs(WholeRecord, "*needle*"), "always: keywords are looked for in the whole record"},
		{"keywords beside", And{globs(WholeRecord, "*needle*"), name}, "name = STOP | name = START"},
		{"nothing", And{}, "always: nothing is asked"},
		{"never", Or{}, "never: it never holds"},
		{"never, among others", And{name, Or{}}, "never: "},
		{"not always", Not{And{}}, "never: it never holds"},
		{"no patterns", &Atom{Field: "x", Op: Text, Numbers: []string{"1"}}, "always: the item on x has no texts"},
	} {
		c := coverer{[2]string{"name", "source"}}
		if got := covered(c.of(test.e, false)); got != test.want {
			t.Errorf("%s: %s, want %s", test.expression, got, test.want)
		}
	}
	var long []string
	for i := range mostPairs {
		long = append(long, fmt.Sprint("n", i))
	}
	c := coverer{[2]string{"name", "source"}}
	if keys, _ := c.of(And{globs("name", long...), globs("source", "a", "b")}, false); len(keys) != mostPairs || keys[0].kind != exactKey {
		t.Errorf("%d keys of kind %d: pairs without bound", len(keys), keys[0].kind)
	}
}

func TestStats(t *testing.T) {
	exprs := []Expr{
		And{globs("name", "Stop", "Start"), globs("source", "s3")},
		globs("x", "a", "b"), globs("x", "*needle*"),
		Or{globs("name", "Put"), globs("x", "*hay*")},
		Not{globs("x", "a")},
		Or{},
		&Atom{Field: "y", Op: Text, Patterns: []Pattern{inObject("one"), inObject("two"), inObject("three"), inObject("four")}},
	}
	p, err := Compile(exprs, Options{Pair: [2]string{"name", "source"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Found{ByPair, ByValue, ByText, ByText, Always, Never, ByText} {
		s := p.Rule(i)
		if s.Found != want || (s.Why == "") != (want != Always && want != Never) || (want == Always && s.Keys != 0) {
			t.Errorf("rule %d: %s %+v, want %s", i, s.Found, s, want)
		}
	}
	if s := p.Rule(0); s.Keys != 2 || len(s.Fields) != 1 || s.Fields[0] != "name+source" {
		t.Errorf("%+v", s)
	}
	s := p.Stats()
	if s.Rules != 7 || s.Always != 1 || s.Fields != 4 || s.Anchors != 4 || s.Values != 5 || s.Texts != 6 || s.Bytes < 1000 || s.Atoms == 0 || s.Instructions < s.Atoms-1 || len(s.Automata) != 3 {
		t.Errorf("%+v", s)
	}
	for _, a := range s.Automata {
		if a.States < 2 || !a.Dense || a.Bytes < 4*a.States || a.Use == "" {
			t.Errorf("%+v", a)
		}
	}
	if p.Len() != 7 || len(p.Fields()) != 4 {
		t.Errorf("%d rules, fields %v", p.Len(), p.Fields())
	}
}

func inObject(text string) Pattern {
	run := PatternPart{Wildcard: AnyRun}
	return Pattern{Parts: []PatternPart{run, {Literal: text}, run}, Inside: true, JSON: true}
}

// TestSharing: equal questions are one, and different ones never.
func TestSharing(t *testing.T) {
	different := []*Atom{
		globs("x", "a"), globs("y", "a"), globs("x", "a", "b"), globs("x", "ab"), globs("x", "a*"), globs("x", "*a"), globs("x", "*a*"), globs("x", "a*b"), globs("x", "b", "a"),
		{Field: "x", Op: Text, Cased: true, Patterns: globs("", "a").Patterns},
		{Field: "x", Op: Text, Numbers: []string{"1"}, Patterns: globs("", "a").Patterns},
		{Field: "x", Op: Exists},
		{Field: "x", Op: IsNull},
		re("a"), re("(?i)a"),
		{Field: "x", Op: Compare, Number: "1", Order: Less},
		{Field: "x", Op: Compare, Number: "1", Order: Greater},
		{Field: "x", Op: Compare, Number: "2", Order: Less},
		{Field: "x", Op: Date, Number: "1"},
		{Field: "x", Op: Date, Number: "1", Part: Hour},
		{Field: "x", Op: Date, Number: "1", Received: true},
		{Field: "x", Op: Ref, Other: "y"},
		{Field: "x", Op: Ref, Other: "z"},
		{Field: "x", Op: Ref, Other: "y", Affix: Start},
		{Field: "x", Op: Ref, Other: "y", Cased: true},
		{Field: "x", Op: Text, Patterns: []Pattern{inObject("a")}},
		{Field: "x", Op: Text, Patterns: []Pattern{{Parts: []PatternPart{{Literal: "a"}, {Wildcard: AnyOne}}}}},
		{Field: "x", Op: Text, Patterns: []Pattern{{Parts: []PatternPart{{Literal: "a"}, {Wildcard: AnyDash}}}}},
	}
	var exprs []Expr
	for _, a := range different {
		again := *a
		exprs = append(exprs, a, &again)
	}
	p, err := Compile(exprs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := p.Stats().Atoms; n != len(different) {
		t.Errorf("%d atoms, want %d", n, len(different))
	}
}
