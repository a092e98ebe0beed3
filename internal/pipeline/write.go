package pipeline

import (
	"sigmatrail/enrich"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// writer writes hits on one event.
type writer struct {
	engine *Engine
	enc    *encoding
	// body is the event's map, as msgpack.
	body record.Place
	// own is the encoded value that stands under our key, if there is one.
	own    []byte
	exists bool
}

// edit returns the change of the event's body that writes the hits: the annotation under our own key and what the format has beside it. What already stands
// under our key is merged if it is ours, from an earlier tier or pass, and otherwise moved to <key>_original (semantics.md, "What is written").
// moved counts the values that were moved.
func (w *writer) edit(hits []enrich.Hit, j *Judgement) (e chunk.Edit, moved uint64) {
	t, key := w.engine.table, w.engine.ownKey
	p := plan{data: w.body.Data, enc: w.enc}
	level := t.Level(hits)
	var annotation []byte
	if w.exists {
		var m enrich.Merged
		if !w.engine.reserveKey { // else nobody is trusted with the key
			m, p.again = w.enc.merge(t, w.own, hits)
		}
		if p.again {
			annotation, level = m.Value, m.Level
			e.Drop = append(e.Drop, key)
		} else {
			p.moved++
			e.Rename = append(e.Rename, chunk.Rename{From: key, To: spare(key, func(name string) bool { return p.last(w.body.Pos, name) > 0 })})
		}
	}
	if annotation == nil {
		annotation = w.enc.annotation(t, nil, hits)
	}
	if members := t.Members(hits, level, j.recordOfHits()); len(members) > 0 {
		more := p.edit(w.body.Pos, branches(members))
		e.Drop, e.Rename, e.Change, e.Append = append(e.Drop, more.Drop...), append(e.Rename, more.Rename...), more.Change, more.Append
	}
	e.Append = append(e.Append, chunk.Pair{Key: key, Value: annotation})
	return e, p.moved
}

// splice returns what changes on the event ev of data for the hits of j.
func (e *Engine) splice(s *scratch, data []byte, ev *chunk.Event, j *Judgement, counts *Tally) splice {
	s.hits = j.appendHits(s.hits[:0])
	e.prover.prove(s.hits, j)
	exists := true
	if at := j.Verdicts[0].place; at.Pos == ev.BodyStart && &at.Data[0] == &data[0] { // the body is the record, and has been walked over just now
		_, exists = s.own.projector.Mark(markOwn)
	}
	var start, end int
	if exists {
		start, end, exists = chunk.Lookup(data, ev.BodyStart, e.ownKey)
	}
	if !exists && e.plain {
		return splice{event: *ev, pairs: s.chunk.add(e.ownKey, e.table, s.hits)}
	}
	w := writer{engine: e, enc: &e.msgpack, body: record.Place{Data: data, Pos: ev.BodyStart}, own: data[start:end], exists: exists}
	edit, moved := w.edit(s.hits, j)
	counts.Displaced += moved
	if len(edit.Drop)+len(edit.Rename)+len(edit.Change) == 0 {
		return splice{event: *ev, pairs: edit.Append}
	}
	return splice{event: *ev, part: chunk.Rewrite(nil, data, ev, &edit)}
}

// add puts an annotation together in memory that is used again for the next chunk.
func (o *output) add(key string, t *enrich.Table, hits []enrich.Hit) []chunk.Pair {
	first := len(o.values)
	o.values = t.AppendMsgpack(o.values, hits)
	o.pairs = append(o.pairs, chunk.Pair{Key: key, Value: o.values[first:len(o.values):len(o.values)]})
	return o.pairs[len(o.pairs)-1 : len(o.pairs) : len(o.pairs)]
}
