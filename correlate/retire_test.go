package correlate

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestReload(t *testing.T) {
	other := strings.NewReplacer("title: C\n", "title: D\n", "name: c", "name: d", "5e7e1cbb", "6e7e1cbb", "[a]", "[a, b]").Replace(counting)
	changed := strings.Replace(other, "gte: 3", "gte: 4", 1)
	for _, test := range []struct {
		name, before, after string
		newFirst            bool
		kept                int
		says                string
	}{
		{"the same rules, the new ones first", counting + "---\n" + other, counting + "---\n" + other, true, 2, ""},
		{"the same rules, the old ones gone first", counting + "---\n" + other, counting + "---\n" + other, false, 2, ""},
		{"in another order, with a line before", counting + "---\n" + other, "# a comment\n" + other + "---\n" + counting, false, 2, ""},
		{"one has changed", counting + "---\n" + other, counting + "---\n" + changed, true, 1, `correlation "D" (6e7e1cbb-f4d9-4e36-9b1c-3d7e0a7f8d11) has changed, or a rule that it refers to has: what it had counted, in 1 groups, is dropped`},
		{"one has gone", counting + "---\n" + other, counting, false, 1, `correlation "D" (6e7e1cbb-f4d9-4e36-9b1c-3d7e0a7f8d11) is not in use any more: what it had counted, in 1 groups, is dropped`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, before := load(t, test.before)
			_, after := load(t, test.after)
			path := filepath.Join(t.TempDir(), "state")
			s, said := reopen(t, path, Options{Now: at(100)}, time.Millisecond, 50*time.Millisecond)
			memory := NewState(Options{Now: at(100)})
			memory.grace = s.grace
			for _, s := range []*State{s, memory} {
				old := NewCorrelator(before, s)
				feedOne(old, 1, "x", "i")
				if !test.newFirst {
					old.Close()
				}
				reloaded := NewCorrelator(after, s)
				if test.newFirst {
					old.Close()
				}
				eventually(t, "what is not used any more is dropped", func() bool { return s.Stats().Groups == uint64(test.kept) })
				feedOne(reloaded, 2, "x", "j")
				if fired := feedOne(reloaded, 3, "x", "k"); len(fired) != test.kept {
					t.Errorf("%d fire, want %d", len(fired), test.kept)
				}
			}
			if test.says != "" {
				said.want(t, test.says)
			}
			if n := strings.Count(said.String(), "dropped"); n != map[bool]int{true: 1}[test.says != ""] {
				t.Errorf("%d are dropped:\n%s", n, said)
			}
			shut(t, s)

			again, said := reopen(t, path, Options{Now: at(100)}, time.Millisecond, aMinute)
			if n := len(again.tables); n != len(after.machines) {
				t.Errorf("%d tables in the file:\n%s", n, said)
			}
		})
	}
}

func TestTwoCorrelatorsOfOtherRules(t *testing.T) {
	other := strings.NewReplacer("title: C\n", "title: D\n", "name: c", "name: d", "5e7e1cbb", "6e7e1cbb", "[a]", "[a, b]").Replace(counting)
	_, one := load(t, counting)
	_, two := load(t, other)
	_, both := load(t, counting+"---\n"+other)
	path := filepath.Join(t.TempDir(), "state")
	s, _ := reopen(t, path, Options{Now: at(100)}, time.Millisecond, aMinute)
	a, b := NewCorrelator(one, s), NewCorrelator(two, s)
	feedOne(a, 1, "x", "i")
	feedOne(b, 1, "y", "i")
	shut(t, s)

	s, said := reopen(t, path, Options{Now: at(100)}, time.Millisecond, 200*time.Millisecond)
	a = NewCorrelator(one, s)
	c := NewCorrelator(both, s) // shares a's
	a.Close()
	time.Sleep(400 * time.Millisecond)
	for _, id := range []string{"j", "k"} {
		fired := append(feedOne(c, 2, "x", id), feedOne(c, 2, "y", id)...)
		if id == "k" && len(fired) != 2 {
			t.Errorf("%d fire: %v", len(fired), fired)
		}
	}
	if said.want(t, "2 groups of 2 correlations restored"); strings.Contains(said.String(), "dropped") {
		t.Error(said)
	}
}

// An unused table is dropped after its grace, not by the first Correlator, whose neighbour may be about to come.
func TestRestoredButUnused(t *testing.T) {
	_, one := load(t, counting)
	_, empty := load(t, "")
	path := filepath.Join(t.TempDir(), "state")
	s, _ := reopen(t, path, Options{Now: at(100)}, time.Millisecond, aMinute)
	feedOne(NewCorrelator(one, s), 1, "x", "i")
	shut(t, s)

	s, said := reopen(t, path, Options{Now: at(100)}, time.Millisecond, 300*time.Millisecond)
	NewCorrelator(empty, s)
	if s.Stats().Groups != 1 {
		t.Error("the first Correlator has taken it away")
	}
	eventually(t, "it is dropped", func() bool { return s.Stats().Groups == 0 })
	said.want(t, `"C" (5e7e1cbb-f4d9-4e36-9b1c-3d7e0a7f8d11) is not in use any more`)
	shut(t, s)
	if s, said = reopen(t, path, Options{Now: at(100)}, time.Millisecond, aMinute); len(s.tables) != 0 {
		t.Errorf("it is still in the file:\n%s", said)
	}
}

func TestRestoredObeysLimits(t *testing.T) {
	_, one := load(t, strings.Replace(counting, "gte: 3", "gte: 1", 1))
	path := filepath.Join(t.TempDir(), "state")
	s, _ := reopen(t, path, Options{Now: at(100)}, time.Millisecond, aMinute)
	c := NewCorrelator(one, s)
	for i := range 100 {
		for j := range 5 {
			feedOne(c, int64(j), fmt.Sprint("who", i), fmt.Sprint("id", j))
		}
	}
	shut(t, s)
	for range 2 { // the limits hold in the file too
		s, _ = reopen(t, path, Options{Now: at(100), MaxGroups: 30, MaxEvents: 3}, time.Millisecond, aMinute)
		NewCorrelator(one, s)
		all := groupsOf(s)
		if len(all) != 30 || s.Stats().Groups != 30 {
			t.Fatalf("%d groups", len(all))
		}
		for _, g := range all {
			if len(g.events) != 3 || g.texts[0] < "who70" || len(g.texts[0]) != 5 || g.lost == never {
				t.Fatalf("%+v", g)
			}
		}
		shut(t, s)
	}
}
