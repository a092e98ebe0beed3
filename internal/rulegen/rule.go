package rulegen

import (
	"slices"
	"strings"
)

// ruleText makes a whole rule.
func ruleText(c choices) string {
	var searches []search
	var condition string
	if c.percent(60) {
		searches, condition = anchored(c)
	} else {
		searches, condition = free(c)
	}
	lines := []string{
		"title: Generated", "level: " + pick(c, []string{"low", "informational", "medium", "high", "critical"}),
		"logsource:", "  product: aws", "  service: cloudtrail", "detection:",
	}
	for _, s := range searches {
		lines = append(lines, indent(s.lines(c))...)
	}
	return strings.Join(append(lines, "  condition: "+condition), "\n") + "\n"
}

// anchored makes a rule like those that people write: exact names of operations and sources, and something more.
func anchored(c choices) ([]search, string) {
	anchor := group(c, item{}, c.next(3))
	names, sources := exactItem(c, "eventName", 30), exactItem(c, "eventSource", 3)
	anchor = withoutFields(anchor, names.key, sources.key)
	anchor = append(anchor, names, sources)
	shuffle(c, anchor)
	selection := search{name: "selection", groups: [][]item{anchor}}
	if c.percent(15) { // another operation, or another field altogether
		selection.groups = append(selection.groups, group(c, pick(c, []item{exactItem(c, "eventName", 4), anyItem(c)}), c.next(2)))
	}
	switch c.next(7) {
	case 0, 1:
		return []search{selection}, "selection"
	case 2:
		return []search{selection, plainSearch(c, "filter")}, "selection and not filter"
	case 3:
		return []search{selection, plainSearch(c, "filter_main"), plainSearch(c, "filter_optional")}, pick(c, []string{"selection and not 1 of filter_*", "selection and not all of filter_*"})
	case 4: // different fields, any of them
		option := search{name: "option", groups: [][]item{group(c, anyItem(c), 0), group(c, anyItem(c), 0), group(c, anyItem(c), 0)}}
		return []search{selection, option}, "selection and option"
	case 5:
		selection.name = "selection_base"
		return []search{selection, plainSearch(c, "selection_a"), plainSearch(c, "selection_b")}, pick(c, []string{"all of selection_*", "selection_base and (selection_a or selection_b)", "selection_base and 1 of selection_*"})
	default:
		return []search{selection, anySearch(c, "other")}, pick(c, []string{"selection and other", "selection and not other", "not other and selection", "selection or other"})
	}
}

// free makes any search identifiers and any condition over them.
func free(c choices) ([]search, string) {
	names := []string{"selection", "sel_a", "sel_b", "filter_main", "_hidden", "keywords"}
	shuffle(c, names)
	names = names[:1+c.next(4)]
	searches := make([]search, len(names))
	for i, name := range names {
		searches[i] = anySearch(c, name)
	}
	text := condition(c, names, c.next(4))
	if c.percent(10) { // alternatives
		text = "[" + text + ", " + condition(c, names, c.next(2)) + "]"
	}
	return searches, text
}

// condition makes a condition nested depth deep.
func condition(c choices, names []string, depth int) string {
	if depth == 0 {
		return operand(c, names)
	}
	inner := func() string {
		text := condition(c, names, c.next(depth))
		if strings.Contains(text, " and ") || strings.Contains(text, " or ") {
			return "(" + text + ")"
		}
		return text
	}
	switch c.next(5) {
	case 0, 1:
		return inner() + " and " + inner()
	case 2:
		return inner() + " or " + inner()
	case 3: // without parentheses: and binds closer
		return inner() + " or " + inner() + " and not " + inner()
	default:
		return "not " + inner()
	}
}

// operand makes a search identifier, or a quantifier over some.
func operand(c choices, names []string) string {
	name := pick(c, names)
	if !c.percent(35) {
		return name
	}
	patterns := []string{name, name[:3] + "*"}
	if stem, _, found := strings.Cut(name, "_"); found {
		patterns = append(patterns, stem+"_*", "*"+strings.TrimPrefix(name, stem))
	}
	if strings.HasPrefix(name, "_") { // which neither them nor a pattern names
		patterns = []string{name}
	}
	if slices.ContainsFunc(names, func(n string) bool { return n[0] != '_' }) {
		patterns = append(patterns, "them")
	}
	return pick(c, []string{"1 of ", "all of ", "any of "}) + pick(c, patterns)
}

// anySearch makes a search identifier of any shape.
func anySearch(c choices, name string) search {
	switch c.next(8) {
	case 0:
		return search{name: name, words: keywords(c)}
	case 1:
		return search{name: name, groups: [][]item{{keywordItem(c)}}}
	case 2:
		return search{name: name, groups: [][]item{group(c, anyItem(c), 0)}, words: keywords(c)}
	default:
		return plainSearch(c, name)
	}
}

// plainSearch makes a map, or a list of maps.
func plainSearch(c choices, name string) search {
	s := search{name: name}
	for range 1 + c.weighted(70, 15, 15) {
		s.groups = append(s.groups, group(c, anyItem(c), c.weighted(50, 30, 20)))
	}
	return s
}

// group makes a map of first and some more items. A map has no key twice.
func group(c choices, first item, more int) []item {
	var list []item
	if first.key != "" {
		list = append(list, first)
	}
	for range more {
		next := anyItem(c)
		if !slices.ContainsFunc(list, func(i item) bool { return i.key == next.key }) {
			list = append(list, next)
		}
	}
	return list
}

// withoutFields leaves out the items of the keys.
func withoutFields(list []item, keys ...string) []item {
	return slices.DeleteFunc(list, func(i item) bool { return slices.Contains(keys, i.key) })
}

// keywords makes words to be looked for anywhere in a record.
func keywords(c choices) []scalar {
	list := make([]scalar, c.count(4))
	for i := range list {
		if c.percent(10) {
			list[i] = number(c)
			continue
		}
		list[i] = scalar{text: pattern(c, word(c, pick(c, fields())))}
	}
	return list
}

// keywordItem makes an item without a field, as all needs it.
func keywordItem(c choices) item {
	i := item{values: keywords(c), listed: true}
	modifiers := pick(c, [][]string{{"all"}, {"all"}, {"contains"}, {"cased"}, {"re"}, {"contains", "all"}, {"cased", "all"}, {"re", "all"}, {"re", "i"}})
	if slices.Contains(modifiers, "re") {
		_, i.values = expression(c, "")
	}
	if slices.Contains(modifiers, "all") && len(i.values) == 1 {
		i.values = append(i.values, scalar{text: pick(c, []string{"a", "amazonaws", "Object"})})
	}
	i.key = "|" + strings.Join(modifiers, "|")
	return i
}
