package pipeline

import (
	"slices"

	"sigmatrail/internal/record"
)

// AppendJSON appends the event, one JSON object, with the hits of j written on it, on one line. The bytes of its own members stay as they
// are. Where j has no hits the event is appended as it is, but for what reserve_key moves. What is displaced is added to counts.
func (e *Engine) AppendJSON(dst, event []byte, j *Judgement, counts *Counts) ([]byte, error) {
	hits := j.appendHits(nil)
	if len(hits) == 0 && !e.reserveKey {
		return record.AppendSpliced(dst, event, nil, nil)
	}
	key := e.ownKey
	var pairs []record.Pair
	if len(hits) > 0 {
		pairs = append(pairs, record.Pair{Key: key, Value: e.table.AppendJSON(nil, hits)})
	}
	existing, exists := record.LookupJSON(event, key)
	if !exists {
		return record.AppendSpliced(dst, event, nil, pairs)
	}
	if merged, ours := e.table.MergeJSON(nil, existing, hits); ours && !e.reserveKey {
		return record.AppendSpliced(dst, event, []string{key}, []record.Pair{{Key: key, Value: merged}})
	}
	counts.Displaced++
	spare := e.spare(func(name string) bool { _, taken := record.LookupJSON(event, name); return taken })
	return record.AppendSpliced(dst, event, []string{key}, slices.Insert(pairs, 0, record.Pair{Key: spare, Value: existing}))
}
