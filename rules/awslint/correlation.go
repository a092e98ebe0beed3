package awslint

import (
	"maps"
	"slices"

	"sigmatrail/rules"
)

// correlation tells of fields that records never have and a correlation groups by or counts: events without them take no part in it, so that it would be silent for ever.
func (l *linter) correlation(set *rules.Set, c *rules.Correlation) {
	if !slices.ContainsFunc(set.Resolve(c), func(r rules.Referents) bool { return len(r.Rules)+len(r.Correlations) > 0 }) {
		return // it is about other logs
	}
	for _, field := range slices.Sorted(maps.Keys(c.Named)) {
		if !isAlias(set, field) { // of a correlation in a chain
			l.unknownField(named{name: field, at: c.Named[field]})
		}
	}
}

func isAlias(set *rules.Set, name string) bool {
	return slices.ContainsFunc(set.Correlations, func(c *rules.Correlation) bool {
		return slices.ContainsFunc(c.Aliases, func(a rules.FieldAlias) bool { return a.Name == name })
	})
}
