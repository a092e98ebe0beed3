package oracle

import (
	"slices"

	"sigmatrail/internal/record"
)

// lookup returns what the record has at the paths of a field: one value for each place that was found, which may be nil, an array or an
// object.
func (o *Oracle) lookup(rec *record.Object, field string) []any {
	var found []any
	for _, path := range o.aliases.Paths(field) {
		found = append(found, rec.At(path)...)
	}
	return found
}

// elements returns found with every array replaced by its elements, to any depth.
func elements(found []any) []any {
	var all []any
	for _, v := range found {
		if list, ok := v.([]any); ok {
			all = append(all, elements(list)...)
		} else {
			all = append(all, v)
		}
	}
	return all
}

// descendants returns every value below o that is neither an object nor an array.
func descendants(o *record.Object) []any {
	var all []any
	for _, m := range o.Members() {
		for _, e := range elements([]any{m.Value}) {
			if inner, ok := e.(*record.Object); ok {
				all = append(all, descendants(inner)...)
			} else {
				all = append(all, e)
			}
		}
	}
	return all
}

// withoutOwnKey returns rec without what an earlier pass wrote on it, so that keywords do not find the words of rules.
func (o *Oracle) withoutOwnKey(rec *record.Object) *record.Object {
	if _, ok := rec.Get(o.ownKey); !ok {
		return rec
	}
	members := slices.DeleteFunc(slices.Clone(rec.Members()), func(m record.Member) bool { return m.Key == o.ownKey })
	return record.NewObject(members...)
}
