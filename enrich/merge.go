package enrich

import (
	"cmp"
	"encoding/json"
	"slices"

	"sigmatrail/rules"
)

// Merged is an annotation united with that of an earlier tier or pass.
type Merged struct {
	// Value is the annotation, encoded.
	Value []byte
	// Outline has the highest levels of both.
	Outline
}

// MergeJSON unites the annotation of hits with existing, the JSON text of a value that already stands under our key, as compact JSON: rules by their id,
// or by their title where they have none (the new entry replaces the old one), level and notify the maximum, tactics and techniques without duplicates;
// summary stands in the place of an earlier one, if it is not empty.
// ours is false where existing is not of our shape: then it is somebody else's and must be kept as it is.
func (t *Table) MergeJSON(existing []byte, hits []Hit, summary string) (m Merged, ours bool) {
	old, ours := parseAnnotation(existing)
	if !ours {
		return Merged{}, false
	}
	a := t.collect(slices.Clone(hits), nil, nil)
	fresh := make(map[string]bool, len(a.hits))
	entries := make([]json.RawMessage, 0, len(a.hits)+len(old.Rules))
	for _, h := range a.hits {
		e := &t.entries[h.Rule]
		fresh[e.identity] = true
		entries = append(entries, e.json(&h))
	}
	for i, id := range old.ids {
		if !fresh[id] {
			entries = append(entries, old.Rules[i])
		}
	}
	if old.notify.some {
		a.notify.raise(old.notify.level)
	}
	m.Outline = Outline{Level: max(a.level, old.level), Notify: a.notify.String(), Summary: cmp.Or(summary, old.Summary)}
	m.Value = t.appendAnnotation(nil, m.Outline, entries, union(texts(a.tactics), old.Tactics), union(texts(a.techniques), old.Techniques))
	return m, true
}

// written is an annotation as an earlier tier or pass wrote it.
type written struct {
	Level      string            `json:"level"`
	Notify     *string           `json:"notify"`
	Summary    string            `json:"summary"`
	Rules      []json.RawMessage `json:"rules"`
	Tactics    []string          `json:"tactics"`
	Techniques []string          `json:"techniques"`

	level  rules.Level
	notify notify
	ids    []string // what identifies each of Rules
}

// parseAnnotation reports whether text is a map of our shape: known levels and at least one rule, each with its id or title as text.
func parseAnnotation(text []byte) (written, bool) {
	var w written
	if json.Unmarshal(text, &w) != nil || len(w.Rules) == 0 {
		return w, false
	}
	level, ok := rules.ParseLevel(w.Level)
	if !ok {
		return w, false
	}
	w.level = level
	if w.Notify != nil {
		if level, ok = rules.ParseLevel(*w.Notify); !ok {
			return w, false
		}
		w.notify.raise(level)
	}
	for _, raw := range w.Rules {
		var rule struct{ ID, Title string }
		if json.Unmarshal(raw, &rule) != nil || rule.ID+rule.Title == "" {
			return w, false
		}
		w.ids = append(w.ids, cmp.Or(rule.ID, rule.Title))
	}
	return w, true
}
