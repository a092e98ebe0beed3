package awslint

import (
	"regexp"
	"slices"
	"strings"

	"sigmatrail/rules"
)

// plain reports whether an item compares a field with texts, by whichever operator, and not with another field or a part of a date.
func plain(item *rules.Item) bool {
	return item.Field != "" && !item.FieldRef && item.DatePart == rules.NoPart && item.Op <= rules.Regexp && !encoded(item)
}

// encoded reports whether the values are changed before they are compared.
func encoded(item *rules.Item) bool {
	return slices.ContainsFunc(item.Modifiers, func(m string) bool {
		return strings.HasPrefix(m, "base64") || strings.HasPrefix(m, "utf16") || m == "wide" || m == "windash"
	})
}

// exact returns the texts that a field must be one of, unescaped; ok is false where the item says something else of it.
func exact(item *rules.Item) (texts []string, ok bool) {
	if !plain(item) || item.Op != rules.Equal || item.Negate || item.All {
		return nil, false
	}
	for _, v := range item.Values {
		text, ok := literal(v)
		if !ok {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, len(texts) > 0
}

// literal returns the text that a value stands for, if it has no wildcards.
func literal(v rules.Value) (string, bool) {
	if v.Kind == rules.Null || len(v.Patterns) != 1 {
		return "", false
	}
	var b strings.Builder
	for _, part := range v.Patterns[0] {
		if part.Wildcard != rules.None {
			return "", false
		}
		b.WriteString(part.Literal)
	}
	return b.String(), true
}

// tester returns the function that reports whether an item holds for a field that is one text.
func tester(item *rules.Item) func(text string) bool {
	tests := make([]func(string) bool, 0, len(item.Values))
	for _, v := range item.Values {
		tests = append(tests, valueTester(item, v))
	}
	return func(text string) bool {
		found := 0
		for _, test := range tests {
			if test(text) {
				found++
			}
		}
		return (found > 0 && (!item.All || found == len(tests))) != item.Negate
	}
}

// valueTester returns the function that reports whether one value of an item satisfies it, negation aside.
func valueTester(item *rules.Item, v rules.Value) func(text string) bool {
	switch {
	case item.Op == rules.Exists:
		return func(string) bool { return v.Bool }
	case v.Kind == rules.Null:
		return func(string) bool { return false }
	case item.Op == rules.Regexp:
		return v.Regexp.MatchString
	}
	patterns := make([]*regexp.Regexp, 0, len(v.Patterns))
	for _, p := range v.Patterns {
		patterns = append(patterns, patternOf(item, p))
	}
	return func(text string) bool {
		return v.Kind == rules.Number && item.Op == rules.Equal && text == v.Text ||
			slices.ContainsFunc(patterns, func(re *regexp.Regexp) bool { return re.MatchString(text) })
	}
}

// patternOf writes a pattern as a regular expression, which is slow and obvious.
func patternOf(item *rules.Item, p rules.Pattern) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("(?s)")
	if !item.Cased {
		b.WriteString("(?i)")
	}
	if item.Op == rules.Equal || item.Op == rules.StartsWith {
		b.WriteByte('^')
	}
	for _, part := range p {
		b.WriteString(map[rules.Wildcard]string{rules.None: "", rules.One: ".", rules.Any: ".*", rules.Dash: "[-/–—―]"}[part.Wildcard])
		b.WriteString(regexp.QuoteMeta(part.Literal))
	}
	if item.Op == rules.Equal || item.Op == rules.EndsWith {
		b.WriteByte('$')
	}
	return regexp.MustCompile(b.String())
}

// isNull reports whether an item demands that a field is absent or null, or the opposite of that.
func isNull(item *rules.Item) (null, decided bool) {
	if item.Field == "" || len(item.Values) == 0 || item.FieldRef {
		return false, false
	}
	v := item.Values[0]
	switch {
	case v.Kind == rules.Null:
		return !item.Negate, true
	case item.Op == rules.Exists && !v.Bool:
		return true, true
	case item.Op == rules.Exists && !item.Negate:
		return false, false // what exists may be null
	case item.Negate:
		return false, false
	}
	return false, true // all else needs a value
}

// narrow returns the texts that a field can be by all items on it that hold: those of the first list, as far as the others allow them. ok is false
// where no item lists texts.
func narrow(items []*rules.Item, field string) (texts []string, ok bool) {
	for _, item := range items {
		if item.Field == field && !ok {
			texts, ok = exact(item)
		}
	}
	if !ok {
		return nil, false
	}
	for _, item := range items {
		if item.Field == field && (plain(item) || item.Op == rules.Exists) {
			test := tester(item)
			texts = slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return !test(text) })
		}
	}
	return texts, true
}

// choose does the same where items may also be about the beginning of a text or the like: then it is what of words they allow.
func choose(items []*rules.Item, field string, words []string) (texts []string, ok bool) {
	if texts, ok = narrow(items, field); ok {
		return texts, true
	}
	texts = words
	for _, item := range items {
		if item.Field == field && plain(item) && !item.Negate && !slices.ContainsFunc(item.Values, func(v rules.Value) bool { return v.Kind == rules.Null }) {
			ok = true
			test := tester(item)
			texts = slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return !test(text) })
		}
	}
	return texts, ok
}
