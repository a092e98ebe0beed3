package conf

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// FlattenFields returns the fields that Flatten names.
func (s *Settings) FlattenFields() []string { return list(s.Flatten) }

// mostSeparator is how many characters FlattenSeparator may have.
const mostSeparator = 8

func (s *Settings) validFlatten() error {
	fields := s.FlattenFields()
	for _, field := range fields {
		switch {
		case strings.Contains(field, "."):
			top, _, _ := strings.Cut(field, ".")
			return fmt.Errorf("flatten: %q is no top-level field: name %q, all of which is flattened then", field, top)
		case field == s.Key:
			return fmt.Errorf("flatten: %q is the key under which hits are written", field)
		}
	}
	if len(fields) == 0 && s.FlattenSeparator == "" { // of a Settings that nobody has parsed
		return nil
	}
	if err := validSeparator(s.FlattenSeparator); err != nil {
		return fmt.Errorf("flatten_separator: %w", err)
	}
	return nil
}

func validSeparator(text string) error {
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return errors.New("the text is empty; use . or _")
	case n > mostSeparator:
		return fmt.Errorf("%q is longer than %d characters", text, mostSeparator)
	case strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) || r == unicode.ReplacementChar }):
		return fmt.Errorf("%q has a space, a control character or invalid UTF-8 in it", text)
	}
	return nil
}

// list returns the items of a text with commas between them, each once.
func list(text string) []string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" && !slices.Contains(items, item) {
			items = append(items, item)
		}
	}
	return items
}
