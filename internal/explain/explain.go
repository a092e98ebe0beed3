// Package explain says why a rule holds for a record, or why it does not: the tree of its conditions with what each item asks for and what the record has,
// and the first thing that would have to change for the other verdict. It is a reading of the oracle's trace. It knows no files and no terminals.
package explain

import (
	"math"
	"time"

	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// Explainer explains what the rules of one set say. It is for one goroutine.
type Explainer struct {
	set     *rules.Set
	ownKey  string
	filters map[*rules.Item]*rules.Filter // of the items that a Sigma Filter brought
	oracles map[*record.Mapping]*oracle.Oracle
}

// New returns an Explainer of the rules of set, which must not change any more. Keywords never look at ownKey, under which hits are written.
func New(set *rules.Set, ownKey string) *Explainer {
	e := &Explainer{set: set, ownKey: ownKey, filters: make(map[*rules.Item]*rules.Filter), oracles: make(map[*record.Mapping]*oracle.Oracle)}
	for _, f := range set.Filters {
		for _, s := range f.Searches {
			for _, g := range s.Groups {
				for _, item := range g.Items {
					e.filters[item] = f
				}
			}
		}
	}
	return e
}

// Explanation is why a rule holds for a record, or why it does not.
type Explanation struct {
	Rule  *rules.Rule
	Holds bool
	Tree  Part
	// Change is what would have to change first for the other verdict; nil where nothing could.
	Change *Change
}

// Change is a part of a rule that stands in the way of the other verdict.
type Change struct {
	Item *rules.Item
	// Text says what the record has and what the rule wants, in one sentence without a full stop.
	Text string
	// More is how many further items would have to change with it; there is no way with fewer.
	More int
}

// Match returns the indexes, ascending, of the rules that match the record, as the oracle judges.
func (e *Explainer) Match(found record.Found) []int {
	return e.oracle(found).Match(found.Record, time.Time{})
}

// Explain explains what the rule of that index says of the record.
func (e *Explainer) Explain(rule int, found record.Found) *Explanation {
	t, _ := e.oracle(found).Trace(rule, found.Record, time.Time{}, math.MaxInt)
	b := builder{Explainer: e, found: found}
	x := &Explanation{Rule: e.set.Rules[rule], Holds: t.Holds, Tree: b.part(&t)}
	if needed, ok := x.Tree.needed(!t.Holds); ok && len(needed) > 0 {
		first := needed[0]
		x.Change = &Change{Item: first.part.item, Text: first.part.wish(first.want != t.Holds), More: len(needed) - 1}
	}
	return x
}

// oracle returns the one for records of that form.
func (e *Explainer) oracle(found record.Found) *oracle.Oracle {
	o := e.oracles[found.Form]
	if o == nil {
		aliases := record.DefaultAliases()
		if found.Form != nil {
			aliases = found.Form.Aliases()
		}
		o = oracle.New(e.set.Rules, aliases, e.ownKey)
		e.oracles[found.Form] = o
	}
	return o
}
