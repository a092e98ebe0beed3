package rules

import (
	"net/netip"
	"regexp"
	"strings"
)

// Rule is one Sigma detection rule as it was written, with the meaning of each part worked out. It is immutable after parsing.
type Rule struct {
	// Position is where the rule's document begins.
	Position
	// Title is a brief title that says what the rule detects.
	Title string
	// ID is globally unique, as a rule a UUID; it may be empty.
	ID string
	// Name is a short name that correlation rules may refer to.
	Name string
	// Status is stable, test, experimental, deprecated or unsupported; it may be empty.
	Status      string
	Description string
	Author      string
	License     string
	// Date and Modified keep the text of the rule.
	Date, Modified string
	Taxonomy       string
	Level          Level
	// Tags are namespace.name, as written.
	Tags           []string
	References     []string
	FalsePositives []string
	Fields         []string
	// Scope is the reach of the rule, as written.
	Scope []string
	// Related are the rules that this one is related to.
	Related []Relation
	// Custom are the attributes that Sigma does not have, in the rule's order; nil for rules that are about other logs.
	Custom    []Attribute
	LogSource LogSource
	// Searches are the detection's search identifiers, in the order of the rule.
	Searches []*Search
	// Conditions are alternatives: the rule matches if any of them does.
	Conditions []Condition
	// Collected is set where several documents of a rule collection make the rule; those may share an id.
	Collected bool
}

// LogSource says which logs a rule is about (sigma-rules-specification.md, "Log source").
type LogSource struct {
	Category   string `json:"category,omitempty"`
	Definition string `json:"definition,omitempty"`
	Product    string `json:"product,omitempty"`
	Service    string `json:"service,omitempty"`
}

// AppliesToCloudTrail reports whether the rule is about CloudTrail records: product aws with service cloudtrail or none, or service
// cloudtrail alone.
func (r *Rule) AppliesToCloudTrail() bool {
	product, service := strings.ToLower(r.LogSource.Product), strings.ToLower(r.LogSource.Service)
	switch product {
	case "aws":
		return service == "" || service == "cloudtrail"
	case "":
		return service == "cloudtrail"
	}
	return false
}

// Search is one search identifier of a detection.
type Search struct {
	Position
	Name string
	// Groups are alternatives: a map is one group, a list of maps one each. Keywords are one group of one item without a field.
	Groups []Group
}

// Group is a set of items that must all hold.
type Group struct {
	Items []*Item
}

// Item compares one field, or the whole record, with values.
type Item struct {
	Position
	// Field is the path of the field, its parts joined by dots; it is empty for keywords.
	Field string
	// Modifiers are the modifiers as written.
	Modifiers []string
	// Op says how a value is compared with the field.
	Op Op
	// DatePart compares a part of a date instead of the value itself.
	DatePart DatePart
	// All demands that every value holds, each for some element of the field; otherwise any value is enough.
	All bool
	// Cased compares exactly; otherwise case does not matter.
	Cased bool
	// Negate turns the verdict over all values around.
	Negate bool
	// FieldRef takes each value as the path of another field of the same record.
	FieldRef bool
	Values   []Value
}

// Op is the kind of a comparison.
type Op uint8

// The comparisons. Equal includes wildcards.
const (
	Equal Op = iota
	Contains
	StartsWith
	EndsWith
	Regexp
	CIDR
	Exists
	Less
	LessOrEqual
	Greater
	GreaterOrEqual
)

// DatePart is a part of a date (sigma-appendix-modifiers.md, "Time Modifiers").
type DatePart uint8

// The parts of dates. Weeks are those of ISO 8601.
const (
	NoPart DatePart = iota
	Minute
	Hour
	Day
	Week
	Month
	Year
)

// Kind is the type that YAML gives a value.
type Kind uint8

// The kinds of values.
const (
	Text Kind = iota
	Number
	Bool
	Null
)

// Value is one value of an item.
type Value struct {
	Position
	Kind Kind
	// Text is the value as written, after YAML's quotes and before Sigma's escapes.
	Text string
	// Number is the canonical decimal of a Number.
	Number Decimal
	// Patterns are the text with its wildcards and escapes worked out and encoded as the modifiers say (Equal, Contains, StartsWith,
	// EndsWith): alternatives, of which there is more than one behind an encoding alone.
	Patterns []Pattern
	// Regexp is compiled from the text (Op Regexp).
	Regexp *regexp.Regexp
	// Prefix is the network (Op CIDR).
	Prefix netip.Prefix
	// Bool is the value of a Bool.
	Bool bool
}

// Pattern is a text with wildcards, as a sequence of parts.
type Pattern []Part

// Part is a literal text, or a wildcard.
type Part struct {
	Wildcard Wildcard
	// Literal is set where Wildcard is None.
	Literal string
}

// Wildcard is a kind of wildcard.
type Wildcard uint8

// The wildcards: none, one character, any run of characters, one of the dashes of windash.
const (
	None Wildcard = iota
	One
	Any
	Dash
)

// ParsePattern works out the wildcards and escapes of text (sigma-rules-specification.md, "Escape Character"): * and ? are wildcards,
// \*, \? and \\ stand for the second character, and any other backslash for itself.
func ParsePattern(text string) Pattern {
	var pattern Pattern
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			pattern = append(pattern, Part{Literal: literal.String()})
			literal.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && strings.IndexByte(`\*?`, text[i+1]) >= 0:
			i++
			literal.WriteByte(text[i])
		case c == '*':
			flush()
			pattern = append(pattern, Part{Wildcard: Any})
		case c == '?':
			flush()
			pattern = append(pattern, Part{Wildcard: One})
		default:
			literal.WriteByte(c)
		}
	}
	flush()
	return pattern
}
