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

// unsupportedModifiers are those of the specification that this version does not evaluate.
func unsupportedModifiers() []string {
	return []string{"expand"}
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
func switches() []string { return []string{"all", "cased", "neq", "fieldref", "i", "m", "s"} }

// modifiers works out the chain of modifiers.
func (p *parser) modifiers(key *node, item *Item) bool {
	ok := true
	chosen := ""
	for i, name := range item.Modifiers {
		op, isOperator := operators()[name]
		date, isDate := dateParts()[name]
		switch {
		case slices.Contains(item.Modifiers[:i], name):
			p.err(key.place, ModifierConflict, "the modifier %q stands twice", name)
			ok = false
		case isOperator && chosen != "":
			p.err(key.place, ModifierConflict, "the modifiers %q and %q cannot combine", chosen, name)
			ok = false
		case isOperator:
			item.Op, chosen = op, name
		case isDate && (chosen != "" || item.DatePart != NoPart):
			p.err(key.place, ModifierConflict, "%q takes a part of a date: it must be the only one that does, and stand before lt, lte, gt and gte", name)
			ok = false
		case isDate:
			item.DatePart = date.part
		case isEncoding(name) && name != "windash" && chosen != "": // the wildcards of the operator could not be encoded; windash leaves them
			p.err(key.place, ModifierConflict, "%q rewrites the value and must stand before %q", name, chosen)
			ok = false
		case isEncoding(name):
		case slices.Contains(unsupportedModifiers(), name):
			p.err(key.place, UnsupportedModifier, "this version does not evaluate the modifier %q", name)
			ok = false
		case !slices.Contains(switches(), name):
			p.errHint(key.place, UnknownModifier, likelyModifier(name), "Sigma has no modifier %q", name)
			ok = false
		}
	}
	item.All = slices.Contains(item.Modifiers, "all")
	item.Cased = slices.Contains(item.Modifiers, "cased")
	item.Negate = slices.Contains(item.Modifiers, "neq")
	item.FieldRef = slices.Contains(item.Modifiers, "fieldref")
	if item.Field == "" && chosen == "" {
		item.Op = Contains
	}
	if slices.Contains(item.Modifiers, "base64offset") && item.Op != Contains {
		p.warn(key.place, ModifierOrder, "base64offset finds a part of an encoded text; without contains behind it the part must be the whole value")
	}
	return ok && p.combination(key, item, chosen)
}

func likelyModifier(name string) string {
	known := slices.AppendSeq(append(switches(), unsupportedModifiers()...), maps.Keys(encodings()))
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

// combination refuses modifiers that mean nothing together.
func (p *parser) combination(key *node, item *Item, operator string) bool {
	has := func(names ...string) string {
		for _, name := range names {
			if slices.Contains(item.Modifiers, name) {
				return name
			}
		}
		return ""
	}
	encoded := slices.Collect(maps.Keys(encodings()))
	slices.Sort(encoded)
	isText := item.Op == Equal || item.Op == Contains || item.Op == StartsWith || item.Op == EndsWith
	for _, rule := range []struct {
		broken bool
		format string
		arg    string
	}{
		{has("i", "m", "s") != "" && item.Op != Regexp, "%q is a flag of re and stands behind it", has("i", "m", "s")},
		{item.Cased && item.Op == Regexp, "%q adds nothing to re, which is case-sensitive already; i takes it away", "cased"},
		{item.Cased && !isText, "cased means nothing with %q", operator},
		{item.FieldRef && !isText, "fieldref cannot combine with %q", operator},
		{item.DatePart != NoPart && (!isNumeric(item.Op) || item.FieldRef || item.Cased || has(encoded...) != ""), "a part of a date is a number, which cannot be compared by %q", strings.Join(item.Modifiers, "|")},
		{has(encoded...) != "" && (!isText || item.FieldRef), "%q rewrites texts, which this item does not compare", has(encoded...)},
		{item.Op == Exists && has("all", "neq") != "", "exists cannot combine with %q; write exists: true or exists: false", has("all", "neq")},
		{item.Field == "" && !isKeyword(item), "keywords can take all, cased, contains and re, not %q", strings.Join(item.Modifiers, "|")},
	} {
		if rule.broken {
			p.err(key.place, ModifierConflict, rule.format, rule.arg)
			return false
		}
	}
	return true
}

func isNumeric(op Op) bool { return op == Equal || (op >= Less && op <= GreaterOrEqual) }

// isKeyword reports whether an item without a field asks for what keywords can be asked.
func isKeyword(item *Item) bool {
	return !item.FieldRef && !item.Negate && item.DatePart == NoPart && (item.Op == Contains || item.Op == Regexp)
}
