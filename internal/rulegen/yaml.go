package rulegen

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// scalar is one value of a rule. plain ones stand without quotes: their text is safe there.
type scalar struct {
	text  string
	plain bool
}

// plainScalars are what YAML takes for something else than a text, beside the numbers.
func plainScalars() []string {
	return []string{"true", "false", "True", "FALSE", "No", "on", "2024-01-02", "0x1f", ".inf", "0o17", "1_000"}
}

// String returns the scalar as YAML.
func (s scalar) String() string {
	switch {
	case s.plain:
		return s.text
	case strings.ContainsFunc(s.text, unicode.IsControl):
		return doubleQuoted(s.text)
	default:
		return "'" + strings.ReplaceAll(s.text, "'", "''") + "'"
	}
}

// doubleQuoted is the one form of YAML that has escapes.
func doubleQuoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// item is one member of a search identifier: a field with its modifiers, and values.
type item struct {
	key    string
	values []scalar
	listed bool // write a single value as a list
}

// lines returns the item as lines of YAML without indent. A short list stands in one line in half of the cases.
func (i item) lines(c choices) []string {
	key := scalar{text: i.key, plain: i.key[0] != '|'}.String()
	texts := make([]string, len(i.values))
	for n, v := range i.values {
		texts[n] = v.String()
	}
	switch {
	case len(texts) == 1 && !i.listed:
		return []string{key + ": " + texts[0]}
	case len(texts) < 5 && c.percent(50):
		return []string{key + ": [" + strings.Join(texts, ", ") + "]"}
	}
	list := []string{key + ":"}
	for _, text := range texts {
		list = append(list, "  - "+text)
	}
	return list
}

// search is a search identifier: groups of items, or words, or both.
type search struct {
	name   string
	groups [][]item
	words  []scalar
}

// lines returns the search identifier as lines of YAML without indent.
func (s search) lines(c choices) []string {
	list := []string{s.name + ":"}
	if len(s.groups) == 1 && len(s.words) == 0 && c.percent(80) {
		return append(list, indent(itemLines(c, s.groups[0]))...)
	}
	for _, g := range s.groups {
		inner := indent(itemLines(c, g))
		inner[0] = "- " + strings.TrimPrefix(inner[0], "  ")
		list = append(list, indent(inner)...)
	}
	for _, w := range s.words {
		list = append(list, "  - "+w.String())
	}
	return list
}

func itemLines(c choices, group []item) []string {
	var list []string
	for _, i := range group {
		list = append(list, i.lines(c)...)
	}
	return list
}

func indent(lines []string) []string {
	lines = slices.Clone(lines)
	for i := range lines {
		lines[i] = "  " + lines[i]
	}
	return lines
}
