// Package matcher turns boolean expressions over the fields of a record into an immutable Program that finds, among any number of rules,
// those that hold for one record, at little more than the cost of looking at the record. It looks up the values of a few fields, which give
// the few rules that can hold at all (over-inclusion is allowed, exclusion never), and runs the conditions of those alone. It knows neither
// Sigma nor YAML, msgpack, CloudTrail or Fluent Bit, and does no input or output.
package matcher

import (
	"net/netip"
	"regexp"
)

// Expr is a node of an expression: And, Or, Not or *Atom.
type Expr interface{ isExpr() }

// And holds if all of its terms do; an empty one holds.
type And []Expr

// Or holds if any of its terms does; an empty one does not.
type Or []Expr

// Not holds if its term does not.
type Not struct{ Term Expr }

func (And) isExpr()   {}
func (Or) isExpr()    {}
func (Not) isExpr()   {}
func (*Atom) isExpr() {}

// WholeRecord is the name of the field whose only value is the record itself, an Object.
const WholeRecord = ""

// Op says what an Atom asks of a field.
type Op uint8

const (
	// Exists holds if the field is there, whatever its value.
	Exists Op = iota
	// IsNull holds if the field has no value but null: it is absent, null, or an array of nulls or of nothing.
	IsNull
	// Text holds if any value of the field fits any of Patterns, or is one of Numbers.
	Text
	// Regexp holds if Regexp matches in any value of the field.
	Regexp
	// CIDR holds if any value is an address in Prefix, or a network wholly inside it.
	CIDR
	// Compare holds if any value is a number, or the text of one, that stands to Number as Order says.
	Compare
	// Date holds if any value is a time of which Part stands to Number as Order says.
	Date
	// Ref holds if any value stands to any value of the field Other as Affix says.
	Ref
)

// Order says how a value stands to a number.
type Order uint8

// The orders.
const (
	Same Order = iota
	Less
	LessOrEqual
	Greater
	GreaterOrEqual
)

// Part is a part of a date.
type Part uint8

// The parts of dates. Weeks are those of ISO 8601.
const (
	Minute Part = iota
	Hour
	Day
	Week
	Month
	Year
)

// Affix says where in a value the text of another stands.
type Affix uint8

// The places.
const (
	Whole Affix = iota
	Anywhere
	Start
	End
)

// Atom is one question about one field.
type Atom struct {
	// Field is the field's name, which means nothing here; WholeRecord is the record.
	Field string
	Op    Op
	// Cased compares texts exactly; otherwise by Unicode simple folding (Text, Ref).
	Cased bool

	Patterns []Pattern // Text
	// Numbers are decimal numbers: a value that is a number equals one by its value, one that is a text as Patterns say (Text).
	Numbers []string
	Regexp  *regexp.Regexp
	Prefix  netip.Prefix // CIDR, without host bits

	Order  Order  // Compare, Date
	Number string // Compare, Date: a decimal number
	Part   Part   // Date
	// Received lets the time at which the record was received stand in where the field has no time (Date).
	Received bool

	Other string // Ref
	Affix Affix  // Ref
}

// Pattern is a text with wildcards that fits whole values.
type Pattern struct {
	Parts []PatternPart
	// Inside lets it fit any scalar below a value that is an object, JSON the object's compact JSON text, too.
	Inside, JSON bool
}

// PatternPart is a literal text, or a wildcard.
type PatternPart struct {
	Wildcard Wildcard
	// Literal is set where Wildcard is NoWildcard.
	Literal string
}

// Wildcard is a kind of wildcard.
type Wildcard uint8

// The wildcards: none, one character, any run of characters, one of the dashes - / – — ―.
const (
	NoWildcard Wildcard = iota
	AnyOne
	AnyRun
	AnyDash
)
