package matcher

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"testing"
	"time"
)

// dice makes expressions and records.
type dice struct{ *rand.Rand }

func pick[T any](d dice, list []T) T { return list[d.IntN(len(list))] }

var (
	testFields = []string{"name", "source", "x", "y", "z", WholeRecord}
	testTexts  = []string{
		"stop", "STOP", "\u017ftop", "start", "StopLogging", "kelvin", "\u212aelvin", "22", "22.0", "-1", "1e2", "100", "true", "", "10.0.0.1", "10.0.0.0/8", "2001:db8::1",
		"::ffff:10.0.0.1", "2024-05-22T06:35:53Z", "a*b", "\xff", "stra\u00dfe", "STRA\u1e9eE", "s3.amazonaws.com", "S3.amazonaws.com", "none of these", "\xc3", "\xc3\xa9",
	}
	testRegexps = []string{"stop", "(?i)stop", "^s.*t$", "k", "(?i)k", "22|23", "a{2,}", ".*", "", "\\bstart\\b", "(?:Stop)(?:Logging)?", "[0-9]+", "(?s)s.o", "é", "\ufffd"}
)

func (d dice) atom() *Atom {
	a := &Atom{Field: pick(d, testFields), Op: Op(d.IntN(8)), Cased: d.IntN(4) == 0, Order: Order(d.IntN(5)), Part: Part(d.IntN(6)), Affix: Affix(d.IntN(4)), Received: d.IntN(2) == 0}
	if d.IntN(2) == 0 {
		a.Op = Text
	}
	a.Number = pick(d, []string{"22", "22.0", "-1", "100", "5", "1e2", "2024", "35"})
	a.Other = pick(d, testFields)
	a.Regexp = regexp.MustCompile(pick(d, testRegexps))
	a.Prefix = pick(d, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("10.0.0.1/32"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("::/0")})
	if a.Op != Text {
		return a
	}
	together := d.IntN(3) // all patterns of one kind make sets and automata
	kind := d.IntN(6)
	for range 1 + d.IntN(10) {
		if together == 0 {
			kind = d.IntN(6)
		}
		a.Patterns = append(a.Patterns, d.pattern(kind))
	}
	if d.IntN(4) == 0 {
		a.Numbers = []string{a.Number}
	}
	return a
}

func (d dice) pattern(kind int) Pattern {
	run, text := PatternPart{Wildcard: AnyRun}, PatternPart{Literal: pick(d, testTexts)}
	switch kind {
	case 0:
		return Pattern{Parts: []PatternPart{run, text, run}, Inside: true, JSON: true}
	case 1:
		return Pattern{Parts: []PatternPart{text, run}, Inside: true}
	case 2:
		return Pattern{Parts: []PatternPart{run, text}, Inside: true}
	case 3:
		return Pattern{Parts: []PatternPart{text, run, {Literal: pick(d, testTexts)}, {Wildcard: pick(d, []Wildcard{AnyOne, AnyDash, AnyRun})}}, Inside: d.IntN(2) == 0, JSON: d.IntN(2) == 0}
	}
	return Pattern{Parts: []PatternPart{text}, Inside: d.IntN(20) == 0, JSON: d.IntN(20) == 0}
}

func (d dice) expr(depth int) Expr {
	if depth == 0 {
		return d.atom()
	}
	switch d.IntN(6) {
	case 0, 1:
		return And(d.exprs(depth))
	case 2, 3:
		return Or(d.exprs(depth))
	case 4:
		return Not{d.expr(depth - 1)}
	}
	return d.atom()
}

func (d dice) exprs(depth int) []Expr {
	var list []Expr
	for range d.IntN(4) {
		list = append(list, d.expr(depth-1))
	}
	return list
}

// rule is like those that people write: both fields of the pair, and something more.
func (d dice) rule() Expr {
	if d.IntN(2) == 0 {
		return d.expr(3)
	}
	anchor := func(field string) Expr {
		a := &Atom{Field: field, Op: Text}
		for range 1 + d.IntN(3) {
			a.Patterns = append(a.Patterns, d.pattern(5))
		}
		return a
	}
	list := And{anchor("name"), anchor("source"), d.expr(1)}
	if d.IntN(4) == 0 {
		return Or{list, d.expr(1)}
	}
	return list
}

func (d dice) record() *naiveRecord {
	r := &naiveRecord{fields: make(map[string]naiveField)}
	if d.IntN(2) == 0 {
		r.received = time.Date(2024, 5, 22, 6, 35, 0, 0, time.UTC)
	}
	for _, name := range testFields {
		if d.IntN(5) == 0 {
			continue
		}
		f := naiveField{present: true}
		n := 1
		if d.IntN(3) == 0 {
			n = d.IntN(4)
		}
		for range n {
			f.values = append(f.values, d.values()...)
		}
		r.fields[name] = f
	}
	return r
}

func (d dice) values() []Value {
	switch d.IntN(12) {
	case 0:
		return []Value{{Kind: Null}}
	case 1:
		return []Value{{Kind: Opaque}}
	case 2:
		return []Value{{Kind: Bool, Text: []byte(pick(d, []string{"true", "false"}))}}
	case 3:
		return []Value{{Kind: Number, Text: []byte(pick(d, []string{"22", "-1", "100", "1e+21", "0.5", "5"}))}}
	case 4:
		list := []Value{{Kind: Object}}
		for range d.IntN(4) {
			list = append(list, Value{Kind: String, Inside: true, Text: []byte(pick(d, testTexts))})
		}
		return append(list, Value{Kind: JSON, Text: []byte(`{"a":"` + pick(d, testTexts) + `"}`)})
	}
	return []Value{{Kind: String, Text: []byte(pick(d, testTexts))}}
}

// fill fills rec in.
func (r *naiveRecord) fill(rec *Record, p *Program) {
	rec.Reset(len(p.Fields()))
	rec.Received = r.received
	for i, name := range p.Fields() {
		f := r.fields[name]
		rec.Begin(FieldID(i), f.present)
		for _, v := range f.values {
			rec.Add(v)
		}
	}
}

// checkProgram holds programs with and without index to the naive evaluator.
func checkProgram(exprs []Expr, records []*naiveRecord) (hits int, err error) {
	for _, o := range []Options{{}, {Pair: [2]string{"name", "source"}}, {Unindexed: true}} {
		p, err := Compile(exprs, o)
		if err != nil {
			return 0, err
		}
		s, rec := p.NewScratch(), &Record{}
		for _, r := range records {
			var want []int
			for i, e := range exprs {
				if r.holds(e) {
					want = append(want, i)
				}
			}
			hits += len(want)
			r.fill(rec, p)
			p.Candidates(s, rec)
			if got := p.Match(nil, s, rec); !slices.Equal(got, want) {
				return 0, fmt.Errorf("%+v: %v hold, want %v", o, got, want)
			}
			r.fill(rec, p)
			p.AllCandidates(s)
			if got := p.Match(nil, s, rec); !slices.Equal(got, want) {
				return 0, fmt.Errorf("%+v, all candidates: %v hold, want %v", o, got, want)
			}
		}
	}
	return hits, nil
}

// TestRandomPrograms holds compiled expressions to the naive evaluator: code, covers and indexes, on records one behind the other.
func TestRandomPrograms(t *testing.T) {
	hits := 0
	for seed := range uint64(3000) {
		d := dice{rand.New(rand.NewPCG(seed, 7))}
		var exprs []Expr
		for range 1 + d.IntN(20) {
			exprs = append(exprs, d.rule())
		}
		var records []*naiveRecord
		for range 8 {
			records = append(records, d.record())
		}
		more, err := checkProgram(exprs, records)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		hits += more
	}
	if hits < 50_000 {
		t.Errorf("%d hits", hits)
	}
}

// TestRandomTrees holds the code of deep conditions to the naive evaluator, for every assignment of their few atoms.
func TestRandomTrees(t *testing.T) {
	for seed := range uint64(2000) {
		d := dice{rand.New(rand.NewPCG(seed, 8))}
		var tree func(depth int) Expr
		tree = func(depth int) Expr {
			if depth == 0 || d.IntN(8) == 0 {
				return &Atom{Field: pick(d, testFields[:5]), Op: Exists}
			}
			if d.IntN(3) == 0 {
				return Not{tree(depth - 1)}
			}
			var list []Expr
			for range d.IntN(4) {
				list = append(list, tree(depth-1))
			}
			if d.IntN(2) == 0 {
				return And(list)
			}
			return Or(list)
		}
		exprs := []Expr{tree(5), tree(4)}
		var records []*naiveRecord
		for bits := range 32 {
			r := &naiveRecord{fields: make(map[string]naiveField)}
			for i, name := range testFields[:5] {
				r.fields[name] = naiveField{present: bits>>i&1 > 0}
			}
			records = append(records, r)
		}
		if _, err := checkProgram(exprs, records); err != nil {
			t.Fatalf("seed %d: %v in %+v", seed, err, exprs)
		}
	}
}

// TestEpochs: what is remembered by number is forgotten when the numbers begin anew.
func TestEpochs(t *testing.T) {
	exprs := []Expr{textAtom("x", "a"), textAtom("x", "b"), And{textAtom("x", "a"), textAtom("y", "b")}}
	p, err := Compile(exprs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, rec := p.NewScratch(), &Record{}
	s.epoch, rec.epoch = 1<<31-4, 1<<32-4
	for i := range 12 {
		r := naiveRecord{fields: map[string]naiveField{"x": {true, []Value{{Kind: String, Text: []byte([]string{"a", "b", "c"}[i%3])}}}}}
		r.fill(rec, p)
		p.Candidates(s, rec)
		if got, want := p.Match(nil, s, rec), [][]int{{0}, {1}, nil}[i%3]; !slices.Equal(got, want) {
			t.Errorf("%d: %v, want %v", i, got, want)
		}
	}
}

// textAtom asks for one of some whole texts.
func textAtom(field string, texts ...string) *Atom {
	a := &Atom{Field: field, Op: Text}
	for _, text := range texts {
		a.Patterns = append(a.Patterns, Pattern{Parts: []PatternPart{{Literal: text}}})
	}
	return a
}

func TestCompileErrors(t *testing.T) {
	for _, a := range []*Atom{{Field: "x", Op: Regexp}, {Field: "x", Op: Compare, Number: "ten"}, {Field: "x", Op: Date}} {
		for _, e := range []Expr{a, And{a}, Or{textAtom("y", "z"), Not{a}}, And{Or{a}, textAtom("y", "z")}} {
			_, err := Compile([]Expr{And{}, e}, Options{})
			wrong, ok := err.(*CompileError) //nolint:errorlint // it is not wrapped
			if !ok || wrong.Rule != 1 || wrong.Error() == "" {
				t.Errorf("%+v: %v", e, err)
			}
		}
	}
}
