package awslint

import (
	"slices"
	"strings"

	"sigmatrail/rules"
)

// arrays returns the arrays that a field of the map runs through, the outermost first, or is.
func (s *subject) arrays(field string) (list []string) {
	events, _ := s.events()
	events = slices.DeleteFunc(events, func(e event) bool { return e.seen == nil })
	for end := range len(field) + 1 {
		if end < len(field) && field[end] != '.' {
			continue
		}
		prefix := field[:end]
		is := slices.ContainsFunc(events, func(e event) bool { return e.seen[prefix].mostlyArray() })
		if all := s.shapes.paths[prefix]; len(events) == 0 {
			is = all.array > 0 && all.object == 0 && all.scalar == 0
		}
		if is {
			list = append(list, prefix)
		}
	}
	return list
}

// negatedArray tells of neq inside an array.
func (s *subject) negatedArray() {
	item := s.item
	if !item.Negate || item.Field == "" || slices.ContainsFunc(item.Values, func(v rules.Value) bool { return v.Kind == rules.Null }) {
		return
	}
	if list := s.arrays(item.Field); len(list) > 0 {
		s.warn(item.Position, ArrayNegated, jsonHint(list[0], item.Field), "%s is an array: this holds where no element has the value, and not where one has another", list[0])
	}
}

// jsonHint says how to ask for one element of an array of objects, as its JSON text is looked at by re and contains.
func jsonHint(array string, fields ...string) string {
	var parts []string
	for _, f := range fields {
		if f == array {
			return "if one element is enough, ask for the values that it may have"
		}
		parts = append(parts, `"`+f[strings.LastIndexByte(f, '.')+1:]+`":…`)
	}
	return "to ask for one element look at its JSON text, with keys as records have them: " + array + "|re: '" + strings.Join(parts, ".*") + "'"
}

// pairs tells of items of one map that different elements of an array may satisfy.
func (l *linter) pairs(c *reading, p part) {
	s := subject{linter: l, reading: c, part: p}
	var inside []*rules.Item
	var through [][]string
	for _, item := range p.group.Items {
		if null, _ := isNull(item); item.Field == "" || item.Negate || item.Op == rules.Exists || null {
			continue
		}
		if list := s.arrays(item.Field); len(list) > 0 {
			for i, first := range inside {
				for _, array := range list {
					if slices.Contains(through[i], array) {
						l.warn(item.Position, ArrayPair, jsonHint(array, first.Field, item.Field), "%s is an array: one element may satisfy this, and another one %s in line %d", array, first.Field, first.Line)
						break
					}
				}
			}
			inside, through = append(inside, item), append(through, list)
		}
	}
}
