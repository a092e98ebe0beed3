package rulegen

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// operator makes the modifiers and values of an item. likely are the fields that it is for; it is put on others, too.
type operator struct {
	weight int
	likely []string
	make   func(choices, string) (modifiers []string, values []scalar)
}

// operators are every kind of comparison.
func operators() []operator {
	return []operator{
		{30, nil, equal},
		{22, nil, part},
		{8, nil, expression},
		{4, []string{"sourceIPAddress", "requestParameters.cidrIp"}, network},
		{5, nil, exists},
		{7, []string{"requestParameters.toPort", "requestParameters.fromPort"}, comparison},
		{6, nil, fieldRef},
		{9, secretive(), encoding},
		{5, []string{"eventTime"}, datePart},
		{4, nil, null},
	}
}

// anyItem makes an item of any operator on any field.
func anyItem(c choices) item {
	list := operators()
	weights := make([]int, len(list))
	for i, op := range list {
		weights[i] = op.weight
	}
	op := list[c.weighted(weights...)]
	field := pick(c, fields())
	if op.likely != nil && !c.percent(20) {
		field = pick(c, op.likely)
	}
	modifiers, values := op.make(c, field)
	return newItem(c, field, modifiers, values)
}

// newItem puts the parts of an item together. all is added where it may be: it changes what a list means and has no meaning for one value.
func newItem(c choices, field string, modifiers []string, values []scalar) item {
	if len(values) > 1 && len(values) < 5 && !slices.Contains(modifiers, "exists") && c.percent(30) {
		modifiers = append(modifiers, "all")
	}
	return item{key: strings.Join(append([]string{field}, modifiers...), "|"), values: values, listed: c.percent(20)}
}

// exactItem lists exact values of field, as the selections of real rules do.
func exactItem(c choices, field string, most int) item {
	list := wordsOf(field)
	core := list[:min(len(list), 8)] // what records have most often
	values := []scalar{{text: pick(c, core)}}
	for range c.count(most) - 1 {
		values = append(values, scalar{text: pick(c, list)})
	}
	for i := range values {
		if c.percent(5) {
			values[i].text = recased(c, values[i].text)
		}
	}
	return item{key: field, values: values, listed: c.percent(30)}
}

// flags adds neq and cased, rarely, before or behind the modifiers.
func flags(c choices, modifiers []string, mayCase bool) []string {
	var extra []string
	if c.percent(15) {
		extra = append(extra, "neq")
	}
	if mayCase && c.percent(15) {
		extra = append(extra, "cased")
	}
	if c.percent(30) {
		return append(extra, modifiers...)
	}
	return append(modifiers, extra...)
}

func equal(c choices, field string) ([]string, []scalar) {
	values := make([]scalar, c.count(30))
	for i := range values {
		switch {
		case c.percent(12):
			values[i] = number(c)
		case c.percent(4):
			values[i] = scalar{pick(c, plainScalars()), true}
		default:
			values[i] = scalar{text: pattern(c, word(c, field))}
		}
	}
	return flags(c, nil, true), values
}

// part makes contains, startswith and endswith, with windash on either side.
func part(c choices, field string) ([]string, []scalar) {
	modifiers := []string{pick(c, []string{"contains", "startswith", "endswith"})}
	if c.percent(12) {
		modifiers = append(modifiers, "windash")
		shuffle(c, modifiers)
	}
	values := make([]scalar, c.count(12))
	for i := range values {
		if c.percent(10) {
			values[i] = number(c)
			continue
		}
		values[i] = scalar{text: pattern(c, cut(c, word(c, field)))}
	}
	return flags(c, modifiers, true), values
}

func expression(c choices, field string) ([]string, []scalar) {
	values := make([]scalar, c.count(3))
	for i := range values {
		text := regexp.QuoteMeta(cut(c, word(c, field)))
		switch c.next(8) {
		case 0:
			text = pick(c, []string{`.*`, `^$`, `[0-9]+`, `\bexec\b`, `^.$`, `end$`, `line.end`, `(?:Put|Get)Object$`, "\u017f", "k", `"b":`, `^\{.*\}$`, `^[^a-z]*$`, `a{2,}`, `\x{e9}`})
		case 1:
			text = "^" + text
		case 2:
			text += "$"
		case 3:
			text = "(" + text + "|" + regexp.QuoteMeta(word(c, field)) + ")"
		case 4:
			text += ".*" + regexp.QuoteMeta(cut(c, word(c, field)))
		}
		values[i] = scalar{text: text}
	}
	modifiers := []string{"re"}
	for _, flag := range []string{"i", "m", "s"} {
		if c.percent(25) {
			modifiers = append(modifiers, flag)
		}
	}
	return flags(c, modifiers, false), values
}

func network(c choices, _ string) ([]string, []scalar) {
	values := make([]scalar, c.count(4))
	for i := range values {
		values[i] = scalar{text: pick(c, networks())}
	}
	return flags(c, []string{"cidr"}, false), values
}

func exists(c choices, _ string) ([]string, []scalar) {
	return []string{"exists"}, []scalar{{pick(c, []string{"true", "false"}), true}}
}

func comparison(c choices, _ string) ([]string, []scalar) {
	values := make([]scalar, c.count(2))
	for i := range values {
		values[i] = number(c)
	}
	return flags(c, []string{order(c)}, false), values
}

func order(c choices) string { return pick(c, []string{"lt", "lte", "gt", "gte"}) }

func fieldRef(c choices, _ string) ([]string, []scalar) {
	modifiers := []string{"fieldref"}
	if c.percent(50) {
		modifiers = append(modifiers, pick(c, []string{"contains", "startswith", "endswith"}))
	}
	values := make([]scalar, c.count(3))
	for i := range values {
		values[i] = scalar{text: pick(c, fields())}
	}
	return flags(c, modifiers, true), values
}

// encoding makes every legal chain of encodings. Values of base64 have no wildcards, as those cannot be encoded.
func encoding(c choices, _ string) ([]string, []scalar) {
	var modifiers []string
	if c.percent(50) {
		modifiers = append(modifiers, pick(c, []string{"wide", "utf16", "utf16le", "utf16be", "windash"}))
	}
	literal := len(modifiers) == 0 || c.percent(70)
	if literal {
		modifiers = append(modifiers, pick(c, []string{"base64", "base64offset"}))
	}
	if slices.Contains(modifiers, "base64offset") || c.percent(50) {
		modifiers = append(modifiers, pick(c, []string{"contains", "contains", "startswith", "endswith"}))
	}
	values := make([]scalar, c.count(3))
	for i := range values {
		text := pick(c, secrets())
		if !literal {
			text = pattern(c, text)
		}
		values[i] = scalar{text: text}
	}
	// The operator must stay behind the encodings.
	for _, flag := range []string{"neq", "cased"} {
		if c.percent(15) {
			modifiers = slices.Insert(modifiers, c.next(len(modifiers)+1), flag)
		}
	}
	return modifiers, values
}

func datePart(c choices, _ string) ([]string, []scalar) {
	part := pick(c, []string{"minute", "hour", "day", "week", "month", "year"})
	likely := map[string][]int{"minute": {35, 59}, "hour": {6, 23}, "day": {22, 1, 30}, "week": {21, 1, 53}, "month": {5, 12}, "year": {2024, 2021}}[part]
	modifiers := []string{part}
	if c.percent(40) {
		modifiers = append(modifiers, order(c))
	}
	values := make([]scalar, c.count(3))
	for i := range values {
		values[i] = scalar{strconv.Itoa(pick(c, likely)), true}
	}
	return flags(c, modifiers, false), values
}

func null(c choices, _ string) ([]string, []scalar) {
	var modifiers []string
	if c.percent(30) {
		modifiers = []string{"neq"}
	}
	return modifiers, []scalar{{pick(c, []string{"null", "~"}), true}}
}

// number is plain, or in quotes, which makes it a text.
func number(c choices) scalar { return scalar{pick(c, numbers()), !c.percent(20)} }

// word is what may stand at a path, or now and then anything.
func word(c choices, path string) string {
	if c.percent(20) {
		return pick(c, words())
	}
	return pick(c, wordsOf(path))
}

// cut returns text or a piece of it.
func cut(c choices, text string) string {
	runes := []rune(text)
	if len(runes) < 2 || c.percent(30) {
		return text
	}
	from := c.next(len(runes) - 1)
	if c.percent(50) {
		return string(runes[:len(runes)-from])
	}
	return string(runes[from:])
}

// pattern makes a rule's text of one that records have: the same in most cases, in another case, with wildcards and escapes in the others.
// Where text has wildcards itself they count, or are escaped.
func pattern(c choices, text string) string {
	if c.percent(15) {
		text = recased(c, text)
	}
	runes := []rune(text)
	switch {
	case c.percent(10):
		return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`).Replace(text)
	case !c.percent(20):
		return text
	case len(runes) == 0:
		return pick(c, []string{"*", "?", "?*", "**"})
	}
	from := c.next(len(runes))
	before, behind := string(runes[:from]), string(runes[from+1:])
	return pick(c, []string{before + "*", "*" + string(runes[from:]), before + "*" + behind, before + "?" + behind, "*" + text + "*", text + "?", before + `\*` + behind})
}
