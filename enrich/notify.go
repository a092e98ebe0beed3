package enrich

import "sigmatrail/rules"

// Outline is what an annotation says of its event as a whole.
type Outline struct {
	// Level is the highest of the hits.
	Level rules.Level
	// Notify is the highest level of those that are first in their window; empty where there are none, or nothing is ever suppressed.
	Notify string
	// Summary is one line about the record that was hit, or empty.
	Summary string
}

// Outline returns what the annotation of hits says of the event.
func (t *Table) Outline(hits []Hit, summary string) Outline {
	o := Outline{Level: rules.Informational, Summary: summary}
	var n notify
	for _, h := range hits {
		level := t.entries[h.Rule].level
		o.Level = max(o.Level, level)
		n.add(h, level)
	}
	o.Notify = n.String()
	return o
}

// notify is the highest level of first hits, if there are some.
type notify struct {
	level rules.Level
	some  bool
}

func (n *notify) add(h Hit, level rules.Level) {
	if h.First {
		n.raise(level)
	}
}

func (n *notify) raise(level rules.Level) { n.level, n.some = max(n.level, level), true }

// String returns the level's name, or "".
func (n *notify) String() string {
	if !n.some {
		return ""
	}
	return n.level.String()
}

// appendOutline appends what the format flat has of notify, suppressed and summary. What an earlier pass wrote is replaced, as they are no lists.
func (t *Table) appendOutline(list []Member, hits []Hit, outline Outline) []Member {
	put := func(name string, value any) {
		list = append(list, Member{Path: []string{t.options.Key + "_" + name}, Mode: Put, Value: value})
	}
	if outline.Notify != "" {
		put("notify", outline.Notify)
	}
	suppressed := 0
	for _, h := range hits {
		suppressed += h.Suppressed
	}
	if suppressed > 0 {
		put("suppressed", suppressed)
	}
	if outline.Summary != "" {
		put("summary", outline.Summary)
	}
	return list
}
