// Package coverage says what a set of rules is good for: which tactics and techniques of ATT&CK it has rules for, and what CloudTrail must be told to
// record for a rule to see anything.
package coverage

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"sigmatrail/attack"
	"sigmatrail/rules"
)

// Matrix is the part of ATT&CK's enterprise matrix that rules are about.
type Matrix struct {
	// Tactics are all of the present ones, in the order of their ids, also those without a rule.
	Tactics []Tactic
	// Unmapped are the rules without a tag that is a tactic or technique.
	Unmapped []*rules.Rule
	// Rules counts all.
	Rules int
}

// Tactic is a column of the matrix.
type Tactic struct {
	attack.Tactic

	// Rules are those under the tactic, each once, in the order in which they were loaded.
	Rules []*rules.Rule
	// Techniques are those with a rule, by id.
	Techniques []Technique
}

// Technique is a technique or sub-technique under one tactic.
type Technique struct {
	attack.Technique

	Rules []*rules.Rule
}

// Title is the technique's name as ATT&CK writes it, behind that of its parent.
func (t *Technique) Title() string {
	if t.ParentName != "" {
		return t.ParentName + ": " + t.Name
	}
	return t.Name
}

// NewMatrix sorts rules by their tags. A technique that ATT&CK has replaced counts as the one that it has become. It stands under those of its tactics that
// the rule names, or under all of its tactics where the rule names none of them; one that ATT&CK does not have, under the tactics that the rule names.
func NewMatrix(list []*rules.Rule) *Matrix {
	m := &Matrix{Rules: len(list)}
	columns := make(map[string]map[string]*Technique)
	under := make(map[string][]*rules.Rule)
	for _, r := range list {
		named, techniques := ofTags(r.Tags)
		placed := slices.Clone(named)
		for _, t := range techniques {
			for _, tactic := range tacticsOf(t, named) {
				if columns[tactic] == nil {
					columns[tactic] = make(map[string]*Technique)
				}
				if columns[tactic][t.ID] == nil {
					columns[tactic][t.ID] = &Technique{Technique: t}
				}
				cell := columns[tactic][t.ID]
				cell.Rules = append(cell.Rules, r)
				placed = append(placed, tactic)
			}
		}
		slices.Sort(placed)
		for _, tactic := range slices.Compact(placed) {
			under[tactic] = append(under[tactic], r)
		}
		if len(placed) == 0 {
			m.Unmapped = append(m.Unmapped, r)
		}
	}
	for t := range attack.Tactics() {
		if len(t.ReplacedBy) > 0 {
			continue
		}
		column := Tactic{Tactic: t, Rules: under[t.Shortname]}
		for _, cell := range slices.SortedFunc(maps.Values(columns[t.Shortname]), func(a, b *Technique) int { return cmp.Compare(a.ID, b.ID) }) {
			column.Techniques = append(column.Techniques, *cell)
		}
		m.Tactics = append(m.Tactics, column)
	}
	return m
}

// ofTags returns the shortnames of the present tactics that tags name, and the techniques, each once. A tactic that ATT&CK has divided stands for none of
// its parts: which is meant the technique tells.
func ofTags(tags []string) (tactics []string, techniques []attack.Technique) {
	for _, tag := range tags {
		name, ours := strings.CutPrefix(strings.ToLower(tag), "attack.")
		if !ours {
			continue
		}
		name = strings.ReplaceAll(name, "_", "-")
		if t, ok := attack.LookupTactic(name); ok && t.Shortname == name {
			if t, ok = present(t); ok && !slices.Contains(tactics, t.Shortname) {
				tactics = append(tactics, t.Shortname)
			}
			continue
		}
		t, known := attack.LookupTechnique(name)
		if t.RevokedBy != "" {
			t, _ = attack.LookupTechnique(t.RevokedBy)
		}
		isNew := !slices.ContainsFunc(techniques, func(other attack.Technique) bool { return other.ID == t.ID })
		if (known || attack.MaybeLater(name)) && isNew {
			techniques = append(techniques, t)
		}
	}
	return tactics, techniques
}

// present returns what a tactic is called today. One that has been divided is none.
func present(t attack.Tactic) (attack.Tactic, bool) {
	switch len(t.ReplacedBy) {
	case 0:
		return t, true
	case 1:
		return attack.LookupTactic(t.ReplacedBy[0])
	}
	return attack.Tactic{}, false
}

// tacticsOf returns the tactics under which a rule that names some has a technique.
func tacticsOf(t attack.Technique, named []string) []string {
	if len(t.Tactics) == 0 {
		return named
	}
	both := slices.DeleteFunc(slices.Clone(t.Tactics), func(tactic string) bool { return !slices.Contains(named, tactic) })
	if len(both) == 0 {
		return t.Tactics
	}
	return both
}

// Covered returns how many tactics have a rule, and how many different techniques do.
func (m *Matrix) Covered() (tactics, techniques int) {
	ids := make(map[string]bool)
	for _, t := range m.Tactics {
		if len(t.Rules) > 0 {
			tactics++
		}
		for _, cell := range t.Techniques {
			ids[cell.ID] = true
		}
	}
	return tactics, len(ids)
}
