package pipeline

import (
	"sigmatrail/enrich"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// encoding is how the values of an event are written: msgpack in chunks, JSON in files.
type encoding struct {
	// annotation appends what stands under our own key.
	annotation func(t *enrich.Table, dst []byte, hits []enrich.Hit, summary string) []byte
	// merge unites that with a value that stands there already; ours is false where that is somebody else's.
	merge func(t *enrich.Table, value []byte, hits []enrich.Hit, summary string) (m enrich.Merged, ours bool)
	// member appends the value of a member, text a text.
	member func(m *enrich.Member, dst []byte) []byte
	text   func(dst []byte, text string) []byte
	// object appends a map.
	object func(dst []byte, pairs []chunk.Pair) []byte
	// list appends a list of values that are encoded already.
	list func(dst []byte, values [][]byte) []byte
}

func inMsgpack() encoding {
	return encoding{annotation: (*enrich.Table).AppendMsgpack, merge: mergeMsgpack, member: (*enrich.Member).AppendMsgpack, text: chunk.AppendStr[string], object: chunk.AppendMap, list: appendMsgpackList}
}

func inJSON() encoding {
	return encoding{annotation: (*enrich.Table).AppendJSON, merge: (*enrich.Table).MergeJSON, member: (*enrich.Member).AppendJSON, text: func(dst []byte, text string) []byte { return enrich.AppendJSONValue(dst, text) }, object: appendJSONObject, list: appendJSONList}
}

func mergeMsgpack(t *enrich.Table, value []byte, hits []enrich.Hit, summary string) (enrich.Merged, bool) {
	tree, ok := record.Decode(value, 0)
	if !ok {
		return enrich.Merged{}, false
	}
	m, ours := t.MergeJSON(record.AppendJSON(nil, tree), hits, summary)
	if !ours {
		return enrich.Merged{}, false
	}
	var err error
	m.Value, err = record.AppendMsgpack(nil, m.Value)
	return m, err == nil
}

func appendJSONObject(dst []byte, pairs []chunk.Pair) []byte {
	dst = append(dst, '{')
	for i, p := range pairs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(enrich.AppendJSONValue(dst, p.Key), ':')
		dst = append(dst, p.Value...)
	}
	return append(dst, '}')
}

func appendMsgpackList(dst []byte, values [][]byte) []byte {
	dst = chunk.AppendArrayHeader(dst, len(values))
	for _, v := range values {
		dst = append(dst, v...)
	}
	return dst
}

func appendJSONList(dst []byte, values [][]byte) []byte {
	dst = append(dst, '[')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, v...)
	}
	return append(dst, ']')
}

// same reports whether the msgpack value at pos is that of m.
func same(data []byte, pos int, m *enrich.Member) bool {
	have, ok := record.Decode(data, pos)
	return ok && string(record.AppendJSON(nil, have)) == string(m.AppendJSON(nil))
}
