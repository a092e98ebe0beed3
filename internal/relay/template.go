package relay

import (
	"fmt"
	"strconv"
	"strings"
)

// template makes a tag of a record's own one.
type template []piece

// piece is a text, or the whole tag, or one of its parts.
type piece struct {
	text string
	part int
}

// Values of piece.part that are no part's number.
const (
	literal = -1
	whole   = -2
)

// parseTemplate reads a template: $TAG, $TAG[0], $TAG[1] and so on among any other text.
func parseTemplate(text string) (t template, err error) {
	const name = "$TAG"
	for text != "" {
		before, rest, found := strings.Cut(text, "$")
		if before != "" {
			t = append(t, piece{text: before, part: literal})
		}
		if !found {
			return t, nil
		}
		rest, ok := strings.CutPrefix("$"+rest, name)
		if !ok {
			return nil, fmt.Errorf("%q: a tag is made of $TAG, $TAG[0], $TAG[1] and so on, and other text without $", text)
		}
		p := piece{part: whole}
		if inside, ok := strings.CutPrefix(rest, "["); ok {
			number, behind, closed := strings.Cut(inside, "]")
			if p.part, err = strconv.Atoi(number); err != nil || p.part < 0 || !closed {
				return nil, fmt.Errorf("%q: between [ and ] the number of a part is due", text)
			}
			rest = behind
		}
		t, text = append(t, p), rest
	}
	return t, nil
}

// tag returns the tag to send under. A part that tag does not have is empty; where nothing would be left tag stays.
func (t template) tag(tag string) string {
	var b strings.Builder
	parts := strings.Split(tag, ".")
	for _, p := range t {
		switch {
		case p.part == literal:
			b.WriteString(p.text)
		case p.part == whole:
			b.WriteString(tag)
		case p.part < len(parts):
			b.WriteString(parts[p.part])
		}
	}
	if b.Len() == 0 {
		return tag
	}
	return b.String()
}
