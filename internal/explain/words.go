package explain

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"sigmatrail/rules"
)

// The limits of what is shown to people; JSON has all.
const (
	mostValues = 6   // of a rule
	mostSeen   = 3   // of a record
	mostText   = 120 // characters of one value
)

// wish says what the record has for an item and what the rule wants, which is that the item holds, or that it does not.
func (p *Part) wish(holds bool) string {
	item := p.item
	wants := "the rule wants "
	if holds == item.Negate {
		wants += "anything but "
	}
	if item.Op == rules.Exists {
		state := map[bool]string{true: "there", false: "absent"}
		return fmt.Sprintf("%s; the rule wants it %s", p.state(), state[item.Values[0].Bool == holds])
	}
	return p.state() + "; " + wants + asked(item)
}

// state says what the record has for an item.
func (p *Part) state() string {
	if p.item.Field == "" {
		return "the record " + p.has()
	}
	return p.item.Field + " " + p.has()
}

// has says what the record has at the item's field.
func (p *Part) has() string {
	keywords := p.item.Field == ""
	switch {
	case p.empty:
		return "is an empty list"
	case keywords && !slices.ContainsFunc(p.Seen, satisfied):
		return "has no such text"
	case len(p.Seen) == 0:
		return "is absent"
	}
	// What satisfies the item goes before the rest.
	seen := slices.Clone(p.Seen)
	slices.SortStableFunc(seen, func(a, b Seen) int {
		rank := map[bool]int{true: 0, false: 1}
		return rank[satisfied(a)] - rank[satisfied(b)]
	})
	var parts []string
	for i, s := range seen {
		if i == mostSeen {
			parts = append(parts, fmt.Sprintf("%d more", len(seen)-i))
			break
		}
		text := p.value(s)
		if keywords && s.Field != "" {
			text = s.Field + " " + text
		}
		parts = append(parts, text)
	}
	return map[bool]string{true: "has ", false: "is "}[keywords] + join(parts, "and")
}

func satisfied(s Seen) bool { return s.Satisfied != nil }

// value shows one value that the record has, with what of the rule holds for it where that is not clear without.
func (p *Part) value(s Seen) string {
	text := clip(string(s.Value))
	switch {
	case s.Other != nil:
		return text + " (as " + clip(string(s.Other)) + ")"
	case s.Satisfied != nil && len(p.item.Values) > 1 && string(s.Value) != quote(*s.Satisfied) && string(s.Value) != *s.Satisfied:
		return text + " (" + clip(quote(*s.Satisfied)) + ")"
	}
	return text
}

// asked says what an item asks for, before any negation.
func asked(item *rules.Item) string {
	if item.Values[0].Kind == rules.Null {
		return "no value (null)"
	}
	text := fmt.Sprintf(form(item), alternatives(item))
	var notes []string
	for _, m := range item.Modifiers {
		if slices.Contains([]string{"base64", "base64offset", "utf16", "utf16le", "utf16be", "wide", "windash", "cased", "i", "m", "s"}, m) {
			notes = append(notes, m)
		}
	}
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, ", ") + ")"
	}
	return text
}

// form says, around %s for the values, what an operator asks for.
func form(item *rules.Item) string {
	number := map[rules.Op]string{
		rules.Less: "less than %s", rules.LessOrEqual: "at most %s", rules.Greater: "more than %s", rules.GreaterOrEqual: "at least %s",
	}
	if part := item.DatePart; part != rules.NoPart {
		name := map[rules.DatePart]string{
			rules.Minute: "minute", rules.Hour: "hour", rules.Day: "day", rules.Week: "week", rules.Month: "month", rules.Year: "year",
		}[part]
		if comparison := number[item.Op]; comparison != "" {
			return "its " + name + " to be " + comparison
		}
		return "its " + name + " to be %s"
	}
	switch item.Op {
	case rules.Contains:
		return "a text with %s in it"
	case rules.StartsWith:
		return "a text that begins with %s"
	case rules.EndsWith:
		return "a text that ends with %s"
	case rules.Regexp:
		return "a match of %s"
	case rules.CIDR:
		return "an address in %s"
	case rules.Equal:
		if slices.ContainsFunc(item.Values, hasWildcard) {
			return "a text like %s"
		}
		return "%s"
	}
	return number[item.Op]
}

func hasWildcard(v rules.Value) bool {
	return slices.ContainsFunc(v.Patterns, func(p rules.Pattern) bool {
		return slices.ContainsFunc(p, func(part rules.Part) bool { return part.Wildcard == rules.Any || part.Wildcard == rules.One })
	})
}

// alternatives lists the values of an item.
func alternatives(item *rules.Item) string {
	var parts []string
	for i := range item.Values {
		if i == mostValues && len(item.Values) > mostValues+1 {
			parts = append(parts, fmt.Sprintf("%d more", len(item.Values)-i))
			break
		}
		v := &item.Values[i]
		switch {
		case item.FieldRef:
			parts = append(parts, "the value of "+v.Text)
		case v.Kind == rules.Text:
			parts = append(parts, clip(quote(v.Text)))
		default:
			parts = append(parts, v.Text)
		}
	}
	switch {
	case len(parts) == 1:
		return parts[0]
	case item.All:
		return "all of " + strings.Join(parts, ", ")
	}
	return "one of " + strings.Join(parts, ", ")
}

// quote puts a text between quotation marks and shows it as JSON does.
func quote(text string) string { return string(rawJSON(text)) }

// clip shortens a text to what fits on a line.
func clip(text string) string {
	if utf8.RuneCountInString(text) <= mostText {
		return text
	}
	return string([]rune(text)[:mostText-1]) + "…"
}

func join(parts []string, word string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " " + word + " " + parts[len(parts)-1]
}
