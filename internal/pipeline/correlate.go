package pipeline

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"sigmatrail/conf"
	"sigmatrail/correlate"
	"sigmatrail/enrich"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// StateOptions returns what the settings say of the memory of correlations in flight.
func StateOptions(s conf.Settings) correlate.Options {
	return correlate.Options{Lateness: s.CorrelationLateness, MaxGroups: s.CorrelationMaxGroups, MaxEvents: s.CorrelationMaxEvents, Now: time.Now}
}

// Correlated returns the correlations of the rules.
func (p *Program) Correlated() *correlate.Set { return p.related }

// Correlate takes the hits of j in for the correlations, and adds to j those that fire. Process does so by itself; events that a Judge has judged are
// correlated where their order is known.
func (e *Engine) Correlate(j *Judgement, counts *Counts) {
	e.correlate(j, &counts.waited, &counts.Tally)
}

func (e *Engine) correlate(j *Judgement, waited *[]correlate.Firing, counts *Tally) {
	if e.correlator == nil {
		return
	}
	for i := range j.Verdicts {
		v := &j.Verdicts[i]
		if len(v.feeds) == 0 {
			continue
		}
		ev, ok := e.Event(v, j.received)
		if !ok {
			counts.Undated++
			continue
		}
		fired := e.correlator.Apply(e.owed.take(), &ev)
		counts.Fired += uint64(len(fired))
		for _, f := range fired {
			if e.Fire(v, f) && f.Waited {
				*waited = append(*waited, f)
			}
		}
	}
}

// Feeds reports whether correlations want to know of the record.
func (v *Verdict) Feeds() bool { return len(v.feeds) > 0 }

// Matched reports whether a rule matches the record and anybody wants to know: it is written, or correlations count it.
func (v *Verdict) Matched(rule int) bool {
	return slices.Contains(v.Hits, rule) || slices.Contains(v.feeds, rule)
}

// Fire adds to v that a correlation has fired, if that is to be written, and reports whether it is.
func (e *Engine) Fire(v *Verdict, f correlate.Firing) (written bool) {
	entry := len(e.set.Rules) + f.Correlation
	if !e.choice.written[entry] {
		return false
	}
	if !slices.Contains(v.Hits, entry) {
		v.Hits = append(v.Hits, entry)
	}
	v.fired = append(v.fired, f)
	return true
}

// Event returns the record as correlations look at it. received stands in for a time that the record does not have; ok is false where there is neither. The event borrows
// what v borrows.
func (e *Engine) Event(v *Verdict, received time.Time) (ev correlate.Event, ok bool) {
	at, ok := v.Time()
	if !ok {
		at = received
	}
	r := reader{facts: facts{verdict: v}, aliases: e.aliases}
	if v.form != nil || !r.read() {
		found := v.Found()
		r.whole = &found
	}
	return correlate.Event{
		Time: at, Account: cmp.Or(v.Text("recipientAccountId"), v.Text("userIdentity.accountId")), Region: v.Text("awsRegion"), ID: v.Text("eventID"),
		Rules: v.feeds, Values: r.values,
	}, !at.IsZero() && at.Year() >= 0 && at.Year() <= 9999 // as RFC 3339 has it, and far from where microseconds overflow
}

// reader looks up the fields of a record for correlations.
type reader struct {
	facts

	aliases record.Aliases
}

// values returns the texts that the record has for a field.
func (r *reader) values(field string) (texts []string) {
	if r.whole != nil && r.whole.Form != nil {
		return appendTexts(nil, r.whole.At(field)...)
	}
	for _, path := range r.aliases.Paths(field) {
		if r.whole != nil {
			texts = appendTexts(texts, r.whole.Record.At(path)...)
			continue
		}
		key, rest, deeper := strings.Cut(path, ".")
		pos, _, ok := chunk.Lookup(r.verdict.place.Data, r.verdict.place.Pos, key)
		if !ok {
			continue
		}
		value, _ := record.Decode(r.verdict.place.Data, pos)
		if deeper {
			texts = appendTexts(texts, record.At(value, rest)...)
		} else {
			texts = appendTexts(texts, value)
		}
	}
	return texts
}

// appendTexts appends the scalars in values, and in arrays among them, as texts.
func appendTexts(texts []string, values ...any) []string {
	for _, v := range values {
		switch v := v.(type) {
		case string:
			texts = append(texts, v)
		case bool:
			texts = append(texts, map[bool]string{true: "true", false: "false"}[v])
		case []any:
			texts = appendTexts(texts, v...)
		default:
			if text, ok := record.NumberText(v); ok {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// Firings returns what the correlation of that index in Entries() says of the events that made it fire on v; none where the entry is a rule.
func (e *Engine) Firings(v *Verdict, entry int) (list []enrich.Correlation) {
	n := entry - len(e.set.Rules)
	if n < 0 {
		return nil
	}
	c := e.set.Correlations[n]
	for _, f := range v.fired {
		if f.Correlation != n {
			continue
		}
		said := enrich.Correlation{
			Type: c.Type, Timespan: c.Timespan.Seconds(), Count: f.Events, First: f.First.Format(time.RFC3339Nano), Last: f.Last.Format(time.RFC3339Nano),
			Waited: f.Waited,
		}
		for _, id := range f.EventIDs {
			said.EventIDs = append(said.EventIDs, strings.ToValidUTF8(id, "\uFFFD"))
		}
		for _, g := range f.Group {
			said.Group = append(said.Group, enrich.Evidence{Field: clip(g.Name, 0), Value: clip(g.Value, 0)})
		}
		if f.HasValue {
			value := f.Value
			said.Value = &value
		}
		list = append(list, said)
	}
	return list
}

// owed is what fired and could not be written, as its chunk was not: it is written on the next record that correlations take in.
type owed struct {
	mu   sync.Mutex
	list []correlate.Firing
}

func (o *owed) add(list []correlate.Firing) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, list...)
}

// take returns what is owed, and forgets it.
func (o *owed) take() []correlate.Firing {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.list
	o.list = nil
	return list
}
