package correlate

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestBounds: what there is no room for goes and is counted, and below the bounds nothing goes.
func TestBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set, compiled, ok := tryLoad(correlations(t))
		if !ok {
			t.Skip("not sound")
		}
		s := records(t, 40, true)
		o := Options{Lateness: lateness * time.Second, MaxGroups: rapid.IntRange(1, 6).Draw(t, "groups"), MaxEvents: rapid.IntRange(1, 8).Draw(t, "events")}
		list := s.order(t, true)
		p := newPlay(compiled, o, s.live)
		got := p.run(list, nil)
		st := p.state.Stats()
		if st.Events != st.Held+st.Expired+st.EvictedEvents || st.Groups > uint64(o.MaxGroups) || st.Firings != uint64(len(got)) {
			t.Fatalf("%+v, %d firings", st, len(got))
		}
		for i, tb := range p.tables {
			for k := range tb.shards {
				for _, g := range tb.shards[k].groups {
					if most := max(o.MaxEvents, compiled.machines[i].least); len(g.events) > most {
						t.Fatalf("%d events in a group of c%d, %d may be", len(g.events), i, most)
					}
				}
			}
		}
		if st.EvictedEvents == 0 && st.EvictedGroups == 0 {
			if err := check(set, s.judge(set), got, notExactly); err != nil {
				t.Fatalf("nothing was evicted, and yet %v", err)
			}
		}
		p.state.grace = 0
		p.Close()
		p.state.retire()
		if st := p.state.Stats(); st.Held != 0 || st.Groups != 0 || st.Events != st.Expired+st.EvictedEvents {
			t.Fatalf("after Close %+v", st)
		}
	})
}

// TestLongTexts: texts that differ somewhere far behind are different ones, and are not kept as a whole.
func TestLongTexts(t *testing.T) {
	_, compiled := load(t, "title: C\nname: c\nlevel: low\ncorrelation: {type: event_count, rules: [a], group-by: [who], timespan: 10s, condition: {gte: 2}}\n")
	c := NewCorrelator(compiled, NewState(Options{}))
	long := strings.Repeat("x", 1<<16)
	var fired []Firing
	for i, who := range []string{long + "1", long + "2", long, long + "1"} {
		fired = c.Apply(fired, occurrence{1000, "a", "", texts{"who": who}}.event(i))
	}
	if len(fired) != 1 || fired[0].Serial != 3 || len(fired[0].Group[0].Value) != mostText+32 {
		t.Errorf("%d fire: %.100v", len(fired), fired)
	}
}

// TestSumBelowRounding: what a float64 swallows one by one counts in the end.
func TestSumBelowRounding(t *testing.T) {
	_, compiled := load(t, "title: C\nname: c\nlevel: low\ncorrelation: {type: value_sum, rules: [a], group-by: [who], timespan: 10s, condition: {gte: 10000000000000002, field: n}}\n")
	c := NewCorrelator(compiled, NewState(Options{}))
	var fired []Firing
	for i, n := range []string{"1", "1", "1", "10000000000000000"} {
		fired = c.Apply(fired, occurrence{1000 + int64(i), "a", "", texts{"who": "x", "n": n}}.event(i))
	}
	if len(fired) != 1 || fired[0].Value != 10000000000000004 {
		t.Error(fired)
	}
}

// TestLimit: bounds that change hold from the next event on.
func TestLimit(t *testing.T) {
	_, compiled := load(t, "title: C\nname: c\nlevel: low\ncorrelation: {type: event_count, rules: [a], group-by: [who], timespan: 10s, condition: {lt: 2}}\n")
	s := NewState(Options{Lateness: time.Hour, MaxGroups: 10})
	c := NewCorrelator(compiled, s)
	for i := range 20 {
		if fired := c.Apply(nil, occurrence{1000 + int64(i), "a", "", texts{"who": fmt.Sprint(i)}}.event(i)); len(fired) > 0 {
			t.Fatal(fired)
		}
	}
	s.Limit(Options{Lateness: time.Second, MaxGroups: 5})
	fired := c.Apply(nil, occurrence{1020, "a", "", texts{"who": "x"}}.event(20))
	if st := s.Stats(); len(fired) != 9 || st.Groups != 5 { // of the ten last ones the very last is not due yet
		t.Errorf("%d fire, %+v", len(fired), st)
	}
}

// TestWaitingIsBounded: what waits to be judged does not stay behind the groups that had to go.
func TestWaitingIsBounded(t *testing.T) {
	_, compiled := load(t, "title: C\nname: c\nlevel: low\ncorrelation: {type: event_count, rules: [a], group-by: [who], timespan: 10s, condition: {lt: 2}}\n")
	c := NewCorrelator(compiled, NewState(Options{Lateness: time.Hour, MaxGroups: 10}))
	for i := range 5 * fewWaiting {
		if fired := c.Apply(nil, occurrence{1000, "a", "", texts{"who": fmt.Sprint(i)}}.event(i)); len(fired) > 0 {
			t.Fatal(fired)
		}
		if n := len(c.tables[0].waiting); n > fewWaiting {
			t.Fatal(n)
		}
	}
	if fired := c.Flush(nil); len(fired) != 10 {
		t.Error(len(fired))
	}
}

// TestConcurrent: records come from several accounts at a time, each in an order of its own within the lateness.
func TestConcurrent(t *testing.T) {
	for n := range 30 {
		text := rapid.Custom(correlations).Example(n)
		set, compiled, ok := tryLoad(text)
		if !ok {
			continue
		}
		type played struct {
			s    stream
			list []made
		}
		example := rapid.Custom(func(t *rapid.T) played {
			s := records(t, 60, true)
			for !s.live || slices.ContainsFunc(s.records, func(r made) bool { return r.at > 1<<30 }) {
				s = records(t, 60, true)
			}
			return played{s, s.order(t, true)}
		}).Example(n)
		p := newPlay(compiled, Options{Lateness: lateness * time.Second}, true)
		p.wall = time.Unix(100_000, 0)
		var mu sync.Mutex
		var got []Firing
		var wait sync.WaitGroup
		for source := range 3 { // each is known before any has come far
			p.Apply(nil, &Event{Time: time.Unix(0, 0), Account: fmt.Sprint(source), Region: fmt.Sprint("region", source)})
		}
		for source := range 3 {
			wait.Go(func() {
				for i := range example.list {
					if example.list[i].sourceIndex() == source {
						fired := p.Apply(nil, &example.list[i].Event)
						mu.Lock()
						got = append(got, fired...)
						mu.Unlock()
					}
				}
			})
		}
		wait.Wait()
		got = p.Flush(got)
		if err := check(set, example.s.judge(set), got, notExactly); err != nil {
			t.Errorf("%v\n%s\n%sfired:\n%s", err, text, example.s.String(), say(got))
		}
		if st := p.state.Stats(); st.Events != st.Held+st.Expired+st.EvictedEvents || st.Firings != uint64(len(got)) {
			t.Errorf("%+v", st)
		}
	}
}

// TestConcurrentJumps: many groups are due at once, and somebody else takes in events of the same groups while they are judged.
func TestConcurrentJumps(t *testing.T) {
	const text = "title: C\nname: c\nlevel: low\ncorrelation: {type: event_count, rules: [a], group-by: [who], timespan: 10s, condition: {lt: 2}}\n"
	_, compiled := load(t, text)
	for range 20 {
		const groups, rounds = 40, 10
		p := newPlay(compiled, Options{}, true)
		p.wall = time.Unix(1_000_000, 0)
		var mu sync.Mutex
		var wait sync.WaitGroup
		fired := 0
		for worker := range 2 {
			p.Apply(nil, &Event{Time: time.Unix(0, 0), Account: fmt.Sprint(worker), Region: "r"})
		}
		for worker := range 2 {
			wait.Go(func() {
				for i := range rounds {
					for k := range groups {
						ev := occurrence{int64(i * 1000), "a", fmt.Sprint(worker, i, k), texts{"who": fmt.Sprint(k)}}.event(0)
						ev.Account = fmt.Sprint(worker)
						if worker == 1 {
							ev.Time = ev.Time.Add(500 * time.Second)
						}
						got := p.Apply(nil, ev)
						mu.Lock()
						fired += len(got)
						mu.Unlock()
					}
				}
			})
		}
		wait.Wait()
		fired += len(p.Flush(nil))
		if st := p.state.Stats(); fired != 2*groups*rounds || st.Late != 0 {
			t.Fatalf("fired %d times: %+v", fired, st)
		}
	}
}
