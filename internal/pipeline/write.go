package pipeline

import (
	"sigmatrail/enrich"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// edit writes the hits of j as a change of one msgpack event. What already stands under our key is merged if it is ours, from an earlier
// tier or pass, and otherwise moved to <key>_original (semantics.md, "What is written").
func (e *Engine) edit(s *scratch, data []byte, ev *chunk.Event, j *Judgement, counts *Tally) chunk.Edit {
	s.hits = j.appendHits(s.hits[:0])
	key, hits, out := e.ownKey, s.hits, &s.chunk
	var start, end int
	exists := true
	if at := j.Verdicts[0].place; at.Pos == ev.BodyStart && &at.Data[0] == &data[0] { // the body is the record, and has been walked over just now
		_, exists = s.own.projector.Mark(markOwn)
	}
	if exists {
		start, end, exists = chunk.Lookup(data, ev.BodyStart, key)
	}
	if !exists {
		first := len(out.values)
		out.values = e.table.AppendMsgpack(out.values, hits)
		out.pairs = append(out.pairs, chunk.Pair{Key: key, Value: out.values[first:len(out.values):len(out.values)]})
		return chunk.Edit{Append: out.pairs[len(out.pairs)-1 : len(out.pairs) : len(out.pairs)]}
	}
	if merged, ours := e.merged(data[start:end], hits); ours {
		return chunk.Edit{Drop: []string{key}, Append: []chunk.Pair{{Key: key, Value: merged}}}
	}
	counts.Displaced++
	return chunk.Edit{
		Drop: []string{key},
		Append: []chunk.Pair{
			{Key: e.spare(func(name string) bool { _, _, taken := chunk.Lookup(data, ev.BodyStart, name); return taken }), Value: data[start:end]},
			{Key: key, Value: e.table.AppendMsgpack(nil, hits)},
		},
	}
}

// merged unites hits with value, a msgpack value that stands under our key, if that is ours and can be trusted.
func (e *Engine) merged(value []byte, hits []enrich.Hit) ([]byte, bool) {
	tree, ok := record.Decode(value, 0)
	if !ok || e.reserveKey {
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
