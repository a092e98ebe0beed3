package rules

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
)

// encoding is a modifier that rewrites a value before it is compared (sigma-appendix-modifiers.md, "Encoding" and windash). One pattern may
// become several, which are alternatives.
type encoding func(Pattern) ([]Pattern, error)

// encodingOf returns the encoding of that name, or nil.
func encodingOf(modifier string) encoding {
	switch modifier {
	case "base64":
		return encodeBase64
	case "base64offset":
		return encodeBase64Offset
	case "utf16":
		return utf16Encoding("\xff\xfe", false)
	case "utf16le", "wide":
		return utf16Encoding("", false)
	case "utf16be":
		return utf16Encoding("", true)
	case "windash":
		return windash
	}
	return nil
}

// encodings are the names of all.
func encodings() []string {
	return []string{"base64", "base64offset", "utf16", "utf16le", "utf16be", "wide", "windash"}
}

// isEncoding reports whether a modifier rewrites values.
func isEncoding(modifier string) bool { return encodingOf(modifier) != nil }

// encode applies the encodings among modifiers, in their order.
func encode(modifiers []string, p Pattern) ([]Pattern, error) {
	list := []Pattern{p}
	for _, name := range modifiers {
		step := encodingOf(name)
		if step == nil {
			continue
		}
		var next []Pattern
		for _, p := range list {
			made, err := step(p)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			next = append(next, made...)
		}
		list = next
	}
	return list, nil
}

// literals returns the texts that a pattern stands for: one, unless it has dashes of windash.
func literals(p Pattern) ([]string, error) {
	const most = 625 // four dashes
	list := []string{""}
	for _, part := range p {
		choices := []string{part.Literal}
		switch part.Wildcard {
		case None:
		case Dash:
			choices = dashes()
		default:
			return nil, errors.New("the value has a wildcard, which cannot be encoded; escape it with a backslash if it is meant literally")
		}
		next := make([]string, 0, len(list)*len(choices))
		for _, text := range list {
			for _, c := range choices {
				next = append(next, text+c)
			}
		}
		if list = next; len(list) > most {
			return nil, fmt.Errorf("the dashes in the value make more than %d texts", most)
		}
	}
	return list, nil
}

func encodeBase64(p Pattern) ([]Pattern, error) {
	texts, err := literals(p)
	list := make([]Pattern, 0, len(texts))
	for _, text := range texts {
		list = append(list, Pattern{{Literal: base64.StdEncoding.EncodeToString([]byte(text))}})
	}
	return list, err
}

// encodeBase64Offset returns what the value looks like inside a longer text that is encoded, behind 0, 1 and 2 bytes of a group of three,
// without the characters that depend on what stands around it.
func encodeBase64Offset(p Pattern) ([]Pattern, error) {
	texts, err := literals(p)
	var list []Pattern
	for _, text := range texts {
		for shift, start := range []int{0, 2, 3} {
			end := []int{0, 3, 2}[(len(text)+shift)%3]
			encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + text))
			if part := encoded[start:max(start, len(encoded)-end)]; part != "" {
				list = append(list, Pattern{{Literal: part}})
			}
		}
	}
	if err == nil && len(list) == 0 {
		err = errors.New("the value is too short: nothing of it is the same at every offset")
	}
	return list, err
}

// utf16Encoding turns the literal parts into the bytes of UTF-16; wildcards stay.
func utf16Encoding(mark string, bigEndian bool) encoding {
	return func(p Pattern) ([]Pattern, error) {
		var out Pattern
		for _, part := range p {
			var b []byte
			for _, unit := range utf16.Encode([]rune(part.Literal)) {
				if bigEndian {
					b = binary.BigEndian.AppendUint16(b, unit)
				} else {
					b = binary.LittleEndian.AppendUint16(b, unit)
				}
			}
			part.Literal = string(b)
			out = append(out, part)
		}
		if len(out) > 0 && out[0].Wildcard == None {
			out[0].Literal = mark + out[0].Literal
		} else if mark != "" {
			out = slices.Insert(out, 0, Part{Literal: mark})
		}
		return []Pattern{out}, nil
	}
}

// dashes are the characters that windash takes for each other.
func dashes() []string { return []string{"-", "/", "–", "—", "―"} }

// dashed finds a dash before a word and not inside one.
var dashed = regexp.MustCompile(`(^|[^0-9A-Za-z_])([-/–—―])[0-9A-Za-z_]`)

// windash lets a dash before a word be any of the characters that Windows and its users write for it.
func windash(p Pattern) ([]Pattern, error) {
	var out Pattern
	for _, part := range p {
		if part.Wildcard != None {
			out = append(out, part)
			continue
		}
		rest := part.Literal
		for _, at := range dashed.FindAllStringSubmatchIndex(part.Literal, -1) {
			start, end := at[4]-(len(part.Literal)-len(rest)), at[5]-(len(part.Literal)-len(rest))
			if start > 0 {
				out = append(out, Part{Literal: rest[:start]})
			}
			out = append(out, Part{Wildcard: Dash})
			rest = rest[end:]
		}
		if rest != "" {
			out = append(out, Part{Literal: rest})
		}
	}
	return []Pattern{out}, nil
}
