package correlate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sigmatrail/internal/oracle"
	"sigmatrail/rules"
)

// check compares what has fired with what the oracle says. Where the condition waits, what fires is known exactly, and so it is where the records came in order
// and nothing waits in the chain (exactly). Otherwise there is a firing in each episode, and none outside.
func check(set *rules.Set, want []oracle.Correlated, got []Firing, exactly func(correlation int) bool) error {
	for i, c := range want {
		var edges []string
		for _, g := range c.Groups {
			fired := firingsOf(set, got, i, g.Values)
			if c.Waits || exactly(i) {
				for _, w := range g.Windows {
					if w.Rises {
						edges = append(edges, fmt.Sprintf("%q %d-%d %d", g.Values, w.First.Unix(), w.Last.Unix(), w.Events))
					}
				}
				continue
			}
			if err := checkEpisodes(&g, set.Correlations[i].Timespan, fired); err != nil {
				return fmt.Errorf("c%d %q: %w", i, g.Values, err)
			}
		}
		var found []string
		for _, f := range got {
			if f.Correlation == i {
				found = append(found, fmt.Sprintf("%q %d-%d %d", groupOf(&f), f.First.Unix(), f.Last.Unix(), f.Events))
			}
			if f.Correlation == i && (c.Waits && !f.Waited || f.Waited && !waited(want, set, i)) {
				return fmt.Errorf("c%d: waited is %v", i, f.Waited)
			}
		}
		slices.Sort(edges)
		slices.Sort(found)
		if !c.Waits && !exactly(i) {
			continue
		}
		if !c.Waits { // the last event of a time may come behind the one that completes the window
			edges, found = withoutCounts(edges), withoutCounts(found)
		}
		if !slices.Equal(edges, found) {
			return fmt.Errorf("c%d: fired %s, want %s", i, found, edges)
		}
	}
	return nil
}

// waited reports whether firings of a correlation come of something that waits. Of a chain this is so where a correlation in it does.
func waited(want []oracle.Correlated, set *rules.Set, i int) bool {
	if want[i].Waits {
		return true
	}
	for _, r := range set.Resolve(set.Correlations[i]) {
		for _, inner := range r.Correlations {
			if waited(want, set, inner) {
				return true
			}
		}
	}
	return false
}

func withoutCounts(list []string) (out []string) {
	for _, s := range list {
		out = append(out, s[:strings.LastIndexByte(s, ' ')])
	}
	return out
}

func groupOf(f *Firing) (texts []string) {
	texts = []string{}
	for _, field := range f.Group {
		texts = append(texts, field.Value)
	}
	return texts
}

func firingsOf(set *rules.Set, list []Firing, correlation int, group []string) (out []Firing) {
	_ = set
	for _, f := range list {
		if f.Correlation == correlation && slices.Equal(groupOf(&f), group) {
			out = append(out, f)
		}
	}
	return out
}

func checkEpisodes(g *oracle.Group, span time.Duration, fired []Firing) error {
	for _, f := range fired {
		if !slices.ContainsFunc(g.Windows, func(w oracle.Window) bool { return w.Last.Equal(f.Last) && !f.First.Before(w.First) }) {
			return fmt.Errorf("fired at %d-%d, outside of every episode %v", f.First.Unix(), f.Last.Unix(), g.Windows)
		}
	}
	for _, e := range g.Episodes(span) {
		if !slices.ContainsFunc(fired, func(f Firing) bool { return !f.Last.Before(e.First) && !f.Last.After(e.Last) }) {
			return fmt.Errorf("did not fire in the episode %d-%d: %v", e.First.Unix(), e.Last.Unix(), fired)
		}
	}
	return nil
}

func notExactly(int) bool { return false }

// TestOracle: generated correlations on generated streams do what the oracle says, in whatever order the records come within the allowed lateness, and however
// often.
func TestOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { property(t, 30) })
}

func property(t *rapid.T, most int) {
	text := correlations(t)
	set, compiled, ok := tryLoad(text)
	if !ok {
		t.Skip("not sound")
	}
	s := records(t, most)
	want := s.judge(set)
	say := func(name string, got []Firing, err error) {
		if err != nil {
			t.Fatalf("%s: %v\n%s\n%sfired:\n%s", name, err, text, s.String(), say(got))
		}
	}

	got := newPlay(compiled, Options{}, false).run(s.ordered(), nil)
	say("in order", got, check(set, want, got, func(i int) bool { return !waited(want, set, i) }))

	o := Options{Lateness: lateness * time.Second}
	got = newPlay(compiled, o, s.live).run(s.order(t, false), nil)
	say("shuffled", got, check(set, want, got, notExactly))

	p := newPlay(compiled, o, s.live)
	stops := make(map[int]bool)
	for range rapid.IntRange(0, 3).Draw(t, "restarts") {
		stops[rapid.IntRange(0, most).Draw(t, "restart")] = true
	}
	got = p.run(s.order(t, true), stops)
	say("with copies", got, check(set, want, got, notExactly))
	if st := p.state.Stats(); st.Events != st.Held+st.Expired+st.EvictedEvents || st.EvictedEvents > 0 {
		t.Fatalf("%+v", st)
	}
}

func tryLoad(text string) (*rules.Set, *Set, bool) {
	set := rules.ParseFiles([]rules.File{{Name: "c.yml", Text: []byte(simpleRules() + text)}}, rules.Options{})
	return set, Compile(set), len(set.Problems.Errors()) == 0
}
