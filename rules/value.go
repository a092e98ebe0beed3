package rules

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// values reads the values of an item, each as its operator needs it.
func (p *parser) values(item *Item, list []*node) {
	item.Values = make([]Value, 0, len(list))
	for _, n := range list {
		switch {
		case n.kind != scalarNode:
			p.err(n.place, WrongType, "a value must be a text, a number, a boolean or null")
		case n.tag == "!!null" && len(list) > 1:
			p.errHint(n.place, NullInList, "put the other values into one search identifier and null into another, and join them with or in the condition",
				"null cannot stand among other values")
		case n.tag == "!!null" && (item.Op != Equal || item.FieldRef || item.Field == "" || item.DatePart != NoPart):
			p.err(n.place, BadValue, "null cannot be compared this way; it stands alone behind a field, without modifiers or with neq")
		default:
			p.value(item, n)
		}
	}
}

func (p *parser) value(item *Item, n *node) {
	v := Value{Position: p.position(n.place), Text: n.text}
	switch n.tag {
	case "!!null":
		v.Kind = Null
	case "!!bool":
		v.Kind, v.Bool = Bool, strings.EqualFold(n.text, "true")
	case "!!int", "!!float":
		// YAML's own forms, such as 0x1f or 0o17 or .inf, are no JSON numbers: they compare as text.
		if d := ParseDecimal(n.text); d.Valid {
			v.Kind, v.Number = Number, d
		}
	}
	p.suspicious(item, n)
	if p.operand(item, n, &v) {
		item.Values = append(item.Values, v)
	}
}

// operand prepares the value for the item's operator.
func (p *parser) operand(item *Item, n *node, v *Value) bool {
	if item.DatePart != NoPart {
		return p.datePart(item, n, v)
	}
	switch item.Op {
	case Regexp:
		return p.regexp(item, n, v)
	case CIDR:
		prefix, err := netip.ParsePrefix(n.text)
		if err != nil {
			p.err(n.place, BadCIDR, "%q is no network such as 10.0.0.0/8 or 2001:db8::/32", n.text)
			return false
		}
		v.Prefix = unmapPrefix(prefix).Masked()
	case Exists:
		if v.Kind != Bool {
			p.err(n.place, BadValue, "exists takes true or false, not %q", n.text)
			return false
		}
	case Less, LessOrEqual, Greater, GreaterOrEqual:
		v.Number = ParseDecimal(n.text)
		if !v.Number.Valid {
			p.err(n.place, BadValue, "%q is no number", n.text)
			return false
		}
	default:
		if item.FieldRef && n.text == "" {
			p.err(n.place, BadField, "fieldref takes the name of a field")
			return false
		}
		if item.FieldRef {
			v.Text = p.rename(n, v.Text)
		}
		return p.patterns(item, n, v)
	}
	return true
}

// datePart demands a whole number that the part can be.
func (p *parser) datePart(item *Item, n *node, v *Value) bool {
	for _, d := range dateParts() {
		if d.part != item.DatePart {
			continue
		}
		number, err := strconv.Atoi(n.text)
		if err != nil || number < d.least || number > d.most {
			p.err(n.place, BadValue, "%s is a whole number from %d to %d, not %q", d.name, d.least, d.most, n.text)
			return false
		}
		v.Kind, v.Number = Number, ParseDecimal(strconv.Itoa(number))
	}
	return true
}

// patterns works out the wildcards of a text, and encodes it if the item says so; then it is a text, whatever YAML takes it for.
func (p *parser) patterns(item *Item, n *node, v *Value) bool {
	var err error
	if v.Patterns, err = encode(item.Modifiers, ParsePattern(n.text)); err != nil {
		p.err(n.place, BadValue, "%v", err)
		return false
	}
	if slices.ContainsFunc(item.Modifiers, isEncoding) {
		v.Kind = Text
	}
	return true
}

// unmapPrefix turns a network of IPv4-mapped addresses into one of IPv4 addresses.
func unmapPrefix(p netip.Prefix) netip.Prefix {
	const mappedBits = 96
	if p.Addr().Is4In6() && p.Bits() >= mappedBits {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mappedBits)
	}
	return p
}

// regexp compiles the value as RE2, which has no backtracking and so cannot be made to take long.
func (p *parser) regexp(item *Item, n *node, v *Value) bool {
	text := n.text
	for _, flag := range []string{"i", "m", "s"} {
		if slices.Contains(item.Modifiers, flag) {
			text = "(?" + flag + ")" + text
		}
	}
	re, err := regexp.Compile(text)
	if err != nil {
		p.errHint(n.place, BadRegexp, "the syntax is RE2's, which has no lookaround, backreferences, atomic groups or possessive quantifiers",
			"%s", regexpMistake(n.text, err))
		return false
	}
	v.Regexp = re
	return true
}

// regexpMistake names the construct of PCRE that RE2 lacks, or says what the compiler said.
func regexpMistake(text string, err error) string {
	for _, c := range []struct{ form, name string }{
		{`\(\?[=!]`, "a lookahead, (?= or (?!"},
		{`\(\?<[=!]`, "a lookbehind, (?<= or (?<!"},
		{`\(\?>`, "an atomic group, (?>"},
		{`\\[1-9]|\\k[<{']`, "a backreference"},
		{`[*+?}]\+`, "a possessive quantifier"},
		{`\(\?\(`, "a conditional group, (?("},
	} {
		if found := regexp.MustCompile(c.form).FindString(text); found != "" {
			return "the regular expression uses " + c.name
		}
	}
	return strings.TrimPrefix(err.Error(), "error parsing regexp: ")
}
