package pipeline

import (
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// AppendJSON appends the event, one JSON object of which j is the judgement, with the hits of j written on it, on one line. The bytes of its own members
// stay as they are. Where j has no hits the event is appended as it is, but for what reserve_key moves. What is displaced is added to counts.
func (e *Engine) AppendJSON(dst, event []byte, j *Judgement, counts *Counts) ([]byte, error) {
	hits := e.appendHits(nil, j)
	if len(hits) == 0 {
		return e.appendWithoutHits(dst, event, counts)
	}
	e.prover.prove(hits, j)
	w := writer{engine: e, enc: &e.json, body: record.Place{Data: j.packed}}
	w.own, w.exists = record.LookupJSON(event, e.ownKey)
	if e.flattener != nil {
		w.text = event
	}
	m := marking{suppressor: e.suppressor}
	defer m.end()
	m.mark(hits, j)
	edit := w.edit(hits, j, &counts.Tally)
	dst, err := record.AppendEdited(dst, event, &edit)
	if err == nil {
		m.commit(&counts.Tally)
	}
	return dst, err
}

func (e *Engine) appendWithoutHits(dst, event []byte, counts *Counts) ([]byte, error) {
	var edit chunk.Edit
	if e.reserveKey {
		has := func(name string) bool { _, ok := record.LookupJSON(event, name); return ok }
		if has(e.ownKey) {
			counts.Displaced++
			edit.Rename = []chunk.Rename{{From: e.ownKey, To: spare(e.ownKey, has)}}
		}
	}
	return record.AppendEdited(dst, event, &edit)
}
