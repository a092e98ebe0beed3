package pipeline

import (
	"slices"
	"strings"
	"time"

	"sigmatrail/correlate"
	"sigmatrail/enrich"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// Verdict is what the rules say of one CloudTrail record.
type Verdict struct {
	// Hits are indexes into Entries() of what is to be written: the rules that match, ascending, then the correlations that fire.
	Hits []int

	// Index is the record's place among those of its event.
	Index int

	feeds []int // rules that match and that correlations want to know of
	fired []correlate.Firing
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

// Text returns the first text that the record has for a field, named as CloudTrail does, or "".
func (v *Verdict) Text(field string) string {
	if v.form == nil {
		if text := textAt(v.place.Data, v.place.Pos, field); text != "" {
			return text
		}
	}
	return v.Found().Text(field)
}

// Time returns when the record says that it happened. ok is false where it does not say.
func (v *Verdict) Time() (t time.Time, ok bool) {
	if t, ok = record.ParseTime(v.plain("eventTime")); ok {
		return t, true
	}
	return v.Found().Time()
}

// plain decodes the value of a field alone, where it stands as CloudTrail writes it; nil elsewhere.
func (v *Verdict) plain(field string) any {
	if v.form != nil {
		return nil
	}
	pos := v.place.Pos
	for key := range strings.SplitSeq(field, ".") {
		var ok bool
		if pos, _, ok = chunk.Lookup(v.place.Data, pos, key); !ok {
			return nil
		}
	}
	value, _ := record.Decode(v.place.Data, pos)
	return value
}

// Judgement is what the rules say of one event, which may hold several records.
type Judgement struct {
	Content  record.Content
	Verdicts []Verdict

	packed   []byte    // the event, where a Judge has been given it
	received time.Time // by the shipper, or zero
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
	if _, ok := d.scratch.own.projector.Record(packed, 0, 0); !ok {
		return Judgement{Content: record.Foreign}
	}
	j := d.scratch.judge(packed, 0, received, &d.engine.choice)
	j.packed, j.received = packed, received
	return j
}

// Hit reports whether any rule is to be written.
func (j *Judgement) Hit() bool {
	return slices.ContainsFunc(j.Verdicts, func(v Verdict) bool { return len(v.Hits) > 0 })
}

// appendHits appends what is written on an event: one entry a rule. Where the event holds several records, the entry names those that matched.
func (e *Engine) appendHits(hits []enrich.Hit, j *Judgement) []enrich.Hit {
	several := len(j.Verdicts) > 1
	for _, v := range j.Verdicts {
		for _, rule := range v.Hits {
			i := slices.IndexFunc(hits, func(h enrich.Hit) bool { return h.Rule == rule })
			if i < 0 {
				i = len(hits)
				hits = append(hits, enrich.Hit{Rule: rule})
			}
			hits[i].Correlations = append(hits[i].Correlations, e.Firings(&v, rule)...)
			if !several {
				continue
			}
			if id := v.Text("eventID"); id != "" {
				hits[i].EventIDs = append(hits[i].EventIDs, strings.ToValidUTF8(id, "\uFFFD"))
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
