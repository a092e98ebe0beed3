package awslint

import (
	"fmt"
	"slices"
	"strings"

	"sigmatrail/rules"
)

// twins tells of rules whose detection is that of an earlier one, whatever its parts are called and in whatever order they stand.
func (l *linter) twins(list []*rules.Rule) {
	first := make(map[string]*rules.Rule)
	for _, r := range list {
		conditions := make([]string, 0, len(r.Conditions))
		for _, c := range r.Conditions {
			conditions = append(conditions, canonicalCondition(c))
		}
		key := join("or", conditions)
		if earlier := first[key]; earlier != nil {
			l.warn(r.Position, Twin, "leave one of them out", "the detection is the same as that of %q at %s", earlier.Title, earlier.Position)
			continue
		}
		first[key] = r
	}
}

// canonicalCondition returns a text that is the same for conditions that mean the same by order and names alone.
func canonicalCondition(c rules.Condition) string {
	operator, terms := "and", []rules.Condition(nil)
	switch c := c.(type) {
	case rules.Not:
		return "not(" + canonicalCondition(c.Term) + ")"
	case rules.Ref:
		groups := make([]string, 0, len(c.Search.Groups))
		for _, g := range c.Search.Groups {
			items := make([]string, 0, len(g.Items))
			for _, item := range g.Items {
				items = append(items, canonical(item))
			}
			groups = append(groups, join("and", items))
		}
		return join("or", groups)
	case rules.And:
		terms = c.Terms
	case rules.Or:
		operator, terms = "or", c.Terms
	case rules.Of:
		if !c.All {
			operator = "or"
		}
		for _, s := range c.Searches {
			terms = append(terms, rules.Ref{Search: s})
		}
	}
	texts := make([]string, 0, len(terms))
	for _, t := range terms {
		texts = append(texts, canonicalCondition(t))
	}
	return join(operator, texts)
}

// join puts sorted terms behind an operator; a single one stands for itself, and what is joined by the same operator already is taken apart.
func join(operator string, terms []string) string {
	var flat []string
	for _, t := range terms {
		if inner, ok := strings.CutPrefix(t, operator+"[\n"); ok {
			flat = append(flat, strings.Split(strings.TrimSuffix(inner, "\n]"), "\n, ")...)
			continue
		}
		flat = append(flat, strings.ReplaceAll(t, "\n", "\n "))
	}
	slices.Sort(flat)
	if flat = slices.Compact(flat); len(flat) == 1 {
		return strings.ReplaceAll(flat[0], "\n ", "\n")
	}
	return operator + "[\n" + strings.Join(flat, "\n, ") + "\n]"
}

// canonical returns a text that is the same for items that ask the same, whatever the order of values and, where it does not count, their case.
func canonical(item *rules.Item) string {
	values := make([]string, 0, len(item.Values))
	for _, v := range item.Values {
		text := v.Text
		switch {
		case v.Kind == rules.Null:
			text = "null"
		case item.Op == rules.Regexp:
			text = v.Regexp.String()
		case item.Op == rules.CIDR:
			text = v.Prefix.String()
		case !item.Cased && !item.FieldRef:
			text = strings.ToLower(text)
		}
		values = append(values, fmt.Sprintf("%d%q", min(v.Kind, rules.Null), text))
	}
	slices.Sort(values)
	var encodings []string
	for _, m := range item.Modifiers {
		if encoded(&rules.Item{Modifiers: []string{m}}) {
			encodings = append(encodings, m)
		}
	}
	return fmt.Sprintf("%q%d.%d %t%t%t%t%s%s", item.Field, item.Op, item.DatePart, item.All, item.Cased, item.Negate, item.FieldRef, encodings, slices.Compact(values))
}
