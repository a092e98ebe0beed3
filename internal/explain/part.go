package explain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// Part is a rule, or a part of one, with what it came to.
type Part struct {
	// Step is any, all, not or item: which of Parts must hold.
	Step string `json:"step"`
	// Name is a search identifier, or a quantifier with its pattern.
	Name  string `json:"name,omitempty"`
	Holds bool   `json:"holds"`
	// Filter is the Sigma Filter, with its place, that has added the part to the rule.
	Filter string `json:"filter,omitempty"`
	Item   *Item  `json:"item,omitempty"`
	Seen   []Seen `json:"seen,omitempty"`
	Parts  []Part `json:"parts,omitempty"`

	item  *rules.Item
	empty bool // the field is there, and has no value: an empty array
}

// Item is what is asked.
type Item struct {
	// Field is empty for keywords.
	Field     string   `json:"field"`
	Modifiers []string `json:"modifiers,omitempty"`
	// Values are the rule's, as they are written, but with placeholders replaced; null is nil.
	Values []any  `json:"values"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Seen is one value of the record that an item looked at.
type Seen struct {
	Field string          `json:"field"`
	Value json.RawMessage `json:"value"`
	// Satisfied is the rule's value that holds for it, as it is written.
	Satisfied *string `json:"satisfied,omitempty"`
	// Other is the value of another field that it was compared with.
	Other json.RawMessage `json:"other,omitempty"`
}

// builder makes the parts of one explanation.
type builder struct {
	*Explainer

	found record.Found
}

// part makes a part of a trace. What only one part is in, and has no name, is that part.
func (b *builder) part(t *oracle.Trace) Part {
	if t.Step == oracle.Item {
		return b.item(t)
	}
	p := Part{Step: map[oracle.Step]string{oracle.Any: "any", oracle.All: "all", oracle.Not: "not"}[t.Step], Name: t.Name, Holds: t.Holds}
	for i := range t.Parts {
		p.Parts = append(p.Parts, b.part(&t.Parts[i]))
	}
	if len(p.Parts) == 1 && t.Step != oracle.Not {
		only := p.Parts[0]
		if p.Name == "" {
			return only
		}
		p.Step = "all" // of one
		if only.Name == "" && only.Step == "all" {
			p.Parts = only.Parts
		}
	}
	if len(p.Parts) > 0 {
		p.Filter = p.Parts[0].Filter // all searches of a filter, and all parts of a search, have one origin
		for _, part := range p.Parts[1:] {
			if part.Filter != p.Filter {
				p.Filter = ""
			}
		}
	}
	return p
}

func (b *builder) item(t *oracle.Trace) Part {
	p := Part{Step: "item", Holds: t.Holds, item: t.Item}
	p.Item = &Item{Field: t.Item.Field, Modifiers: t.Item.Modifiers, Values: values(t.Item), File: t.Item.File, Line: t.Item.Line, Column: t.Item.Column}
	if f := b.filters[t.Item]; f != nil {
		p.Filter = fmt.Sprintf("%s (%s)", f.Title, f.Position)
	}
	for _, s := range t.Seen {
		seen := Seen{Field: s.Field, Value: rawJSON(s.Value)}
		if s.Value == nil && s.Satisfied != nil && s.Text != "" { // a time that stands in
			seen.Value = rawJSON(s.Text)
		}
		if s.Satisfied != nil {
			seen.Satisfied = &s.Satisfied.Text
		}
		if s.Other != nil {
			seen.Other = rawJSON(s.Other.Value)
		}
		p.Seen = append(p.Seen, seen)
	}
	p.empty = len(t.Seen) == 0 && t.Item.Field != "" && len(b.found.At(t.Item.Field)) > 0
	return p
}

// rawJSON returns a value of a record as JSON. Bytes that are not UTF-8, which JSON lacks, become U+FFFD.
func rawJSON(v any) json.RawMessage {
	return bytes.ToValidUTF8(record.AppendJSON(nil, v), []byte("\uFFFD"))
}

func values(item *rules.Item) []any {
	list := make([]any, 0, len(item.Values))
	for i := range item.Values {
		switch v := &item.Values[i]; v.Kind {
		case rules.Null:
			list = append(list, nil)
		case rules.Bool:
			list = append(list, v.Bool)
		case rules.Number:
			list = append(list, number(v.Text))
		case rules.Text:
			list = append(list, strings.ToValidUTF8(v.Text, "\uFFFD"))
		}
	}
	return list
}

// number returns a number as JSON has it, or the text where JSON has none that is written so.
func number(text string) any {
	if json.Valid([]byte(text)) {
		return json.Number(text)
	}
	return text
}

// turn is an item whose verdict has to become want.
type turn struct {
	part *Part
	want bool
}

// needed returns the items that have to turn for the part to become want, in the rule's order and as few as will do. ok is false where nothing would.
func (p *Part) needed(want bool) (list []turn, ok bool) {
	switch {
	case p.Holds == want:
		return nil, true
	case p.Step == "item":
		return []turn{{p, want}}, true
	case p.Step == "not":
		return p.Parts[0].needed(!want)
	}
	every := (p.Step == "all") == want
	for i := range p.Parts {
		part, can := p.Parts[i].needed(want)
		switch {
		case every && !can:
			return nil, false
		case every:
			list, ok = append(list, part...), true
		case can && (!ok || len(part) < len(list)):
			list, ok = part, true
		}
	}
	return list, ok
}
