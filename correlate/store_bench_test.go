package correlate

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// crowd is events of many groups, so that what an event costs can be measured alone. Each principal has three events, half a million events behind each other.
type crowd struct {
	n, groups int
	who       []string
	ids       []string
}

func newCrowd(groups int) *crowd {
	s := &crowd{groups: groups}
	for i := range groups {
		s.who = append(s.who, fmt.Sprintf("arn:aws:iam::111122223333:user/user-%07d", i))
	}
	for i := range 1 << 16 {
		s.ids = append(s.ids, fmt.Sprintf("%08x-89ab-4def-8123-456789abcdef", i))
	}
	return s
}

// next applies the next event, whose group is one in a random order that repeats.
func (s *crowd) next(c *Correlator, firings []Firing) []Firing {
	i := s.n * 7_654_321 % s.groups
	second := int64(1e9) + int64(s.n/s.groups)*20
	ev := Event{
		Time: time.Unix(second, 0), Account: "111122223333", Region: "eu-west-1", ID: s.ids[s.n%len(s.ids)], Rules: []int{0},
		Values: func(string) []string { return s.who[i : i+1 : i+1] },
	}
	s.n++
	return c.Apply(firings[:0], &ev)
}

// cpu is the time that the process has been on a CPU, with all that runs beside a test.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkSaved is what a hit costs that belongs to one correlation, in memory and with a file; cpu-ns has what is written beside.
func BenchmarkSaved(b *testing.B) {
	_, compiled := load(b, counting)
	for _, groups := range []int{100, 10_000} {
		for _, kind := range []string{"memory", "file"} {
			b.Run(fmt.Sprintf("groups=%d/%s", groups, kind), func(b *testing.B) {
				s := NewState(Options{Now: at(2e9)})
				if kind == "file" {
					s, _ = reopen(b, filepath.Join(b.TempDir(), "state"), Options{Now: at(2e9)}, saveEvery, aMinute)
				}
				c, events := NewCorrelator(compiled, s), newCrowd(groups)
				var firings []Firing
				for range groups {
					firings = events.next(c, firings)
				}
				b.ReportAllocs()
				start := cpu()
				for b.Loop() {
					firings = events.next(c, firings)
				}
				b.ReportMetric(float64((cpu()-start).Nanoseconds())/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

// TestManyGroups measures many groups: SIGMA_GROUPS of them.
func TestManyGroups(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("SIGMA_GROUPS"))
	if err != nil {
		t.Skip("SIGMA_GROUPS says of how many")
	}
	_, compiled := load(t, counting)
	path := filepath.Join(t.TempDir(), "state")
	s, _ := reopen(t, path, Options{Now: at(2e9)}, time.Hour, aMinute)
	c, events := NewCorrelator(compiled, s), newCrowd(n)
	var firings []Firing
	before := inUse()
	step := func(times int) {
		for range times {
			firings = events.next(c, firings)
		}
	}
	t.Logf("new groups: %v an event", took(func() { step(n) }).of(n))
	unsaved := inUse()
	t.Logf("all written: %v, %d bytes a group in the file", took(func() { s.store.save() }), must(os.Stat(path)).Size()/int64(n))
	after := inUse()
	t.Logf("%d bytes a group with one event, %d before it was written", (after-before)/uint64(n), (unsaved-before)/uint64(n))
	const some = 100_000
	t.Logf("at that many groups: %v an event", took(func() { step(some) }).of(some))
	t.Logf("%d changed groups written: %v, then %d bytes a group in the file", some, took(func() { s.store.save() }), must(os.Stat(path)).Size()/int64(n))
	step(2000)
	t.Logf("2000 changed groups written: %v", took(func() { s.store.save() }))
	shut(t, s)
	t.Logf("restored: %v", took(func() { s, _ = reopen(t, path, Options{Now: at(2e9)}, time.Hour, aMinute) }))
	if got := s.Stats().Groups; got != uint64(n) {
		t.Errorf("%d groups", got)
	}
	runtime.KeepAlive(events)
}

// times is how long something took, by the clock and on CPUs.
type times struct{ clock, cpu time.Duration }

func took(f func()) times {
	start, busy := time.Now(), cpu()
	f()
	return times{time.Since(start), cpu() - busy}
}

func (t times) of(n int) times { return times{t.clock / time.Duration(n), t.cpu / time.Duration(n)} }

func (t times) String() string { return fmt.Sprintf("%v (CPU %v)", t.clock, t.cpu) }

func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
