package enrich

import "slices"

// Hit is one rule that matched. A Table gives Rule its meaning.
type Hit struct {
	// Rule is the rule's index in the list that the Table was made of.
	Rule int
	// EventIDs names the records that matched where an event holds several of them; it is empty where the event is the record.
	EventIDs []string
	// Evidence is what of the record satisfied the rule, where that is wanted.
	Evidence []Evidence
	// Correlations are what a correlation rule says of the events that made it fire, one for each of its groups that did.
	Correlations []Correlation
	// First is set where hits are suppressed and this one is not: it is the first of its window. Suppressed is how many were since the last one that
	// was first.
	First      bool
	Suppressed int
}

// waited reports whether the rule is a correlation that fired for what came before, so that the record has no part in it.
func (h *Hit) waited() bool {
	return len(h.Correlations) > 0 && !slices.ContainsFunc(h.Correlations, func(c Correlation) bool { return !c.Waited })
}

// About returns those of the hits that are about the record on which they are written.
func About(hits []Hit) []Hit {
	if !slices.ContainsFunc(hits, func(h Hit) bool { return h.waited() }) {
		return hits
	}
	return slices.DeleteFunc(slices.Clone(hits), func(h Hit) bool { return h.waited() })
}

// extras is how many members a rule's entry has beside those that are the same on every event.
func (h *Hit) extras() int {
	n := 0
	h.eachExtra(func(string, any) { n++ })
	return n
}

// eachExtra calls f with those members.
func (h *Hit) eachExtra(f func(key string, value any)) {
	if len(h.EventIDs) > 0 {
		f("event_ids", h.EventIDs)
	}
	if len(h.Evidence) > 0 {
		f("evidence", h.Evidence)
	}
	if len(h.Correlations) > 0 {
		f("correlations", h.Correlations)
	}
	if h.First {
		f("first", true)
	}
	if h.Suppressed > 0 {
		f("suppressed", h.Suppressed)
	}
}
