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
	s := records(t, most, anyWaits(set))
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
	p.restart = recalled
	stops := make(map[int]bool)
	for range rapid.IntRange(0, 3).Draw(t, "restarts") {
		stops[rapid.IntRange(0, most).Draw(t, "restart")] = true
	}
	got = p.run(s.order(t, true), stops)
	say("with copies", got, check(set, want, got, notExactly))
	if st := p.state.Stats(); len(stops) == 0 && (st.Events != st.Held+st.Expired || st.EvictedEvents > 0) {
		t.Fatalf("%+v", st)
	}
}

// recalled returns a State that has what is worth keeping of another one, and nothing that was worked out.
func recalled(s *State) *State {
	o := NewState(*s.options.Load())
	o.clock.sources = s.clock.sources
	o.clock.horizon = s.clock.horizon
	for digest, t := range s.tables {
		other := newTable()
		other.waiting = t.waiting
		for i := range t.shards {
			for key, g := range t.shards[i].groups {
				to, _ := other.shards[i].group(key, g.texts, uint64(o.stamp.Add(1)))
				o.groups.Add(1)
				for _, e := range g.events {
					kept := event{at: e.at, id: e.id, account: e.account, mask: e.mask, serial: e.serial, fired: e.fired}
					if e.more != nil {
						kept.more = &more{text: e.more.text, values: e.more.values, numbers: e.more.numbers, faces: e.more.faces, inner: e.more.inner, reach: e.more.reach, by: e.more.by}
					}
					to.events = append(to.events, kept)
				}
			}
		}
		o.tables[digest] = other
	}
	return o
}

func anyWaits(set *rules.Set) bool {
	return slices.ContainsFunc(oracle.Correlate(set, nil), func(c oracle.Correlated) bool { return c.Waits })
}

func tryLoad(text string) (*rules.Set, *Set, bool) {
	set := rules.ParseFiles([]rules.File{{Name: "c.yml", Text: []byte(simpleRules() + text)}}, rules.Options{})
	return set, Compile(set), len(set.Problems.Errors()) == 0
}

// TestCopies: a record that comes again, at once or when all have come, fires what it has fired, and nothing else, unless that has waited.
func TestCopies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := correlations(t)
		_, compiled, ok := tryLoad(text)
		if !ok {
			t.Skip("not sound")
		}
		s := records(t, 30, true)
		list := slices.DeleteFunc(s.order(t, false), func(r made) bool { return r.ID == "" })
		p := newPlay(compiled, Options{Lateness: lateness * time.Second}, s.live)
		whole := newPlay(compiled, Options{Lateness: 5_000_000_000 * time.Second}, false) // nothing is forgotten
		var want [][]string
		for _, r := range list {
			p.wall = time.Unix(int64(r.arrives), 0)
			first, again := atOnce(p.Apply(nil, &r.Event)), atOnce(p.Apply(nil, &r.Event))
			if !slices.Equal(first, again) {
				t.Fatalf("%q fired %q and then %q\n%s\n%s", r.ID, first, again, text, s.String())
			}
			want = append(want, atOnce(whole.Apply(nil, &r.Event)))
		}
		for i, r := range list {
			if again := atOnce(whole.Apply(nil, &r.Event)); !slices.Equal(want[i], again) {
				t.Fatalf("%q fired %q and then, when all had come, %q\n%s\n%s", r.ID, want[i], again, text, s.String())
			}
		}
	})
}

// atOnce returns which correlations have fired without waiting, with their groups.
func atOnce(list []Firing) (out []string) {
	for _, f := range list {
		if !f.Waited {
			out = append(out, fmt.Sprintf("c%d %q", f.Correlation, groupOf(&f)))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
