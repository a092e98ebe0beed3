package oracle

import (
	"slices"
	"strings"

	"sigmatrail/internal/record"
)

// lookup returns what the record has at a path, and at the paths that mean the same: every split of the dots counts, and paths run through
// arrays. The result has one value for each place that was found; a value may be nil, an array or an object.
func (o *Oracle) lookup(rec *record.Object, path string) []any {
	paths, ok := o.aliases[path]
	if !ok {
		paths = []string{path}
	}
	var found []any
	for _, p := range paths {
		found = append(found, at(rec, strings.Split(p, "."))...)
	}
	return found
}

// at returns what v has at the path. The first keys of it may stand together as one key with dots.
func at(v any, path []string) []any {
	var found []any
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			found = append(found, at(e, path)...)
		}
	case *record.Object:
		for n := 1; n <= len(path); n++ {
			member, ok := v.Get(strings.Join(path[:n], "."))
			switch {
			case ok && n == len(path):
				found = append(found, member)
			case ok:
				found = append(found, at(member, path[n:])...)
			}
		}
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
