package enrich

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"sigmatrail/rules"
)

// Format is under which names a hit is written.
type Format uint8

const (
	// Sigma is one nested key with everything in it.
	Sigma Format = iota
	// ECS is the Elastic Common Schema: event, rule, threat, tags.
	ECS
	// Flat is scalars and lists at the top, with the names of Splunk's Common Information Model (Alerts) and of its risk annotations.
	Flat
)

// ParseFormat returns the format of a name as settings have it; none is Sigma.
func ParseFormat(name string) (f Format, ok bool) {
	switch name {
	case "", "sigma":
		return Sigma, true
	case "ecs":
		return ECS, true
	case "flat":
		return Flat, true
	}
	return Sigma, false
}

// Options are what a Table writes of a hit beside the bare facts. Equal ones make equal Tables of the same rules.
type Options struct {
	Format Format
	// Key is the top-level key of the annotation, with which names of the format Flat begin that are not Splunk's.
	Key string
	// Base adds, in the format ECS, the names that ECS has for what the record says itself.
	Base bool
	// RuleFields names attributes of rules, separated by commas, that are written beside the usual ones.
	RuleFields string
	// Successors adds to techniques that ATT&CK has replaced the ones that stand in their place now.
	Successors bool
}

// ruleFields returns the names in RuleFields.
func (o Options) ruleFields() []string {
	return strings.FieldsFunc(o.RuleFields, func(r rune) bool { return r == ',' })
}

// Mode says what becomes of a value that stands where a Member is to be written.
type Mode uint8

const (
	// Keep leaves it as it is; the member is not written.
	Keep Mode = iota
	// Put replaces it.
	Put
	// Unite adds to it the texts that it lacks.
	Unite
)

// Member is one value that a format writes on an event, outside of the annotation.
type Member struct {
	// Path is the keys that lead to it.
	Path []string
	Mode Mode
	// Value is a string, a []string, an int or a bool.
	Value any

	packed, text []byte // Value, encoded beforehand; nil: not yet
}

// AppendMsgpack appends the value as msgpack.
func (m *Member) AppendMsgpack(dst []byte) []byte {
	if m.packed != nil {
		return append(dst, m.packed...)
	}
	return AppendMsgpackValue(dst, m.Value)
}

// AppendJSON appends the value as JSON.
func (m *Member) AppendJSON(dst []byte) []byte {
	if m.text != nil {
		return append(dst, m.text...)
	}
	return AppendJSONValue(dst, m.Value)
}

// Record is what a hit's record says of itself: the first text that it has for a field, named as CloudTrail does, or "".
type Record func(field string) string

// Members returns what the Table's format writes on an event beside the annotation, of which outline is that of hits, or, behind an earlier pass, of both.
// record is the record that was hit, or nil where there are several.
func (t *Table) Members(hits []Hit, outline Outline, record Record) []Member {
	switch t.options.Format {
	case ECS:
		members := t.fixed(hits, outline.Level, t.ecs)
		if t.options.Base && record != nil {
			members = appendBase(members, record)
		}
		return members
	case Flat:
		members := t.appendFlatEvidence(t.fixed(hits, outline.Level, t.flat), hits)
		if own := About(hits); record != nil && len(own) > 0 {
			members = t.appendRisk(members, own, record)
		}
		return t.appendOutline(members, hits, outline)
	default:
		return nil
	}
}

// mostSets bounds the sets of rules for which members are kept.
const mostSets = 4096

// sets keeps what depends on the rules that hit, and the level, alone: few sets of rules hit together, again and again.
type sets struct {
	mu   sync.RWMutex
	made map[string][]Member
}

// fixed returns what of makes of the hits, encoded. Nobody may change it; what is appended to it is a copy.
func (t *Table) fixed(hits []Hit, level rules.Level, of func(hits []Hit, level rules.Level) []Member) []Member {
	var room [64]byte
	key := append(room[:0], byte(level))
	for _, h := range hits {
		key = binary.AppendUvarint(key, uint64(h.Rule)) //nolint:gosec // an index
	}
	t.sets.mu.RLock()
	members, ok := t.sets.made[string(key)]
	t.sets.mu.RUnlock()
	if ok {
		return members
	}
	members = of(hits, level)
	for i := range members {
		m := &members[i]
		m.packed, m.text = AppendMsgpackValue(nil, m.Value), AppendJSONValue(nil, m.Value)
	}
	members = slices.Clip(members)
	t.sets.mu.Lock()
	defer t.sets.mu.Unlock()
	if len(t.sets.made) < mostSets {
		t.sets.made[string(key)] = members
	}
	return members
}

// severity is a level as a number from 1 to 99, on the scale of Elastic's detection rules.
func severity(level rules.Level) int {
	switch level {
	case rules.Critical:
		return 99
	case rules.High:
		return 73
	case rules.Medium:
		return 47
	case rules.Low:
		return 21
	default:
		return 1
	}
}
