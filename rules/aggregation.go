package rules

import (
	"fmt"
	"regexp"
	"strings"
)

// aggregation recognises the forms that Sigma 2 replaced by correlation rules: whatever follows a pipe, and functions of the same kind
// without one. It returns nil where the condition has none.
func (p *conditionParser) aggregation() error {
	for i, t := range p.tokens {
		if t.text == "|" {
			rest := strings.TrimSpace(p.text[t.offset+1:])
			return p.fail(t.offset, ConditionAggregation, correlationInstead(rest),
				"aggregations after a pipe are no longer part of Sigma; write a correlation rule")
		}
		if i+1 < len(p.tokens) && p.tokens[i+1].text == "(" && isAggregate(t.text) {
			return p.fail(t.offset, ConditionAggregation, correlationInstead(p.text[t.offset:]),
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

// correlationInstead writes the correlation rule that replaces an aggregation, as far as its text says what it must hold.
func correlationInstead(text string) string {
	form := regexp.MustCompile(`(?i)^(?:value_)?count\s*\(\s*([\w.\-]*)[^)]*\)\s*(?:by\s+([\w.,\-\s]+?)\s*)?(>=|<=|>|<|=|==)\s*(\d+)`)
	m := form.FindStringSubmatch(text)
	if m == nil {
		return "correlation:\n  type: temporal\n  rules: [ID of this rule, ID of the other rule]\n  timespan: 5m"
	}
	operator := map[string]string{">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "=": "eq", "==": "eq"}[m[3]]
	kind, field := "event_count", ""
	if m[1] != "" && !strings.HasPrefix(strings.ToLower(m[1]), "selection") {
		kind, field = "value_count", "\n    field: "+m[1]
	}
	groups := ""
	if m[2] != "" {
		groups = "\n  group-by: [" + m[2] + "]"
	}
	return fmt.Sprintf("correlation:\n  type: %s\n  rules: [ID of this rule]%s\n  timespan: 5m\n  condition:\n    %s: %s%s", kind, groups, operator, m[4], field)
}
