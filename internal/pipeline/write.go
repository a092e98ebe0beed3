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
	// text is the event as JSON, where the door has that.
	text []byte
	// own is the encoded value that stands under our key, if there is one.
	own    []byte
	exists bool
}

// edit returns the change of the event's body that writes the hits: the annotation under our own key and what the format has beside it. What already stands
// under our key is merged if it is ours, from an earlier tier or pass, and otherwise moved to <key>_original (semantics.md, "What is written").
// What is moved, and what is not flattened, is added to counts.
func (w *writer) edit(hits []enrich.Hit, j *Judgement, counts *Tally) (e chunk.Edit) {
	t, key := w.engine.table, w.engine.ownKey
	p := plan{data: w.body.Data, enc: w.enc}
	hit, n := j.hit()
	says := hit.facts()
	outline := t.Outline(hits, w.engine.summaryOf(hits, says, n))
	if n > 1 { // then no format says anything of any
		says = nil
	}
	var annotation []byte
	if w.exists {
		var m enrich.Merged
		if !w.engine.reserveKey { // else nobody is trusted with the key
			m, p.again = w.enc.merge(t, w.own, hits, outline.Summary)
		}
		if p.again {
			annotation, outline = m.Value, m.Outline
			e.Drop = append(e.Drop, key)
		} else {
			p.moved++
			e.Rename = append(e.Rename, chunk.Rename{From: key, To: spare(key, func(name string) bool { return p.last(w.body.Pos, name) > 0 })})
		}
	}
	if annotation == nil {
		annotation = w.enc.annotation(t, nil, hits, outline.Summary)
	}
	if members := t.Members(hits, outline, says); len(members) > 0 {
		more := p.edit(w.body.Pos, branches(members))
		e.Drop, e.Rename, e.Change, e.Append = append(e.Drop, more.Drop...), append(e.Rename, more.Rename...), more.Change, more.Append
	}
	if n == 1 {
		e.Append = append(e.Append, w.flatten(hit, &e, counts)...)
	}
	e.Append = append(e.Append, chunk.Pair{Key: key, Value: annotation})
	counts.Displaced += p.moved
	return e
}

// splice returns what changes on the event ev of data for the hits of j, which s has.
func (e *Engine) splice(s *scratch, data []byte, ev *chunk.Event, j *Judgement, counts *Tally) splice {
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
	edit := w.edit(s.hits, j, counts)
	if len(edit.Drop)+len(edit.Rename)+len(edit.Change) == 0 {
		return splice{event: *ev, pairs: edit.Append}
	}
	return splice{event: *ev, part: chunk.Rewrite(nil, data, ev, &edit)}
}

// add puts an annotation together in memory that is used again for the next chunk.
func (o *output) add(key string, t *enrich.Table, hits []enrich.Hit) []chunk.Pair {
	first := len(o.values)
	o.values = t.AppendMsgpack(o.values, hits, "")
	o.pairs = append(o.pairs, chunk.Pair{Key: key, Value: o.values[first:len(o.values):len(o.values)]})
	return o.pairs[len(o.pairs)-1 : len(o.pairs) : len(o.pairs)]
}
