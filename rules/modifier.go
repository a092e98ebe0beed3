package rules

import (
	"fmt"
	"slices"
	"strings"
)

// operatorNames are the modifiers that choose how a value is compared (sigma-appendix-modifiers.md).
func operatorNames() []string {
	return []string{"contains", "startswith", "endswith", "re", "cidr", "exists", "lt", "lte", "gt", "gte"}
}

// operator returns what a modifier chooses.
func operator(modifier string) (Op, bool) {
	i := slices.Index(operatorNames(), modifier)
	if i < 0 {
		return Equal, false
	}
	return []Op{Contains, StartsWith, EndsWith, Regexp, CIDR, Exists, Less, LessOrEqual, Greater, GreaterOrEqual}[i], true
}

// dateRange is a part of a date and the numbers that it can be.
type dateRange struct {
	name        string
	part        DatePart
	least, most int
}

// dateParts are the modifiers that take a part of a date.
func dateParts() []dateRange {
	return []dateRange{{"minute", Minute, 0, 59}, {"hour", Hour, 0, 23}, {"day", Day, 1, 31}, {"week", Week, 1, 53}, {"month", Month, 1, 12}, {"year", Year, 1, 9999}}
}

// datePartOf returns the part that a modifier takes.
func datePartOf(modifier string) (dateRange, bool) {
	all := dateParts()
	i := slices.IndexFunc(all, func(d dateRange) bool { return d.name == modifier })
	if i < 0 {
		return dateRange{}, false
	}
	return all[i], true
}

// switches are the modifiers that change an item beside its operator.
func switches() []string { return []string{"all", "cased", "expand", "neq", "fieldref", "i", "m", "s"} }

// modifiers works out the chain of modifiers.
func (p *parser) modifiers(key *node, item *Item) bool {
	c := chain{parser: p, key: key, item: item, ok: true}
	for i, name := range item.Modifiers {
		// Base64 in base64 is common among those who hide something; everything else means nothing a second time.
		if name != "base64" && slices.Contains(item.Modifiers[:i], name) {
			c.conflict("leave one of them out", "the modifier %q stands twice", name)
		} else {
			c.modifier(name, item.Modifiers[:i])
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

func (c *chain) conflict(hint, format string, args ...any) {
	c.errHint(c.key.place, ModifierConflict, hint, format, args...)
	c.ok = false
}

// modifier takes the next modifier of the chain.
func (c *chain) modifier(name string, before []string) {
	op, isOperator := operator(name)
	date, isDate := datePartOf(name)
	switch {
	case isOperator:
		c.operation(name, op)
	case isDate:
		c.datePart(name, date.part)
	case isEncoding(name):
		c.encoding(name, before)
	case name == "expand":
		// A placeholder that was encoded would be none.
		if first := firstOf(before, isEncoding); first != "" {
			c.conflict("write expand|"+first, "%q rewrites the value before its placeholders are replaced", first)
		}
	case name == "fieldref" && c.operator != "" && isTextual(c.item.Op):
		c.conflict("write fieldref|"+c.operator, "%q stands before fieldref, and would make a part of the field's name", c.operator)
	case isFlag(name) && c.operator != "re":
		c.conflict("write re|"+name, "%q is a flag of re and stands behind it", name)
	case !slices.Contains(switches(), name):
		c.errHint(c.key.place, UnknownModifier, likelyModifier(name), "Sigma has no modifier %q", name)
		c.ok = false
	}
}

// operation takes a modifier that chooses how a value is compared, of which there may be one.
func (c *chain) operation(name string, op Op) {
	switch {
	case c.operator == "":
		c.item.Op, c.operator = op, name
	case c.operator == "re" && isTextual(op), name == "re" && isTextual(c.item.Op):
		c.conflict("write re alone, with ^ and $ where the text must begin or end", "re finds its expression anywhere in the text; %q and %q cannot combine", c.operator, name)
	default:
		c.conflict("leave one of them out, or use two items", "the modifiers %q and %q cannot combine", c.operator, name)
	}
}

// encoding takes a modifier that rewrites the value, in the order of the chain.
func (c *chain) encoding(name string, before []string) {
	earlier := firstOf(before, func(m string) bool { return isEncoding(m) && m != "windash" })
	switch {
	case name == "windash" && earlier != "":
		c.conflict("write windash|"+earlier, "behind %q there are no dashes left for windash", earlier)
	case name == "windash":
	case c.operator != "":
		// The wildcards of an operator could not be encoded.
		c.conflict("write "+name+"|"+c.operator, "%q rewrites the value and must stand before %q", name, c.operator)
	case isUTF16(name) && isUTF16(firstOf(before, isUTF16)):
		c.conflict("leave one of them out", "%q and %q are both UTF-16", firstOf(before, isUTF16), name)
	case isUTF16(name) && earlier != "", earlier == "base64offset":
		c.add(Warning, c.key.place, ModifierOrder, "write "+name+"|"+earlier+" for a text that is encoded by the one and then by the other",
			"%q stands behind %q and encodes what that made", name, earlier)
	}
}

func isFlag(modifier string) bool { return modifier == "i" || modifier == "m" || modifier == "s" }

// isUTF16 reports whether a modifier makes UTF-16 of the value.
func isUTF16(modifier string) bool { return modifier == "wide" || strings.HasPrefix(modifier, "utf16") }

// firstOf returns the first of names that is of a kind, or "".
func firstOf(names []string, kind func(string) bool) string {
	if i := slices.IndexFunc(names, kind); i >= 0 {
		return names[i]
	}
	return ""
}

func (c *chain) datePart(name string, part DatePart) {
	if c.operator != "" || c.item.DatePart != NoPart {
		c.conflict("write it first, for example "+name+"|gte", "%q takes a part of a date: it must be the only one that does, and stand before lt, lte, gt and gte", name)
	}
	c.item.DatePart = part
}

func likelyModifier(name string) string {
	// What other tools and other languages call them.
	for _, other := range [][2]string{
		{"ignorecase", "re|i"},
		{"multiline", "re|m"},
		{"dotall", "re|s"},
		{"regex", "re"},
		{"regexp", "re"},
		{"not", "neq"},
		{"ne", "neq"},
		{"ge", "gte"},
		{"le", "lte"},
		{"beginswith", "startswith"},
	} {
		if strings.EqualFold(name, other[0]) {
			return fmt.Sprintf("did you mean %q?", other[1])
		}
	}
	known := append(switches(), encodings()...)
	known = append(known, operatorNames()...)
	for _, d := range dateParts() {
		known = append(known, d.name)
	}
	slices.Sort(known)
	if best := nearest(strings.ToLower(name), known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "modifiers are " + strings.Join(known, ", ")
}

// combination refuses modifiers that mean nothing together.
func (c *chain) combination() bool {
	item := c.item
	encoded := firstOf(item.Modifiers, isEncoding)
	switch {
	case item.Op == Exists && len(item.Modifiers) > 1:
		c.conflict("write exists: true or exists: false", "exists asks whether the field is there, and stands alone, not as %q", strings.Join(item.Modifiers, "|"))
	case item.DatePart != NoPart && (!isNumeric(item.Op) || item.FieldRef || item.Cased || encoded != ""):
		c.conflict("use one of lt, lte, gt and gte, or none", "a part of a date is a number, which cannot be compared by %q", strings.Join(item.Modifiers, "|"))
	case !isTextual(item.Op) || item.FieldRef:
		c.needsText(encoded)
	}
	if item.Field == "" && !isKeyword(item) {
		c.conflict("name a field before it", "keywords can take all, cased, contains, re, expand and encodings, not %q", strings.Join(item.Modifiers, "|"))
	}
	return c.ok
}

// needsText refuses what means something for texts alone on an item that does not compare its values as texts.
func (c *chain) needsText(encoded string) {
	switch {
	case encoded != "":
		c.conflict("leave it out", "%q rewrites texts, which this item does not compare", encoded)
	case c.item.Cased && c.item.Op == Regexp:
		c.conflict("leave it out", "cased adds nothing to re, which is case-sensitive already; i takes it away")
	case c.item.Cased && !isTextual(c.item.Op):
		c.conflict("leave it out", "cased means nothing with %q", c.operator)
	case c.item.FieldRef && !isTextual(c.item.Op):
		c.conflict("leave one of them out", "fieldref cannot combine with %q", c.operator)
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
