package pipeline

import (
	"slices"
	"time"

	"sigmatrail/enrich"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// Verdict is what the rules say of one CloudTrail record.
type Verdict struct {
	// Hits are indexes into Rules().Rules of the rules that match and are to be written, ascending.
	Hits []int

	place record.Place
}

// Record decodes the record.
func (v *Verdict) Record() *record.Object {
	decoded, _ := record.Decode(v.place.Data, v.place.Pos)
	o, ok := decoded.(*record.Object)
	if !ok {
		return record.NewObject() // unreachable: a place is that of a map
	}
	return o
}

// Get decodes what stands under the keys, each inside the one before it; nil where that is not there.
func (v *Verdict) Get(keys ...string) any {
	pos := v.place.Pos
	for _, key := range keys {
		var ok bool
		if pos, _, ok = chunk.Lookup(v.place.Data, pos, key); !ok {
			return nil
		}
	}
	value, _ := record.Decode(v.place.Data, pos)
	return value
}

// Text is Get where that is a text, and "" elsewhere.
func (v *Verdict) Text(keys ...string) string {
	text, _ := v.Get(keys...).(string)
	return text
}

// Judgement is what the rules say of one event, which may hold several records.
type Judgement struct {
	Content  record.Content
	Verdicts []Verdict
}

// Judge judges events with memory of its own, so that an event without a hit costs no allocation. It is for one goroutine.
type Judge struct {
	engine  *Engine
	scratch *scratch
}

// NewJudge returns a Judge by the engine's rules.
func (e *Engine) NewJudge() *Judge { return &Judge{engine: e, scratch: e.newScratch()} }

// Event finds the CloudTrail records in an event, one msgpack value, and evaluates the rules on each. received is the time that the shipper gave the
// event, or zero. The verdicts borrow packed, and memory of the Judge that lives until its next call.
func (d *Judge) Event(packed []byte, received time.Time) Judgement {
	if _, ok := d.scratch.look.projector.Record(packed, 0, 0); !ok {
		return Judgement{Content: record.Foreign}
	}
	return d.scratch.judge(packed, 0, received, d.engine.written)
}

// Hit reports whether any rule is to be written.
func (j *Judgement) Hit() bool {
	return slices.ContainsFunc(j.Verdicts, func(v Verdict) bool { return len(v.Hits) > 0 })
}

// appendHits appends what is written on an event: one entry a rule. Where the event holds several records, the entry names those that matched.
func (j *Judgement) appendHits(hits []enrich.Hit) []enrich.Hit {
	several := len(j.Verdicts) > 1
	for _, v := range j.Verdicts {
		for _, rule := range v.Hits {
			i := slices.IndexFunc(hits, func(h enrich.Hit) bool { return h.Rule == rule })
			if i < 0 {
				i = len(hits)
				hits = append(hits, enrich.Hit{Rule: rule})
			}
			if !several {
				continue
			}
			if id, ok := eventID(v.place); ok {
				hits[i].EventIDs = append(hits[i].EventIDs, id)
			}
		}
	}
	return hits
}

// count adds what was found to a chunk's counts and returns whether anything is to be written.
func (j *Judgement) count(t *Tally) bool {
	t.Records += uint64(len(j.Verdicts))
	if j.Content == record.Digest {
		t.Digests++
	}
	hits := 0
	for _, v := range j.Verdicts {
		hits += len(v.Hits)
	}
	t.Hits += uint64(hits)
	switch {
	case hits > 0:
		t.Matched++
	case j.Content == record.Foreign:
		t.Foreign++
	default:
		t.Unmatched++
	}
	return hits > 0
}

func eventID(p record.Place) (string, bool) {
	start, _, ok := chunk.Lookup(p.Data, p.Pos, "eventID")
	if !ok {
		return "", false
	}
	h, ok := chunk.ReadHead(p.Data, start)
	if !ok || (h.Type != chunk.Str && h.Type != chunk.Bin) {
		return "", false
	}
	return string(h.Content(p.Data)), true
}
