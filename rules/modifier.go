package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// operators are the modifiers that choose how a value is compared (sigma-appendix-modifiers.md).
func operators() map[string]Op {
	return map[string]Op{
		"contains": Contains, "startswith": StartsWith, "endswith": EndsWith, "re": Regexp, "cidr": CIDR, "exists": Exists,
		"lt": Less, "lte": LessOrEqual, "gt": Greater, "gte": GreaterOrEqual,
	}
}

// dateRange is a part of a date and the numbers that it can be.
type dateRange struct {
	part        DatePart
	least, most int
}

// dateParts are the modifiers that take a part of a date.
func dateParts() map[string]dateRange {
	return map[string]dateRange{
		"minute": {Minute, 0, 59}, "hour": {Hour, 0, 23}, "day": {Day, 1, 31}, "week": {Week, 1, 53}, "month": {Month, 1, 12}, "year": {Year, 1, 9999},
	}
}

// switches are the modifiers that change an item beside its operator.
func switches() []string { return []string{"all", "cased", "expand", "neq", "fieldref", "i", "m", "s"} }

// modifiers works out the chain of modifiers.
func (p *parser) modifiers(key *node, item *Item) bool {
	c := chain{parser: p, key: key, item: item, ok: true}
	for i, name := range item.Modifiers {
		if slices.Contains(item.Modifiers[:i], name) {
			c.conflict("the modifier %q stands twice", name)
		} else {
			c.modifier(name)
		}
	}
	item.All = slices.Contains(item.Modifiers, "all")
	item.Cased = slices.Contains(item.Modifiers, "cased")
	item.Negate = slices.Contains(item.Modifiers, "neq")
	item.FieldRef = slices.Contains(item.Modifiers, "fieldref")
	if item.Field == "" && c.operator == "" {
		item.Op = Contains
	}
	if slices.Contains(item.Modifiers, "base64offset") && item.Op != Contains {
		p.warn(key.place, ModifierOrder, "base64offset finds a part of an encoded text; without contains behind it the part must be the whole value")
	}
	return c.ok && c.combination()
}

// chain is the modifiers of one item while they are read.
type chain struct {
	*parser

	key      *node
	item     *Item
	operator string // the one that was chosen
	ok       bool
}

func (c *chain) conflict(format string, args ...any) {
	c.err(c.key.place, ModifierConflict, format, args...)
	c.ok = false
}

// modifier takes the next modifier of the chain.
func (c *chain) modifier(name string) {
	op, isOperator := operators()[name]
	date, isDate := dateParts()[name]
	switch {
	case isOperator && c.operator != "":
		c.conflict("the modifiers %q and %q cannot combine", c.operator, name)
	case isOperator:
		c.item.Op, c.operator = op, name
	case isDate:
		c.datePart(name, date.part)
	case isEncoding(name):
		// The wildcards of an operator could not be encoded; windash leaves them.
		if name != "windash" && c.operator != "" {
			c.conflict("%q rewrites the value and must stand before %q", name, c.operator)
		}
	case !slices.Contains(switches(), name):
		c.errHint(c.key.place, UnknownModifier, likelyModifier(name), "Sigma has no modifier %q", name)
		c.ok = false
	}
}

func (c *chain) datePart(name string, part DatePart) {
	if c.operator != "" || c.item.DatePart != NoPart {
		c.conflict("%q takes a part of a date: it must be the only one that does, and stand before lt, lte, gt and gte", name)
	}
	c.item.DatePart = part
}

func likelyModifier(name string) string {
	known := slices.AppendSeq(switches(), maps.Keys(encodings()))
	known = slices.AppendSeq(known, maps.Keys(dateParts()))
	for op := range operators() {
		known = append(known, op)
	}
	slices.Sort(known)
	if best := nearest(strings.ToLower(name), known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "modifiers are " + strings.Join(known, ", ")
}

// has returns the first of names that is in the chain, or "".
func (c *chain) has(names ...string) string {
	for _, name := range names {
		if slices.Contains(c.item.Modifiers, name) {
			return name
		}
	}
	return ""
}

// combination refuses modifiers that mean nothing together.
func (c *chain) combination() bool {
	item := c.item
	encoded := c.has(slices.Sorted(maps.Keys(encodings()))...)
	flag := c.has("i", "m", "s")
	switch {
	case flag != "" && item.Op != Regexp:
		c.conflict("%q is a flag of re and stands behind it", flag)
	case item.DatePart != NoPart && (!isNumeric(item.Op) || item.FieldRef || item.Cased || encoded != ""):
		c.conflict("a part of a date is a number, which cannot be compared by %q", strings.Join(item.Modifiers, "|"))
	case !isTextual(item.Op) || item.FieldRef:
		c.needsText(encoded)
	}
	if item.Field == "" && !isKeyword(item) {
		c.conflict("keywords can take all, cased, contains and re, not %q", strings.Join(item.Modifiers, "|"))
	}
	return c.ok
}

// needsText refuses what means something for texts alone on an item that does not compare its values as texts.
func (c *chain) needsText(encoded string) {
	switch {
	case encoded != "":
		c.conflict("%q rewrites texts, which this item does not compare", encoded)
	case c.item.Cased && c.item.Op == Regexp:
		c.conflict("cased adds nothing to re, which is case-sensitive already; i takes it away")
	case c.item.Cased && !isTextual(c.item.Op):
		c.conflict("cased means nothing with %q", c.operator)
	case c.item.FieldRef && !isTextual(c.item.Op):
		c.conflict("fieldref cannot combine with %q", c.operator)
	case c.item.Op == Exists && c.has("all", "neq") != "":
		c.conflict("exists cannot combine with %q; write exists: true or exists: false", c.has("all", "neq"))
	}
}

func isTextual(op Op) bool {
	return op == Equal || op == Contains || op == StartsWith || op == EndsWith
}

func isNumeric(op Op) bool { return op == Equal || (op >= Less && op <= GreaterOrEqual) }

// isKeyword reports whether an item without a field asks for what keywords can be asked.
func isKeyword(item *Item) bool {
	return !item.FieldRef && !item.Negate && item.DatePart == NoPart && (item.Op == Contains || item.Op == Regexp)
}
