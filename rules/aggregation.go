package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// aggregation recognises the forms that Sigma 2 replaced by correlation rules: whatever follows a pipe, and functions of the same kind
// without one. It returns nil where the condition has none.
func (p *conditionParser) aggregation() error {
	for i, t := range p.tokens {
		if t.text == "|" {
			rest := strings.TrimSpace(p.text[t.offset+1:])
			return p.fail(t.offset, ConditionAggregation, p.correlationInstead(rest),
				"aggregations after a pipe are no longer part of Sigma; write a correlation rule")
		}
		if i+1 < len(p.tokens) && p.tokens[i+1].text == "(" && isAggregate(t.text) {
			return p.fail(t.offset, ConditionAggregation, p.correlationInstead(p.text[t.offset:]),
				"%s( ) is no longer part of Sigma conditions; write a correlation rule", t.text)
		}
	}
	return nil
}

func isAggregate(word string) bool {
	switch strings.ToLower(word) {
	case "count", "min", "max", "avg", "sum", "event_count", "value_count", "value_sum", "value_avg", "near":
		return true
	}
	return false
}

var (
	aggregate = regexp.MustCompile(`(?i)^(?:\w+_)?count\s*\(\s*([\w.\-]*)[^)]*\)\s*(?:by\s+([\w.,\-\s]+?)\s*)?(>=|<=|==|>|<|=)\s*(\d+)`)
	timespan  = regexp.MustCompile(`\b([0-9]{1,6}[smhd])\b`)
)

// correlationInstead writes the correlation rule that replaces an aggregation, as far as its text and the rule's timeframe say what it must hold.
func (p *conditionParser) correlationInstead(text string) string {
	span := "5m"
	if p.window != "" {
		span = p.window
	} else if m := timespan.FindString(text); m != "" {
		span = m
	}
	m := aggregate.FindStringSubmatch(text)
	if m == nil {
		return instead + fmt.Sprintf("correlation:\n  type: temporal\n  rules: [%s, ID of the other rule]\n  timespan: %s", p.reference(), span)
	}
	operator := map[string]string{">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "=": "eq", "==": "eq"}[m[3]]
	kind, field := "event_count", ""
	if m[1] != "" && !p.isSearch(m[1]) {
		kind, field = "value_count", "\n    field: "+m[1]
	}
	groups := ""
	if m[2] != "" {
		groups = "\n  group-by: [" + m[2] + "]"
	}
	return instead + fmt.Sprintf("correlation:\n  type: %s\n  rules: [%s]%s\n  timespan: %s\n  condition:\n    %s: %s%s",
		kind, p.reference(), groups, span, operator, m[4], field)
}

// instead is what stands above a correlation that is proposed.
const instead = "write the condition without it, and behind the rule:\n---\ntitle: What it finds\n"

// reference is how a correlation can name the rule of the condition.
func (p *conditionParser) reference() string {
	if p.rule == "" {
		return "ID of this rule"
	}
	return p.rule
}

// isSearch reports whether a name is that of a search identifier, whose events are counted, and not of a field, whose values are.
func (p *conditionParser) isSearch(name string) bool {
	return strings.HasPrefix(strings.ToLower(name), "selection") || slices.ContainsFunc(p.searches, func(s *Search) bool { return s.Name == name })
}
