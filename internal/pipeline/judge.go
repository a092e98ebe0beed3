package pipeline

import (
	"slices"
	"time"

	"sigmatrail/enrich"
	"sigmatrail/internal/record"
)

// Verdict is what the rules say of one CloudTrail record.
type Verdict struct {
	// Hits are indexes into Rules().Rules of the rules that match and are to be written, ascending.
	Hits []int

	place record.Place
	form  *record.Mapping
}

// Found decodes the record.
func (v *Verdict) Found() record.Found {
	decoded, _ := record.Decode(v.place.Data, v.place.Pos)
	o, ok := decoded.(*record.Object)
	if !ok {
		o = record.NewObject() // unreachable: a place is that of a map
	}
	return record.Found{Record: o, Form: v.form}
}

// Judgement is what the rules say of one event, which may hold several records.
type Judgement struct {
	Content  record.Content
	Verdicts []Verdict
}

// Judge finds the CloudTrail records in an event, one msgpack value as Parse returns it, and evaluates the rules on each. received is the time that
// the shipper gave the event, or zero. The verdicts borrow packed.
func (e *Engine) Judge(packed []byte, received time.Time) Judgement {
	s := e.borrow()
	defer e.giveBack(s)
	if _, ok := s.own.projector.Record(packed, 0, 0); !ok {
		return Judgement{Content: record.Foreign}
	}
	j := s.judge(packed, 0, received, e.written)
	j.Verdicts = slices.Clone(j.Verdicts)
	for i := range j.Verdicts {
		v := &j.Verdicts[i]
		v.Hits = slices.Clone(v.Hits)
		if &v.place.Data[0] != &packed[0] { // the scratch's
			v.place.Data = slices.Clone(v.place.Data)
		}
	}
	return j
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
			if id := v.Found().Text("eventID"); id != "" {
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
