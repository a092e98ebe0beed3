package pipeline

import (
	"sigmatrail/enrich"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// edit writes the hits of j as a change of one msgpack event. What already stands under our key is merged if it is ours, from an earlier
// tier or pass, and otherwise moved to <key>_original (semantics.md, "What is written").
func (e *Engine) edit(data []byte, ev *chunk.Event, j *Judgement, counts *Tally) chunk.Edit {
	key, hits := e.ownKey, j.hits()
	start, end, exists := chunk.Lookup(data, ev.BodyStart, key)
	if !exists {
		return chunk.Edit{Append: []chunk.Pair{{Key: key, Value: e.annotation(hits)}}}
	}
	if merged, ours := e.merged(data[start:end], hits); ours {
		return chunk.Edit{Drop: []string{key}, Append: []chunk.Pair{{Key: key, Value: merged}}}
	}
	counts.Displaced++
	return chunk.Edit{
		Drop: []string{key},
		Append: []chunk.Pair{
			{Key: e.spare(func(name string) bool { _, _, taken := chunk.Lookup(data, ev.BodyStart, name); return taken }), Value: data[start:end]},
			{Key: key, Value: e.annotation(hits)},
		},
	}
}

// annotation encodes hits as msgpack.
func (e *Engine) annotation(hits []enrich.Hit) []byte {
	value, err := e.table.AppendMsgpack(nil, hits)
	if err != nil {
		return []byte{0x80} // unreachable: texts always encode
	}
	return value
}

// merged unites hits with value, a msgpack value that stands under our key.
func (e *Engine) merged(value []byte, hits []enrich.Hit) ([]byte, bool) {
	tree, ok := record.Decode(value, 0)
	if !ok {
		return nil, false
	}
	text, ours := e.table.MergeJSON(nil, record.AppendJSON(nil, tree), hits)
	if !ours {
		return nil, false
	}
	encoded, err := record.AppendMsgpack(nil, text)
	return encoded, err == nil
}

// spare returns the first free name for a displaced value: <key>_original, or that with more underscores where somebody has it already.
func (e *Engine) spare(taken func(name string) bool) string {
	name := e.ownKey + "_original"
	for taken(name) {
		name += "_"
	}
	return name
}
