package pipeline

import (
	"slices"
	"time"

	"sigmatrail/enrich"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// Verdict is what the rules say of one CloudTrail record.
type Verdict struct {
	// Found is the record, and the form that it is in.
	record.Found

	// Hits are indexes into Rules().Rules of the rules that match and are to be written, ascending.
	Hits []int
}

// Judgement is what the rules say of one event, which may hold several records.
type Judgement struct {
	Content  record.Content
	Verdicts []Verdict
}

// Judge finds the CloudTrail records in body, a value as record.Decode returns it, and evaluates the rules on each. received is the time that
// the shipper gave the event, or zero.
func (e *Engine) Judge(body any, received time.Time) Judgement {
	found, content := record.Find(body, e.form)
	j := Judgement{Content: content, Verdicts: make([]Verdict, 0, len(found))}
	for _, f := range found {
		evaluator := e.evaluator
		if f.Form != nil {
			evaluator = e.mapped
		}
		hits := evaluator.Match(f.Record, received)
		hits = slices.DeleteFunc(hits, func(i int) bool { return !e.writes(e.set.Rules[i]) })
		j.Verdicts = append(j.Verdicts, Verdict{Found: f, Hits: hits})
	}
	return j
}

// writes reports whether hits of r are to be written.
func (e *Engine) writes(r *rules.Rule) bool {
	return r.Level >= e.minLevel && rules.StatusRank(r.Status) >= e.minStatus
}

// Hit reports whether any rule is to be written.
func (j *Judgement) Hit() bool {
	return slices.ContainsFunc(j.Verdicts, func(v Verdict) bool { return len(v.Hits) > 0 })
}

// hits turns the verdicts on one event into what is written on it: one entry a rule. Where the event holds several records, the entry
// names those that matched.
func (j *Judgement) hits() []enrich.Hit {
	var hits []enrich.Hit
	several := len(j.Verdicts) > 1
	for _, v := range j.Verdicts {
		for _, rule := range v.Hits {
			i := slices.IndexFunc(hits, func(h enrich.Hit) bool { return h.Rule == rule })
			if i < 0 {
				i = len(hits)
				hits = append(hits, enrich.Hit{Rule: rule})
			}
			if id := v.Text("eventID"); several && id != "" {
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
