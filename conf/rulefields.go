package conf

import (
	"fmt"
	"slices"
	"strings"
)

// RuleFieldNames returns the attributes that rule_fields names, each once, in order.
func (s *Settings) RuleFieldNames() []string { return list(s.RuleFields) }

// validRuleFields refuses names that cannot be written: a rule's hit, or the record in the format flat, has something else of that name. Readers that
// look keys up without their case would take one for the other, too.
func (s *Settings) validRuleFields() error {
	for _, name := range s.RuleFieldNames() {
		taken := func(other string) bool { return strings.EqualFold(name, other) }
		switch {
		case slices.Contains([]string{"detection", "condition", "filter", "correlation"}, name):
			return fmt.Errorf("rule_fields: %q says when a rule holds and is no attribute that can be copied", name)
		case slices.ContainsFunc(hitFields(), taken):
			return fmt.Errorf("rule_fields: %q is what sigmatrail itself writes; a rule's attribute of that name cannot be copied", name)
		case slices.ContainsFunc([]string{"id", "title"}, taken) && name != strings.ToLower(name):
			return fmt.Errorf("rule_fields: %q: write %s", name, strings.ToLower(name))
		}
	}
	return nil
}

// hitFields lists the names of what is written beside the attributes of rules, on a hit or, in the format flat, on the record.
func hitFields() []string {
	return []string{
		"event_ids", "evidence", "first", "suppressed", "notify", "summary", "original", "rule_ids", "rule_titles", "rule_statuses", "rule_authors", "tactics",
		"techniques",
	}
}
