package matcher

import "slices"

// instr is one step of a condition: it asks an atom and goes on at yes or at no.
type instr struct {
	atom    uint32
	yes, no int32
}

// Ends of a condition.
const (
	accept int32 = -1
	reject int32 = -2
)

// assembler turns expressions into code.
type assembler struct {
	code []instr
	atom func(*Atom) (uint32, error)
	cost func(uint32) int
}

// expr returns where the code of e begins, which goes on at yes if e holds and at no if not. Terms that cost less are asked first.
func (a *assembler) expr(e Expr, yes, no int32) (int32, error) {
	switch e := e.(type) {
	case Not:
		return a.expr(e.Term, no, yes)
	case And:
		list, err := a.sorted(e)
		for _, t := range slices.Backward(list) {
			if err == nil {
				yes, err = a.expr(t, yes, no)
			}
		}
		return yes, err
	case Or:
		list, err := a.sorted(e)
		for _, t := range slices.Backward(list) {
			if err == nil {
				no, err = a.expr(t, yes, no)
			}
		}
		return no, err
	case *Atom:
		id, err := a.atom(e)
		a.code = append(a.code, instr{atom: id, yes: yes, no: no})
		return int32(len(a.code) - 1), err //nolint:gosec // fewer than that
	}
	return no, nil
}

// sorted returns the terms, the cheapest first.
func (a *assembler) sorted(list []Expr) ([]Expr, error) {
	type priced struct {
		Expr

		price int
	}
	all := make([]priced, 0, len(list))
	for _, e := range list {
		price, err := a.price(e)
		if err != nil {
			return nil, err
		}
		all = append(all, priced{e, price})
	}
	slices.SortStableFunc(all, func(x, y priced) int { return x.price - y.price })
	out := make([]Expr, 0, len(all))
	for _, p := range all {
		out = append(out, p.Expr)
	}
	return out, nil
}

func (a *assembler) price(e Expr) (int, error) {
	var terms []Expr
	switch e := e.(type) {
	case Not:
		return a.price(e.Term)
	case And:
		terms = e
	case Or:
		terms = e
	case *Atom:
		id, err := a.atom(e)
		if err != nil {
			return 0, err
		}
		return a.cost(id), nil
	}
	sum := 1
	for _, t := range terms {
		price, err := a.price(t)
		if err != nil {
			return 0, err
		}
		sum += price
	}
	return sum, nil
}
