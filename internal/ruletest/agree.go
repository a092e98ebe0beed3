package ruletest

import (
	"fmt"
	"slices"

	"sigmatrail/correlate"
	"sigmatrail/internal/oracle"
)

// disagree says where firings are not what the oracle says of the events, whatever order they came in, or returns "": a condition that waits fires where it becomes true and
// nowhere else; any other at least once in each run of overlapping windows of which it is true, and outside of none.
func (s *sequence) disagree(fired [][]correlate.Firing) string {
	for i, want := range s.want {
		all := 0
		for _, on := range fired {
			for _, f := range on {
				if f.Correlation == i {
					all++
				}
			}
		}
		for _, g := range want.Groups {
			of := s.of(fired, i, g.Values)
			all -= len(of)
			what := ""
			if want.Waits {
				what = rises(&g, of)
			} else {
				what = episodes(&g, of, func() []oracle.Episode { return g.Episodes(s.set.Correlations[i].Timespan) })
			}
			if what != "" {
				return fmt.Sprintf("%q %q %s, and that is not what the oracle says", s.set.Correlations[i].Title, g.Values, what)
			}
		}
		if all != 0 {
			return fmt.Sprintf("%q fires for groups of which the oracle knows nothing", s.set.Correlations[i].Title)
		}
	}
	return ""
}

// of returns the firings of a correlation in one of its groups.
func (s *sequence) of(fired [][]correlate.Firing, correlation int, group []string) (list []correlate.Firing) {
	for _, on := range fired {
		for _, f := range on {
			if f.Correlation == correlation && slices.EqualFunc(f.Group, group, func(f correlate.Field, v string) bool { return f.Value == v }) {
				list = append(list, f)
			}
		}
	}
	return list
}

// rises compares firings with the windows at which the condition becomes true.
func rises(g *oracle.Group, fired []correlate.Firing) string {
	many := 0
	for _, w := range g.Windows {
		if !w.Rises {
			continue
		}
		many++
		if !slices.ContainsFunc(fired, func(f correlate.Firing) bool { return f.Last.Equal(w.Last) }) {
			return fmt.Sprintf("does not fire at %s", w.Last.UTC())
		}
	}
	if many != len(fired) {
		return fmt.Sprintf("fires %d times", len(fired))
	}
	return ""
}

// episodes compares firings with the episodes in which the condition is true.
func episodes(g *oracle.Group, fired []correlate.Firing, of func() []oracle.Episode) string {
	for _, f := range fired {
		if !slices.ContainsFunc(g.Windows, func(w oracle.Window) bool { return w.Last.Equal(f.Last) && !f.First.Before(w.First) }) {
			return fmt.Sprintf("fires at %s", f.Last.UTC())
		}
	}
	for _, e := range of() {
		if !slices.ContainsFunc(fired, func(f correlate.Firing) bool { return !f.Last.Before(e.First) && !f.Last.After(e.Last) }) {
			return fmt.Sprintf("does not fire between %s and %s", e.First.UTC(), e.Last.UTC())
		}
	}
	return ""
}

// waits reports whether a correlation waits, or one that it refers to.
func (s *sequence) waits(correlation int) bool {
	if s.want[correlation].Waits {
		return true
	}
	for _, r := range s.set.Resolve(s.set.Correlations[correlation]) {
		if slices.ContainsFunc(r.Correlations, s.waits) {
			return true
		}
	}
	return false
}
