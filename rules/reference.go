package rules

import (
	"fmt"
	"slices"
	"strings"
)

// references checks what correlations refer to, and rejects those whose rules are missing or that refer to themselves.
func (l *loader) references() {
	sound := l.set.Correlations
	for {
		var kept []*Correlation
		for _, c := range sound {
			if l.resolves(c, sound) {
				kept = append(kept, c)
			}
		}
		if len(kept) == len(sound) {
			break
		}
		l.set.Rejected += len(sound) - len(kept)
		sound = kept // others may have referred to those that are gone
	}
	l.set.Correlations = sound
	l.warnOfTitles(sound)
	for _, c := range l.unsound {
		l.allThere(c, slices.Concat(sound, l.unsound))
	}
}

// resolves reports whether everything that c refers to is there, and is not c itself.
func (l *loader) resolves(c *Correlation, all []*Correlation) bool {
	ok := l.allThere(c, all)
	if ok && reaches(c, c, all, make(map[*Correlation]bool)) {
		l.problem(Error, c.Position, CorrelationReference, "the correlation refers to itself, by itself or through others")
		ok = false
	}
	return ok
}

// allThere reports whether the rules that c refers to are there.
func (l *loader) allThere(c *Correlation, all []*Correlation) bool {
	ok := true
	for _, t := range c.Rules {
		if l.find(t.Name, all) != missing {
			continue
		}
		ok = false
		if l.lost[strings.ToLower(t.Name)] {
			l.problem(Error, t.Position, CorrelationReference, fmt.Sprintf("the rule %q has errors of its own", t.Name))
			continue
		}
		hint := "correct it, or name the file of that rule too"
		if best := nearest(t.Name, l.referable(all)); best != "" {
			hint = fmt.Sprintf("did you mean %q?", best)
		}
		r := newReport(t.File, l.texts[t.File])
		r.errHint(place{t.Line, t.Column}, CorrelationReference, hint, "no rule has the id or name %q", t.Name)
		l.set.Problems = append(l.set.Problems, r.problems...)
	}
	return ok
}

// referable are the ids and names that a correlation could mean.
func (l *loader) referable(all []*Correlation) []string {
	var list []string
	for _, r := range l.rules {
		list = append(list, r.rule.ID, r.rule.Name)
	}
	for _, c := range all {
		list = append(list, c.ID, c.Name)
	}
	return list
}

// warnOfTitles warns of references that hold only as long as a title does.
func (l *loader) warnOfTitles(all []*Correlation) {
	for _, c := range all {
		for _, t := range c.Rules {
			if l.find(t.Name, all) == byTitle {
				l.problem(Warning, t.Position, CorrelationTitle, fmt.Sprintf("%q is the title of a rule; refer to its id or name, which do not change", t.Name))
			}
		}
	}
}

func (l *loader) problem(severity Severity, at Position, code Code, message string) {
	r := newReport(at.File, l.texts[at.File])
	r.add(severity, place{at.Line, at.Column}, code, "", "%s", message)
	l.set.Problems = append(l.set.Problems, r.problems...)
}

// How a reference finds what it names.
const (
	missing = iota
	byName
	byTitle
)

func (l *loader) find(name string, all []*Correlation) int {
	how := missing
	for _, r := range l.rules {
		switch {
		case r.dropped:
		case strings.EqualFold(r.rule.ID, name) || r.rule.Name == name:
			return byName
		case r.rule.Title == name:
			how = byTitle
		}
	}
	for _, c := range all {
		switch {
		case c.named(name):
			return byName
		case c.Title == name:
			how = byTitle
		}
	}
	return how
}

// reaches reports whether the references of from lead to target.
func reaches(from, target *Correlation, all []*Correlation, seen map[*Correlation]bool) bool {
	for _, t := range from.Rules {
		for _, next := range all {
			if !next.named(t.Name) && next.Title != t.Name {
				continue
			}
			if next == target {
				return true
			}
			if !seen[next] {
				seen[next] = true
				if reaches(next, target, all, seen) {
					return true
				}
			}
		}
	}
	return false
}
