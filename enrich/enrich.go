// Package enrich decides what a hit writes on a record: names, values and their encodings. It knows the rules; it does not know how a
// match was found, what a chunk looks like, or who reads the result.
package enrich

import (
	"cmp"
	"slices"

	"sigmatrail/rules"
)

// Hit is one rule that matched. A Table gives Rule its meaning.
type Hit struct {
	// Rule is the rule's index in the list that the Table was made of.
	Rule int
	// EventIDs names the records that matched where an event holds several of them; it is empty where the event is the record.
	EventIDs []string
}

// Table holds one prepared fragment per rule, so that writing a hit only copies bytes. It is immutable and safe for concurrent use.
type Table struct {
	entries []entry
}

// entry is what one rule contributes to an annotation.
type entry struct {
	level      rules.Level
	identity   string // the rule's id, or its title where it has none
	members    []member
	tactics    []string
	techniques []string
}

// member is one key of a rule's map and its value: a text or a list of texts.
type member struct {
	key  string
	text string
	list []string
}

// Compile prepares the fragments of rs, whose indexes hits refer to.
func Compile(rs []*rules.Rule) *Table {
	t := &Table{entries: make([]entry, len(rs))}
	for i, r := range rs {
		t.entries[i] = newEntry(r)
	}
	return t
}

// newEntry chooses what is written of a rule. The author is always kept: the Detection Rule License demands it.
func newEntry(r *rules.Rule) entry {
	e := entry{level: r.Level, identity: cmp.Or(r.ID, r.Title)}
	add := func(key, text string) {
		if text != "" {
			e.members = append(e.members, member{key: key, text: text})
		}
	}
	add("id", r.ID)
	add("title", r.Title)
	add("level", r.Level.String())
	add("status", r.Status)
	add("author", r.Author)
	if len(r.Tags) > 0 {
		e.members = append(e.members, member{key: "tags", list: r.Tags})
	}
	e.tactics, e.techniques = attack(r.Tags)
	return e
}

// annotation is what is written for a set of hits, in the order in which it is written.
type annotation struct {
	level      rules.Level
	hits       []Hit
	tactics    []string
	techniques []string
}

// collect orders hits by level, the highest first, then by the rules' own order, and unites their tactics and techniques.
func (t *Table) collect(hits []Hit) annotation {
	a := annotation{hits: slices.Clone(hits)}
	slices.SortStableFunc(a.hits, func(x, y Hit) int {
		return int(t.entries[y.Rule].level) - int(t.entries[x.Rule].level)
	})
	for _, h := range a.hits {
		e := &t.entries[h.Rule]
		a.level = max(a.level, e.level)
		a.tactics = union(a.tactics, e.tactics)
		a.techniques = union(a.techniques, e.techniques)
	}
	return a
}

// union appends the texts of more that list lacks, in their order.
func union(list, more []string) []string {
	for _, text := range more {
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return list
}
