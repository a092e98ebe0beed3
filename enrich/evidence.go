package enrich

import "slices"

// Evidence is one field of a record and the value in it that satisfied a rule.
type Evidence struct {
	// Field is named as the rule does; of what keywords found it is the keys that lead there, joined by dots, or empty.
	Field string `msgpack:"field"`
	// Value is the value's text, which must be UTF-8.
	Value string `msgpack:"value"`
}

func appendEvidence(dst []byte, list []Evidence) []byte {
	dst = append(dst, '[')
	for i, e := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(append(dst, `{"field":`...), e.Field)
		dst = appendText(append(dst, `,"value":`...), e.Value)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendFlatEvidence appends, for the format Flat, the evidence of all hits as texts, field=value, without duplicates; what has no field is a value alone.
func (t *Table) appendFlatEvidence(list []Member, hits []Hit) []Member {
	if !slices.ContainsFunc(hits, func(h Hit) bool { return len(h.Evidence) > 0 }) {
		return list
	}
	var all []string
	for _, h := range t.collect(slices.Clone(hits), nil, nil).hits {
		for _, e := range h.Evidence {
			text := e.Value
			if e.Field != "" {
				text = e.Field + "=" + e.Value
			}
			all = union(all, []string{text})
		}
	}
	return append(list, Member{Path: []string{t.options.Key + "_evidence"}, Value: all})
}
