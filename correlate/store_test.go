package correlate

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

const aMinute = time.Minute

// lines collects what is reported.
type lines struct {
	mu   sync.Mutex
	list []string
}

func (l *lines) add(line string, _ bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, line)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.list, "\n")
}

// want reports texts that no line has.
func (l *lines) want(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(l.String(), text) {
			t.Errorf("nothing says %q:\n%s", text, l)
		}
	}
}

func at(second int64) func() time.Time { return func() time.Time { return time.Unix(second, 0) } }

// reopen opens a state and ends it with the test.
func reopen(t testing.TB, path string, o Options, every, grace time.Duration) (*State, *lines) {
	t.Helper()
	said := &lines{}
	s, err := openState(path, o, said.add, every, grace)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !strings.Contains(err.Error(), "could not be written") {
			t.Error(err)
		}
	})
	return s, said
}

func shut(t testing.TB, s *State) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for something that another goroutine does.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for range 1000 {
		if so() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s: not within ten seconds", what)
}

// groupsOf returns the groups of a state in an order of their own, without what is not kept.
func groupsOf(s *State) map[string]*group {
	all := make(map[string]*group)
	s.mu.Lock()
	defer s.mu.Unlock()
	for digest, t := range s.tables {
		for i := range t.shards {
			for key, g := range t.shards[i].groups {
				all[fmt.Sprintf("%x/%x", digest[:4], key[:])] = g
			}
		}
	}
	return all
}

func sameGroups(t *testing.T, a, b map[string]*group) {
	t.Helper()
	for key, g := range a {
		if b[key] == nil {
			t.Fatalf("no group %s: %+v", key, g)
		}
		if diff := differ(g, b[key]); diff != "" {
			t.Fatalf("group %s: %s", key, diff)
		}
	}
	if len(a) != len(b) {
		t.Fatalf("%d groups, and %d", len(a), len(b))
	}
}

// everyKind is a correlation of each kind, with chains, waiting ones and ones over no field.
func everyKind() string {
	list := []string{
		"type: event_count, rules: [a, b], group-by: [who], condition: {gte: 3}",
		"type: event_count, rules: [a], group-by: [who], condition: {lt: 3}",
		"type: value_count, rules: [a, b], group-by: [who], condition: {gte: 2, field: id}",
		"type: value_sum, rules: [b], group-by: [who], condition: {gt: 9, field: size}",
		"type: value_avg, rules: [b, c], condition: {gt: 3, field: size}",
		"type: value_percentile, rules: [b, c], group-by: [who], condition: {gt: 3, field: size, percentile: 50}",
		"type: temporal, rules: [a, b, c], group-by: [who]",
		"type: temporal, rules: [a, b], group-by: [who], condition: a and not b",
		"type: temporal_ordered, rules: [a, b, c], group-by: [who]",
		"type: event_count, rules: [c0], group-by: [who], condition: {gte: 2}",
		"type: temporal, rules: [c2, c3]",
	}
	var docs []string
	for i, c := range list {
		docs = append(docs, fmt.Sprintf("title: C%d\nname: c%d\nlevel: low\ncorrelation: {timespan: 10s, %s}\n", i, i, c))
	}
	return strings.Join(docs, "---\n")
}

// TestRestartChangesNothing: what fires is the same, and at the same records, when the process ends and begins anew between any of them.
func TestRestartChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	waited, fired, restarts := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		_, compiled, ok := tryLoad(correlations(t))
		if !ok {
			t.Skip("not sound")
		}
		s := records(t, 30, true)
		o := Options{
			Lateness: lateness * time.Second, MaxGroups: rapid.SampledFrom([]int{0, 5}).Draw(t, "groups"), MaxEvents: rapid.SampledFrom([]int{0, 3}).Draw(t, "events"),
		}
		list := s.order(t, true)
		if len(list) == 0 {
			t.Skip("nothing happens")
		}
		stops := make(map[int]bool)
		for range rapid.IntRange(1, 3).Draw(t, "stops") {
			stops[rapid.IntRange(0, len(list)-1).Draw(t, "stop")] = true
		}
		want := newPlay(compiled, o, s.live).run(list, nil)

		p := newPlay(compiled, o, s.live)
		open := func() *State {
			s, err := openState(path, p.options, func(line string, _ bool) {
				if !strings.HasSuffix(line, "restored") {
					t.Errorf("%s", line)
				}
			}, time.Millisecond, aMinute)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		p.restart = func(s *State) *State {
			restarts++
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open()
		}
		p.Correlator = NewCorrelator(compiled, open())
		got := p.run(list, stops)
		if err := errors.Join(p.state.Close(), os.Remove(path)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Firing{}, "Serial")); diff != "" {
			t.Fatal(diff)
		}
		for i := range want {
			if fired++; want[i].Waited {
				waited++
			}
		}
		if st := p.state.Stats(); st.Events+st.Restored != st.Held+st.Expired+st.EvictedEvents {
			t.Fatalf("%+v", st)
		}
	})
	if waited == 0 || restarts == 0 || fired == waited {
		t.Errorf("%d of %d firings waited, %d restarts: that proves nothing", waited, fired, restarts)
	}
}

const counting = "title: C\nname: c\nid: 5e7e1cbb-f4d9-4e36-9b1c-3d7e0a7f8d11\nlevel: low\ncorrelation: {timespan: 10s, group-by: [who], type: event_count, rules: [a], condition: {gte: 3}}\n"

// feedOne applies an event of rule a at a second.
func feedOne(c *Correlator, second int64, who, id string) []Firing {
	return c.Apply(nil, &Event{Time: time.Unix(second, 0), Account: "1", Region: "r", ID: id, Rules: []int{0}, Values: func(string) []string { return []string{who} }})
}

func TestAnotherVersion(t *testing.T) {
	_, one := load(t, counting)
	path := filepath.Join(t.TempDir(), "state")
	s, _ := reopen(t, path, Options{Now: at(100)}, time.Millisecond, aMinute)
	feedOne(NewCorrelator(one, s), 1, "x", "i")
	shut(t, s)
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte(metaBucket)).Put([]byte(versionKey), []byte{7}) }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s, said := reopen(t, path, Options{Now: at(100)}, time.Millisecond, aMinute)
	if said.want(t, "has version 7, this program has 1", "kept as state.version-7"); s.Stats().Groups != 0 {
		t.Error("it is not empty")
	}
	if _, err := os.Stat(path + ".version-7"); err != nil {
		t.Error(err)
	}
}

func TestPathErrors(t *testing.T) {
	dir := t.TempDir()
	_, err := OpenState(filepath.Join(dir, "no", "state"), Options{}, func(string, bool) {})
	if err == nil || !strings.Contains(err.Error(), "there is no directory "+filepath.Join(dir, "no")) {
		t.Error(err)
	}
	if _, err := OpenState(dir, Options{}, func(string, bool) {}); err == nil || !strings.Contains(err.Error(), dir) {
		t.Error(err)
	}
	for path, want := range map[string]string{filepath.Join(dir, "no", "state"): "there is no directory", dir: "is no file", filepath.Join(dir, "state"): ""} {
		if err := CheckPath(path); (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", path, err)
		}
	}
	path := filepath.Join(dir, "state")
	s, _ := reopen(t, path, Options{}, saveEvery, aMinute)
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Error(info.Mode(), err)
	}
	start := time.Now()
	_, err = OpenState(path, Options{}, func(string, bool) {})
	if err == nil || !strings.Contains(err.Error(), path+": another process has this state of correlations open") {
		t.Error(err)
	}
	if time.Since(start) > 5*time.Second {
		t.Errorf("it took %v", time.Since(start))
	}
	shut(t, s)
	reopen(t, path, Options{}, saveEvery, aMinute)
}

// limit makes the file unable to grow beyond a number of bytes, or lets it.
func (st *store) limit(most int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.db.MaxSize = most
}

func TestFullDisk(t *testing.T) {
	_, one := load(t, counting)
	path := filepath.Join(t.TempDir(), "state")
	s, said := reopen(t, path, Options{Now: at(100), MaxGroups: 3000}, time.Millisecond, aMinute)
	c := NewCorrelator(one, s)
	feedOne(c, 1, "first", "i")
	eventually(t, "the first is written", func() bool { return s.Stats().Saves > 0 })
	s.store.limit(1)
	for i := range 3000 {
		feedOne(c, 2, fmt.Sprint("x", i), "i")
		feedOne(c, 3, fmt.Sprint("x", i/2), "j")
	}
	eventually(t, "several failures", func() bool { return s.Stats().SaveErrors > 2 })
	for i := range 20000 { // groups come and go while nothing can be written
		feedOne(c, 4, fmt.Sprint("y", i), "i")
	}
	for _, t1 := range s.tables {
		for i := range t1.shards {
			sh := &t1.shards[i]
			sh.mu.Lock()
			if n := len(sh.unsaved.groups) + len(sh.unsaved.gone); n > 3*3000/shards+3*few {
				t.Errorf("%d unsaved in a shard", n)
			}
			sh.mu.Unlock()
		}
	}
	s.store.limit(0)
	eventually(t, "it is whole again", func() bool { return strings.Contains(said.String(), "it can be written again, and is whole") })
	if n := strings.Count(said.String(), "cannot be written"); n != 1 {
		t.Errorf("said %d times:\n%s", n, said)
	}
	said.want(t, "correlations go on in memory, and writing is tried again")
	want := groupsOf(s)
	shut(t, s)
	s, _ = reopen(t, path, Options{Now: at(100)}, time.Millisecond, aMinute)
	sameGroups(t, want, groupsOf(s))
	if len(want) != 3000 {
		t.Errorf("%d groups", len(want))
	}
}

// A panic while something is written costs the file, which is moved aside, and no group; too many end the writing, and nothing else.
func TestFaults(t *testing.T) {
	_, one := load(t, counting)
	path := filepath.Join(t.TempDir(), "state")
	s, said := reopen(t, path, Options{Now: at(100)}, time.Millisecond, aMinute)
	c := NewCorrelator(one, s)
	feedOne(c, 1, "first", "i")
	feedOne(c, 1, "second", "i")
	eventually(t, "they are written", func() bool { return s.Stats().Saves > 0 && s.Stats().Groups == 2 })
	fail := func() {
		s.store.mu.Lock()
		defer s.store.mu.Unlock()
		s.store.failure(s.store.attempt(func() error { panic("made up") }))
	}
	fail()
	said.want(t, "made up", "it is kept as state.broken", "it begins anew")
	feedOne(c, 2, "third", "i")
	eventually(t, "everything is written again", func() bool {
		s.store.mu.Lock()
		defer s.store.mu.Unlock()
		return s.store.faults == 0
	})
	want := groupsOf(s)
	fail()
	fail()
	fail()
	said.want(t, "in memory alone, until the next start")
	for i := range 200 {
		feedOne(c, 4, fmt.Sprint("more", i), "i")
	}
	if err := s.Close(); err == nil {
		t.Error("nothing is said of what is not in the file")
	}
	if got, _ := reopen(t, path+".broken", Options{Now: at(100)}, time.Millisecond, aMinute); len(groupsOf(got)) != 2 {
		t.Error("the first file is not what it was")
	}
	if got, _ := reopen(t, path+".broken-2", Options{Now: at(100)}, time.Millisecond, aMinute); len(want) != 3 || len(groupsOf(got)) != 3 {
		t.Error("the second file is not whole")
	}
}

// Somebody cuts the file short while it is in use.
func TestCutShortWhileOpen(t *testing.T) {
	_, one := load(t, counting)
	path := filepath.Join(t.TempDir(), "state")
	s, said := reopen(t, path, Options{Now: at(100)}, time.Millisecond, aMinute)
	c := NewCorrelator(one, s)
	for i := range 3000 {
		feedOne(c, 1, fmt.Sprint(i), "i")
	}
	eventually(t, "written", func() bool {
		s.store.mu.Lock()
		defer s.store.mu.Unlock()
		return s.Stats().Saves > 0 && !s.store.changed.Load()
	})
	if err := os.Truncate(path, 8192); err != nil {
		t.Fatal(err)
	}
	for i := range 3000 {
		feedOne(c, 2, fmt.Sprint(i), "j")
	}
	eventually(t, "a new file", func() bool { return strings.Contains(said.String(), "it begins anew") })
	want := groupsOf(s)
	shut(t, s)
	s, _ = reopen(t, path, Options{Now: at(100)}, time.Millisecond, aMinute)
	sameGroups(t, want, groupsOf(s))
}

// Nothing is written, and nobody wakes up, while nothing changes.
func TestIdle(t *testing.T) {
	_, one := load(t, counting)
	s, _ := reopen(t, filepath.Join(t.TempDir(), "state"), Options{Now: at(100)}, time.Millisecond, aMinute)
	c := NewCorrelator(one, s)
	feedOne(c, 1, "x", "i")
	eventually(t, "written", func() bool { return s.Stats().Saves == 1 })
	c.Apply(nil, &Event{Time: time.Unix(2, 0), Account: "1", Region: "r", Rules: []int{4}, Values: func(string) []string { return nil }})
	time.Sleep(50 * time.Millisecond)
	if n := s.Stats().Saves; n != 1 {
		t.Errorf("%d transactions", n)
	}
}

// What several threads feed is in the file when it is closed.
func TestConcurrentlySaved(t *testing.T) {
	_, compiled := load(t, everyKind())
	path := filepath.Join(t.TempDir(), "state")
	o := Options{Now: at(2000), MaxGroups: 150, MaxEvents: 4, Lateness: time.Second}
	s, said := reopen(t, path, o, time.Microsecond, aMinute)
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			c := NewCorrelator(compiled, s)
			for i := range 1500 {
				ev := Event{
					Time: time.Unix(int64(i/10), 0), Account: "1", Region: "r", ID: fmt.Sprint(n, i), Rules: []int{i % 3, (i + 1) % 3},
					Values: func(string) []string { return []string{fmt.Sprint(i % 97)} },
				}
				slices.Sort(ev.Rules)
				c.Apply(nil, &ev)
			}
		})
	}
	group.Wait()
	want := groupsOf(s)
	shut(t, s)
	s, _ = reopen(t, path, Options{Now: at(2000)}, time.Millisecond, aMinute)
	sameGroups(t, want, groupsOf(s))
	if said.String() != "" {
		t.Error(said)
	}
	if err := s.store.db.View(func(tx *bbolt.Tx) error { return errors.Join(slices.Collect(checks(tx))...) }); err != nil {
		t.Error(err)
	}
}

// checks are what bbolt finds wrong with a database.
func checks(tx *bbolt.Tx) iter.Seq[error] {
	return func(yield func(error) bool) {
		for err := range tx.Check() {
			if !yield(err) {
				return
			}
		}
	}
}

func TestGuard(t *testing.T) {
	memory := NewState(Options{})
	memory.store.guard(func() { panic("made up") })
	if err := memory.Close(); err != nil {
		t.Error(err)
	}
	s, said := reopen(t, filepath.Join(t.TempDir(), "state"), Options{}, saveEvery, aMinute)
	s.store.guard(func() { panic("made up") })
	if said.want(t, "a fault in sigmatrail (please report it): made up"); s.Stats().SaveErrors != 1 {
		t.Error("it is not counted")
	}
}

// TestManyBatches: what is too much for a transaction is written in several, and removed so.
func TestManyBatches(t *testing.T) {
	_, one := load(t, counting)
	path := filepath.Join(t.TempDir(), "state")
	s, _ := reopen(t, path, Options{Now: at(100)}, time.Hour, aMinute)
	c := NewCorrelator(one, s)
	const n = 2*mostBatch + 100
	for i := range n {
		feedOne(c, 1, fmt.Sprint(i), "i")
	}
	want := groupsOf(s)
	shut(t, s)
	if saves := s.Stats().Saves; saves < 3 {
		t.Errorf("%d transactions", saves)
	}
	s, _ = reopen(t, path, Options{Now: at(100), MaxGroups: 10}, time.Hour, aMinute)
	sameGroups(t, want, groupsOf(s))
	NewCorrelator(one, s)
	want = groupsOf(s)
	shut(t, s)
	if saves := s.Stats().Saves; saves < 3 || len(want) != 10 {
		t.Errorf("%d transactions, %d groups", saves, len(want))
	}
	s, _ = reopen(t, path, Options{Now: at(100)}, time.Hour, aMinute)
	sameGroups(t, want, groupsOf(s))
}
