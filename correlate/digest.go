package correlate

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	stdhash "hash"
	"slices"

	"sigmatrail/rules"
)

// digest tells correlations apart that mean different things: by themselves, or by the rules that they refer to. Where in which file a rule stands makes no
// difference, and neither do its names of searches. The correlations that it refers to have theirs already.
func (set *Set) digest(s *rules.Set, c *rules.Correlation, resolved []rules.Referents) [sha256.Size]byte {
	m := meaning{sha256.New()}
	m.put(c.Type, c.GroupBy, c.Aliases, c.Timespan, c.Bounds, c.Fields, c.Percentile)
	if c.Expression != nil {
		m.put(c.Expression.String())
	}
	for i, r := range resolved {
		m.put(c.Rules[i].Name, len(r.Rules), len(r.Correlations))
		for _, rule := range r.Rules {
			for _, condition := range s.Rules[rule].Conditions {
				m.condition(condition)
			}
		}
		for _, inner := range r.Correlations {
			m.put(set.machines[inner].digest[:])
		}
	}
	return [sha256.Size]byte(m.Sum(nil))
}

// meaning is a hash of what rules mean.
type meaning struct{ stdhash.Hash }

func (m meaning) put(values ...any) {
	if err := json.NewEncoder(m).Encode(values); err != nil {
		_, _ = fmt.Fprintf(m, "%v", values) // unreachable: everything in rules is data
	}
}

func (m meaning) condition(c rules.Condition) {
	switch c := c.(type) {
	case rules.And:
		m.put("and", len(c.Terms))
		m.terms(c.Terms)
	case rules.Or:
		m.put("or", len(c.Terms))
		m.terms(c.Terms)
	case rules.Not:
		m.put("not")
		m.condition(c.Term)
	case rules.Ref:
		m.put("search")
		m.search(c.Search)
	case rules.Of:
		m.put("of", c.All, len(c.Searches))
		for _, search := range c.Searches {
			m.search(search)
		}
	}
}

func (m meaning) terms(list []rules.Condition) {
	for _, c := range list {
		m.condition(c)
	}
}

func (m meaning) search(s *rules.Search) {
	m.put(len(s.Groups))
	for _, g := range s.Groups {
		m.put(len(g.Items))
		for _, item := range g.Items {
			bare := *item
			bare.Position, bare.Values = rules.Position{}, slices.Clone(item.Values)
			for i := range bare.Values {
				bare.Values[i].Position = rules.Position{}
			}
			m.put(bare)
		}
	}
}

// titleOf is what a correlation is called in messages.
func titleOf(c *rules.Correlation) string {
	if c.ID == "" {
		return fmt.Sprintf("%q", c.Title)
	}
	return fmt.Sprintf("%q (%s)", c.Title, c.ID)
}
