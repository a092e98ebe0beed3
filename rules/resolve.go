package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Referents is what one reference of a correlation stands for: indexes into a Set's Rules and Correlations. Both are empty where that is not about
// CloudTrail, or excluded.
type Referents struct{ Rules, Correlations []int }

// Resolve returns what the references of c stand for, in their order: what has the name as its id or name, or else as its title.
func (s *Set) Resolve(c *Correlation) []Referents {
	list := make([]Referents, 0, len(c.Rules))
	for _, t := range c.Rules {
		r := s.referents(func(r *Rule) bool { return r.named(t.Name) })
		if len(r.Rules)+len(r.Correlations) == 0 {
			r = s.referents(func(r *Rule) bool { return r.Title == t.Name })
		}
		list = append(list, r)
	}
	return list
}

func (s *Set) referents(is func(*Rule) bool) (r Referents) {
	for i, rule := range s.Rules {
		if is(rule) {
			r.Rules = append(r.Rules, i)
		}
	}
	for i, c := range s.Correlations {
		if is(c.Rule) {
			r.Correlations = append(r.Correlations, i)
		}
	}
	return r
}

func (r *Rule) named(name string) bool {
	return (r.ID != "" && strings.EqualFold(r.ID, name)) || (r.Name != "" && r.Name == name)
}

// inherit gives correlations without a level the highest of their rules, those first to which others refer.
func (s *Set) inherit() {
	done := make(map[int]bool)
	var level func(i int) Level
	level = func(i int) Level {
		c := s.Correlations[i]
		if c.HasLevel || done[i] {
			return c.Level
		}
		done[i] = true
		c.Level = Informational
		for _, r := range s.Resolve(c) {
			for _, rule := range r.Rules {
				c.Level = max(c.Level, s.Rules[rule].Level)
			}
			for _, inner := range r.Correlations {
				c.Level = max(c.Level, level(inner))
			}
		}
		return c.Level
	}
	for i := range s.Correlations {
		level(i)
	}
}

// Silenced returns what reports only through correlations, by index into Rules and into Correlations (sigma-correlation-rules-specification.md, "Generate"): what
// a correlation of the same file refers to, unless some correlation generates it.
func (s *Set) Silenced() (rules, correlations map[int]bool) {
	rules, correlations = make(map[int]bool), make(map[int]bool)
	for _, pass := range []bool{false, true} { // who generates has the last word
		for _, c := range s.Correlations {
			if c.Generate != pass {
				continue
			}
			for _, r := range s.Resolve(c) {
				for _, i := range r.Rules {
					rules[i] = !pass && (rules[i] || s.Rules[i].File == c.File)
				}
				for _, i := range r.Correlations {
					correlations[i] = !pass && (correlations[i] || s.Correlations[i].File == c.File)
				}
			}
		}
	}
	return rules, correlations
}

// judgeCorrelations warns of what correlations do to the rules that they name, and of those that can never fire.
func (l *loader) judgeCorrelations() {
	rules, correlations := l.set.Silenced()
	warn := func(r *Rule) {
		if r.Level >= Medium {
			l.problem(Warning, r.Position, CorrelationSilences, fmt.Sprintf("%q is of level %s, and reports only through the correlation in this file", r.Title, r.Level))
		}
	}
	for i, r := range l.set.Rules {
		if rules[i] {
			warn(r)
		}
	}
	for i, c := range l.set.Correlations {
		if correlations[i] {
			warn(c.Rule)
		}
		resolved := l.set.Resolve(c)
		for j, r := range resolved {
			if len(r.Correlations) > 0 && c.Waits() == "" && c.CountsRuns() {
				l.problem(Warning, c.Rules[j].Position, CorrelationWaits,
					"how often a correlation fires can change with later events: this one is judged when they are there, and written on one of those")
			}
		}
		if !slices.ContainsFunc(resolved, func(r Referents) bool { return len(r.Rules)+len(r.Correlations) > 0 }) {
			l.problem(Warning, c.Position, CorrelationStarved, "none of the rules that the correlation refers to can hit a CloudTrail record")
		}
	}
}

// Called reports whether name is the rule's id, name or title.
func (r *Rule) Called(name string) bool { return r.named(name) || r.Title == name }
