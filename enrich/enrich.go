// Package enrich decides what a hit writes on a record: names, values and their encodings. It knows the rules; it does not know how a
// match was found, what a chunk looks like, or who reads the result.
package enrich

import (
	"cmp"
	"slices"

	"sigmatrail/rules"
)

// Table holds one prepared fragment per rule, so that writing a hit only copies bytes. It is safe for concurrent use.
type Table struct {
	options Options
	rules   []*rules.Rule
	entries []entry
	keys    fixed
	sets    sets
	levels  [][]byte // by level
}

// entry is what one rule contributes to an annotation.
type entry struct {
	level      rules.Level
	identity   string // the rule's id, or its title where it has none
	members    []member
	packed     []byte // the members as msgpack
	tactics    []*word
	techniques []*word
}

// word is the name of a tactic or technique; equal ones of a Table are one.
type word struct {
	text   string
	packed []byte
}

// member is one key of a rule's map and its value, which is as rules.Rule.Attribute returns it.
type member struct {
	key   string
	value any
}

// Compile prepares the fragments of rs, whose indexes hits refer to, and which must not change any more.
func Compile(rs []*rules.Rule, options Options) *Table {
	t := &Table{
		options: options, rules: rs, entries: make([]entry, len(rs)), sets: sets{made: make(map[string][]Member)},
		keys: fixed{
			level: pack("level"), notify: pack("notify"), summary: pack("summary"),
			rules: pack("rules"), tactics: pack("tactics"), techniques: pack("techniques"),
		},
	}
	for level := rules.Informational; level <= rules.Critical; level++ {
		t.levels = append(t.levels, pack(level.String()))
	}
	words := make(map[string]*word)
	for i, r := range rs {
		t.entries[i] = newEntry(r, options, words)
	}
	return t
}

// newEntry chooses what the annotation has of a rule: everything, or, where the format has other names for the rest, what tells rules apart. The author
// is always kept: the Detection Rule License demands it.
func newEntry(r *rules.Rule, options Options, words map[string]*word) entry {
	e := entry{level: r.Level, identity: cmp.Or(r.ID, r.Title)}
	tactics, techniques := ofTags(r.Tags)
	if options.Successors {
		techniques = withSuccessors(techniques)
	}
	e.tactics, e.techniques = wordsOf(tactics, words), wordsOf(techniques, words)
	add := func(key string) {
		if value := r.Attribute(key); value != nil {
			e.members = append(e.members, member{key, value})
		}
	}
	add("id")
	if options.Format == Sigma || r.ID == "" {
		add("title")
	}
	add("level")
	if options.Format == Sigma {
		add("status")
		add("author")
		add("tags")
	}
	for _, key := range options.ruleFields() {
		if !e.has(key) && !options.Format.elsewhere(key) {
			add(key)
		}
	}
	e.packMembers()
	return e
}

func wordsOf(list []string, words map[string]*word) []*word {
	out := make([]*word, 0, len(list))
	for _, text := range list {
		if words[text] == nil {
			words[text] = &word{text: text, packed: pack(text)}
		}
		out = append(out, words[text])
	}
	return out
}

func texts(list []*word) []string {
	out := make([]string, 0, len(list))
	for _, w := range list {
		out = append(out, w.text)
	}
	return out
}

// annotation is what is written for a set of hits, in the order in which it is written.
type annotation struct {
	level      rules.Level
	notify     notify
	hits       []Hit
	tactics    []*word
	techniques []*word
}

// collect orders hits, which it takes, by level, the highest first, then by the rules' own order, and unites their tactics and techniques in the lists
// that it is given.
func (t *Table) collect(hits []Hit, tactics, techniques []*word) annotation {
	a := annotation{hits: hits, tactics: tactics, techniques: techniques}
	slices.SortStableFunc(a.hits, func(x, y Hit) int {
		return int(t.entries[y.Rule].level) - int(t.entries[x.Rule].level)
	})
	for _, h := range a.hits {
		e := &t.entries[h.Rule]
		a.level = max(a.level, e.level)
		a.notify.add(h, e.level)
		a.tactics = union(a.tactics, e.tactics)
		a.techniques = union(a.techniques, e.techniques)
	}
	return a
}

// union appends what list lacks of more, in its order.
func union[T comparable](list, more []T) []T {
	for _, one := range more {
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}
