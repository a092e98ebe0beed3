package matcher

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// stock is a value that several fields are part of, under its origin.
type stock struct {
	origin Origin
	fields map[string]naiveField
	filled map[FieldID]bool // the fields that have been filled in for Candidates
}

// stockFields are the fields that have one root.
var stockFields = []string{"x", "y"}

// originRecord is a record some of whose fields are those of a stock.
type originRecord struct {
	*naiveRecord

	p *Program
}

func (r originRecord) Fill(rec *Record, f FieldID) {
	field := r.fields[r.p.Fields()[f]]
	rec.Begin(f, field.present)
	for _, v := range field.values {
		rec.Add(v)
	}
}

func (r originRecord) FillInside(rec *Record, f FieldID) { r.Fill(rec, f) }

// fillAnchors fills in for Candidates what the origin does not make needless. Where that is not Whole only the field x is of the stock.
func (r originRecord) fillAnchors(rec *Record, of *stock, whole bool) {
	rec.Source = r
	rec.Reset(len(r.p.Fields()))
	rec.Received = r.received
	for _, f := range r.p.Anchors() {
		if name := r.p.Fields()[f]; !slices.Contains(stockFields, name) || (!whole && name != "x") {
			r.Fill(rec, f)
			continue
		}
		origin := of.origin
		origin.Whole = whole
		rec.SetOrigin(f, origin)
		if !of.filled[f] || r.p.Paired(f) {
			r.Fill(rec, f)
			of.filled[f] = true
		}
	}
}

// TestOrigins holds programs to the naive evaluator on records whose fields x and y are again and again those of a few earlier records: rules that ask
// these alone are not judged again.
func TestOrigins(t *testing.T) {
	hits, sure := 0, 0
	for seed := range uint64(1000) {
		d := dice{rand.New(rand.NewPCG(seed, 9))}
		var exprs []Expr
		for range 1 + d.IntN(12) {
			exprs = append(exprs, d.rule())
			exprs = append(exprs, And{textAtom("x", pick(d, testTexts), pick(d, testTexts)), d.about("x", "y")}, d.about("x"))
		}
		p, err := Compile(exprs, Options{Pair: [2]string{"name", "source"}, Root: func(field string) string {
			if slices.Contains(stockFields, field) {
				return "stock"
			}
			return map[string]string{"z": "other"}[field]
		}})
		if err != nil {
			t.Fatal(err)
		}
		s, rec := p.NewScratch(), &Record{}
		stocks, id := make([]*stock, 3), uint64(0)
		for range 40 {
			r, at, whole := d.record(), d.IntN(len(stocks)), d.IntN(4) > 0
			if stocks[at] == nil || d.IntN(10) == 0 {
				id++
				stocks[at] = &stock{origin: Origin{ID: id, Slot: int32(at)}, fields: d.record().fields, filled: make(map[FieldID]bool)}
			}
			for _, name := range stockFields {
				if whole || name == "x" {
					r.fields[name] = stocks[at].fields[name]
				}
			}
			var want []int
			for i, e := range exprs {
				if r.holds(e) {
					want = append(want, i)
				}
			}
			originRecord{r, p}.fillAnchors(rec, stocks[at], whole)
			p.Candidates(s, rec)
			sure += len(s.sure)
			if got := p.Match(nil, s, rec); !slices.Equal(got, want) {
				t.Fatalf("seed %d: %v hold, want %v", seed, got, want)
			}
			hits += len(want)
		}
	}
	if hits < 25_000 || sure < 2_500 {
		t.Errorf("%d hits, %d of them without judging", hits, sure)
	}
}

// about returns an expression that asks these fields alone.
func (d dice) about(fields ...string) Expr {
	var list []Expr
	for range 1 + d.IntN(3) {
		a := d.atom()
		a.Field, a.Other = pick(d, fields), pick(d, fields)
		list = append(list, a)
	}
	switch d.IntN(3) {
	case 0:
		return And(list)
	case 1:
		return Or(list)
	}
	return And{list[0], Not{And(list)}}
}

func TestRoots(t *testing.T) {
	root := func(field string) string { return map[string]string{"a.b": "a", "a.c": "a", "d": "d"}[field] }
	ref := &Atom{Field: "a.b", Op: Ref, Other: "d"}
	for i, test := range []struct {
		expr Expr
		same bool // all of it is below a
	}{
		{textAtom("a.b", "x"), true},
		{And{textAtom("a.b", "x"), Not{textAtom("a.c", "y")}}, true},
		{Or{textAtom("a.b", "x"), And{textAtom("a.c", "y"), textAtom("d", "z")}}, false},
		{And{textAtom("a.b", "x"), textAtom("e", "y")}, false},
		{And{textAtom("a.b", "x"), textAtom(WholeRecord, "y")}, false},
		{And{textAtom("a.b", "x"), ref}, false},
		{And{textAtom("a.b", "x"), &Atom{Field: "a.c", Op: Ref, Other: "a.b"}}, true},
		{And{textAtom("a.b", "x"), &Atom{Field: "a.c", Op: Date, Number: "5"}}, false},
		{And{}, false},
		{And{textAtom("a.b", "x"), And{}}, false},
	} {
		c := compiler{options: Options{Root: root}, roots: make(map[string]int32)}
		if a := c.root("a.c"); (c.rootOf(test.expr) == a) != test.same {
			t.Errorf("%d: the root is %d, that of a is %d", i, c.rootOf(test.expr), a)
		}
	}
}
