package mutate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigmatrail/rules"
)

// change is a correlation with one change.
type change struct {
	rules.Position

	what        string
	correlation *rules.Correlation
}

// changes returns what small mistakes make of a correlation: another threshold, timespan or type, a rule or a field less.
func changes(c *rules.Correlation) (list []change) {
	add := func(at rules.Position, what string, edit func(*rules.Correlation)) {
		changed := *c
		edit(&changed)
		list = append(list, change{at, what, &changed})
	}
	for i, b := range c.Bounds {
		for _, other := range thresholds(b) {
			add(c.Position, fmt.Sprintf("the condition becomes %s %s", other.Op, spell(other.Number)), func(m *rules.Correlation) {
				m.Bounds = slices.Clone(c.Bounds)
				m.Bounds[i] = other
			})
		}
	}
	for what, span := range map[string]time.Duration{"halves": c.Timespan / 2, "doubles": 2 * c.Timespan} {
		add(c.Position, what+" the timespan", func(m *rules.Correlation) { m.Timespan = span })
	}
	for i, t := range c.Rules {
		if len(c.Rules) > 1 && c.Expression == nil {
			add(t.Position, "leaves out the rule "+t.Name, func(m *rules.Correlation) { m.Rules = slices.Delete(slices.Clone(c.Rules), i, i+1) })
		}
	}
	for i, field := range c.GroupBy {
		add(c.Position, "does not group by "+field, func(m *rules.Correlation) { m.GroupBy = slices.Delete(slices.Clone(c.GroupBy), i, i+1) })
	}
	for i, field := range c.Fields {
		if len(c.Fields) > 1 {
			add(c.Position, "does not count "+field, func(m *rules.Correlation) { m.Fields = slices.Delete(slices.Clone(c.Fields), i, i+1) })
		}
	}
	if c.Expression != nil {
		for _, other := range conditions(c.Expression) {
			add(c.Position, "the condition becomes "+other.String(), func(m *rules.Correlation) { m.Expression = other })
		}
	}
	for _, other := range types(c) {
		add(c.Position, "becomes "+other, func(m *rules.Correlation) { m.Type = other })
	}
	slices.SortStableFunc(list, func(a, b change) int { return strings.Compare(a.what, b.what) })
	return list
}

// thresholds returns the bounds beside one. Of counts "more than 2" is "at least 3", so that only one of them is among these.
func thresholds(b rules.Bound) (list []rules.Bound) {
	number, err := strconv.Atoi(spell(b.Number))
	if err != nil {
		return nil
	}
	next := func(by int) rules.Bound {
		return rules.Bound{Op: b.Op, Number: rules.ParseDecimal(strconv.Itoa(number + by))}
	}
	opposite := map[string]string{"gt": "gte", "gte": "gt", "lt": "lte", "lte": "lt"}[b.Op]
	switch b.Op {
	case "gte", "lt":
		list = append(list, next(-1))
	case "gt", "lte":
		list = append(list, next(1))
	default:
		return append(list, next(-1), next(1))
	}
	return append(list, rules.Bound{Op: opposite, Number: b.Number})
}

func spell(number rules.Decimal) string {
	text, _ := number.Canonical()
	return text
}

// types are those that a correlation may be mistaken for.
func types(c *rules.Correlation) []string {
	switch {
	case c.Type == "temporal":
		return []string{"temporal_ordered"}
	case c.Type == "temporal_ordered":
		return []string{"temporal"}
	case c.Type == "value_count" && len(c.Bounds) > 0:
		return []string{"event_count"}
	}
	return nil
}
