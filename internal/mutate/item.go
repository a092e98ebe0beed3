package mutate

import (
	"fmt"
	"slices"
	"strings"

	"sigmatrail/rules"
)

// itemChange is an item that one change has made of another.
type itemChange struct {
	at   rules.Position
	what string
	item *rules.Item
}

// name is an item's field with its modifiers, as rules have it.
func name(item *rules.Item) string {
	return strings.Join(append([]string{item.Field}, item.Modifiers...), "|")
}

// items returns what one change makes of an item: a value less, the opposite, or another way of comparing.
func items(item *rules.Item) (all []itemChange) {
	add := func(at rules.Position, what string, change func(*rules.Item)) {
		changed := *item
		change(&changed)
		all = append(all, itemChange{at, what, &changed})
	}
	if len(item.Values) > 1 {
		for i := range item.Values {
			v := &item.Values[i]
			add(v.Position, fmt.Sprintf("deletes the value %q of %s", v.Text, name(item)), func(c *rules.Item) {
				c.Values = slices.Delete(slices.Clone(item.Values), i, i+1)
			})
		}
	}
	add(item.Position, "negates "+name(item), func(c *rules.Item) { c.Negate = !c.Negate })
	if item.All {
		add(item.Position, "drops all from "+name(item), func(c *rules.Item) { c.All = false })
	}
	if item.Cased {
		add(item.Position, "drops cased from "+name(item), func(c *rules.Item) { c.Cased = false })
	}
	for _, op := range wider(item) {
		add(item.Position, fmt.Sprintf("compares %s by %s", name(item), opName(op)), func(c *rules.Item) {
			if c.Op = op; op == rules.Exists {
				*c = rules.Item{Position: c.Position, Field: c.Field, Op: op, Negate: c.Negate, Values: []rules.Value{{Position: c.Position, Kind: rules.Bool, Text: "true", Bool: true}}}
			}
		})
	}
	return all
}

// wider returns the ways of comparing that let more through, or of bounds the bound itself less or more.
func wider(item *rules.Item) []rules.Op {
	switch {
	case item.Field == "" || item.DatePart != rules.NoPart:
		return nil // keywords are contained already, and a date has its parts
	case item.FieldRef && item.Op == rules.Equal:
		return []rules.Op{rules.Contains, rules.Exists}
	}
	switch item.Op {
	case rules.Equal, rules.StartsWith, rules.EndsWith:
		if closed(item) {
			return nil
		}
		return []rules.Op{rules.Contains}
	case rules.Contains, rules.Regexp, rules.CIDR:
		return []rules.Op{rules.Exists}
	case rules.Less:
		return []rules.Op{rules.LessOrEqual, rules.Exists}
	case rules.LessOrEqual:
		return []rules.Op{rules.Less, rules.Exists}
	case rules.Greater:
		return []rules.Op{rules.GreaterOrEqual, rules.Exists}
	case rules.GreaterOrEqual:
		return []rules.Op{rules.Greater, rules.Exists}
	}
	return nil
}

// closed reports whether a value of the item cannot be a part of another that a record may have: null, booleans, and what CloudTrail or an API
// chooses from a short list of its own. To look for a part of these finds nothing more.
func closed(item *rules.Item) bool {
	last := item.Field[strings.LastIndexByte(item.Field, '.')+1:]
	return slices.Contains(choices(), last) || !slices.ContainsFunc(item.Values, func(v rules.Value) bool {
		return v.Kind != rules.Null && v.Kind != rules.Bool && v.Text != "true" && v.Text != "false"
	})
}

// choices are the last parts of the names of fields with such values.
func choices() []string {
	return []string{
		"eventName", "eventSource", "eventType", "eventCategory", "type", "invokedBy", "errorMessage", "ConsoleLogin", "MFAUsed",
		"attribute", "attributeName", "field", "ipProtocol", "Effect", "Status", "x-amz-acl",
		"HttpTokens", "httpTokens", "ruleAction", "aclProtocol", "MfaDelete", "SSEApplied", "authType", "origin", "settingValue",
	}
}

// opName is the modifier of an operator.
func opName(op rules.Op) string {
	return [...]string{"equality", "contains", "startswith", "endswith", "re", "cidr", "exists", "lt", "lte", "gt", "gte"}[op]
}
