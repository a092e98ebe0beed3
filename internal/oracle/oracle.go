// Package oracle evaluates Sigma rules the slow, obvious way: rule by rule, item by item, over decoded values, exactly as the rules were
// written. It is the judge of every faster evaluator, so it shares nothing with them: it looks values up in decoded objects and never sees lowered
// expressions. The meaning of each case is decided in docs/RATIONALE.md, "Semantics".
package oracle

import (
	"time"

	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// Oracle evaluates one list of rules. It is immutable and safe for concurrent use.
type Oracle struct {
	rules    []*rules.Rule
	aliases  record.Aliases
	ownKey   string
	patterns map[*rules.Value][]pattern // alternatives
}

// New returns an evaluator of rs. aliases says where records have each field. Keywords never look at ownKey, under which hits are written.
func New(rs []*rules.Rule, aliases record.Aliases, ownKey string) *Oracle {
	o := &Oracle{rules: rs, aliases: aliases, ownKey: ownKey, patterns: make(map[*rules.Value][]pattern)}
	for _, r := range rs {
		for _, s := range r.Searches {
			for _, g := range s.Groups {
				for _, item := range g.Items {
					o.compile(item)
				}
			}
		}
	}
	return o
}

// compile works out the patterns of an item once, as they are the same for every record.
func (o *Oracle) compile(item *rules.Item) {
	for i := range item.Values {
		v := &item.Values[i]
		if o.patterns[v] != nil {
			continue // filters share their items among rules
		}
		for _, p := range v.Patterns {
			o.patterns[v] = append(o.patterns[v], newPattern(p, item.Op, item.Cased))
		}
	}
}

// subject is what rules are judged on.
type subject struct {
	record   *record.Object
	received time.Time
}

func newSubject(object *record.Object, received time.Time) subject {
	stamp, _ := object.Get(record.Stamp)
	if t, ok := record.ParseTime(stamp); ok {
		received = t
	}
	return subject{record: object, received: received}
}

// Match returns the indexes, ascending, of the rules that match object. received is the time that the shipper gave the event, or zero: it
// stands in where a rule asks for a part of eventTime and that is missing or no time, and so is record.Stamp, which goes before received.
func (o *Oracle) Match(object *record.Object, received time.Time) []int {
	rec := newSubject(object, received)
	var hits []int
	for i, r := range o.rules {
		if o.matches(r, rec) {
			hits = append(hits, i)
		}
	}
	return hits
}

func (o *Oracle) matches(r *rules.Rule, rec subject) bool {
	for _, c := range r.Conditions {
		if o.condition(c, rec) {
			return true
		}
	}
	return false
}

func (o *Oracle) condition(c rules.Condition, rec subject) bool {
	switch c := c.(type) {
	case rules.And:
		for _, t := range c.Terms {
			if !o.condition(t, rec) {
				return false
			}
		}
		return true
	case rules.Or:
		for _, t := range c.Terms {
			if o.condition(t, rec) {
				return true
			}
		}
		return false
	case rules.Not:
		return !o.condition(c.Term, rec)
	case rules.Ref:
		return o.search(c.Search, rec)
	case rules.Of:
		return o.of(c, rec)
	}
	return false
}

func (o *Oracle) of(c rules.Of, rec subject) bool {
	for _, s := range c.Searches {
		if o.search(s, rec) != c.All {
			return !c.All
		}
	}
	return c.All
}

// search holds if any of its groups does, and a group if all of its items do.
func (o *Oracle) search(s *rules.Search, rec subject) bool {
	for _, g := range s.Groups {
		all := true
		for _, item := range g.Items {
			all = all && o.item(item, rec)
		}
		if all {
			return true
		}
	}
	return false
}
