package correlate

import (
	"container/heap"
	"crypto/sha256"
	"sync"
	"sync/atomic"
	"time"
)

// Options are how a State works.
type Options struct {
	// Lateness is how much later than others of its account and region a record may come.
	Lateness time.Duration
	// MaxGroups bounds the groups of all correlations together, MaxEvents the events of one. Beyond them the oldest go, and are counted. A condition that needs
	// more events has room for as many as it needs.
	MaxGroups, MaxEvents int
	// Now is the wall clock, and may be called from any goroutine. Without one events come in the order of their times, as in files that are read to the end first.
	Now func() time.Time
}

// State is the groups of correlations, by what these mean, so that those of rules which stay the same stay too when other rules change. It is safe for concurrent
// use; several Correlators share one.
type State struct {
	options atomic.Pointer[Options]
	clock   clock
	store   *store // nil: memory alone
	grace   time.Duration

	mu      sync.Mutex
	tables  map[digestKey]*table
	dropped []digestKey // that the file still has
	closed  bool

	groups, stamp atomic.Int64
	stats         counts
}

// Stats is what a State has seen and done.
type Stats struct {
	// Events counts pairs of an event and a group, Duplicates those that were there already.
	Events, Duplicates uint64
	// Firings counts how often conditions have become true.
	Firings uint64
	// Groups is how many there are now.
	Groups uint64
	// Restored counts pairs that came out of a file. Held is how many of those and of the Events there are now, Expired how many were forgotten as nothing may come any more that belongs to them, or as no correlation asks for
	// them. What is not among those is among EvictedEvents: it had to go before its time, as there was too much, alone or with one of EvictedGroups.
	Restored, Held, Expired, EvictedGroups, EvictedEvents uint64
	// Late counts pairs of a record and a group, where the record came later than is allowed. What it may have belonged to may have been judged, or forgotten.
	Late uint64
	// Saves counts what has been written to the file, a batch of groups each, SaveErrors what could not be. What a batch has not got is tried again.
	Saves, SaveErrors uint64
}

// digestKey is a correlation's digest.
type digestKey = [sha256.Size]byte

type counts struct{ events, restored, duplicates, firings, expired, evictedGroups, evictedEvents, late atomic.Uint64 }

// NewState returns an empty State in memory.
func NewState(o Options) *State {
	s := &State{clock: clock{now: o.Now, horizon: never}, tables: make(map[digestKey]*table), grace: unusedFor}
	s.Limit(o)
	return s
}

// Limit changes how late records may come, and how much is kept, from the next event on. Now must be the one that s has.
func (s *State) Limit(o Options) {
	s.options.Store(&o)
	s.clock.limit(o.Lateness)
}

// Stats returns the counts.
func (s *State) Stats() Stats {
	saves, errors := s.store.counts()
	return Stats{
		Saves: saves, SaveErrors: errors,
		Events: s.stats.events.Load(), Duplicates: s.stats.duplicates.Load(), Firings: s.stats.firings.Load(), Groups: uint64(max(0, s.groups.Load())),
		Restored: s.stats.restored.Load(), Held: s.held(), Expired: s.stats.expired.Load(), EvictedGroups: s.stats.evictedGroups.Load(), EvictedEvents: s.stats.evictedEvents.Load(), Late: s.stats.late.Load(),
	}
}

// held counts the events that there are.
func (s *State) held() (n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tables {
		n += t.held()
	}
	return n
}

// keep is how long events stay behind what may still come.
func (s *State) keep(m *machine) int64 {
	span := m.span
	if m.waits { // what was at the time of the event before is looked at
		span *= 2
	}
	if s.clock.now != nil {
		span += ahead.Microseconds() // the horizon may be so much too far
	}
	return span + m.reach
}

// lateness is how much later than others an event may come.
func (s *State) lateness() int64 { return s.options.Load().Lateness.Microseconds() }

// crowd forgets what a group has no room for. Its shard is locked.
func (s *State) crowd(m *machine, g *group) {
	if most := s.options.Load().MaxEvents; most > 0 {
		s.stats.evictedEvents.Add(uint64(g.crowd(m, max(most, m.least)))) //nolint:gosec // a count
	}
}

// evict forgets the groups that were not touched for longest, while there are too many.
func (s *State) evict() {
	most := int64(s.options.Load().MaxGroups)
	for most > 0 && s.groups.Load() > most {
		victim := s.oldestShard()
		if victim == nil {
			return
		}
		victim.mu.Lock()
		if g := victim.oldest; g != nil {
			victim.remove(g, s.store != nil)
			s.groups.Add(-1)
			s.stats.evictedGroups.Add(1)
			s.stats.evictedEvents.Add(uint64(len(g.events)))
		}
		victim.mu.Unlock()
	}
}

// oldestShard returns the shard with the group that was not touched for longest.
func (s *State) oldestShard() (oldest *shard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	age := uint64(0)
	for _, t := range s.tables {
		for i := range t.shards {
			if a := t.shards[i].age.Load(); a != 0 && (oldest == nil || a < age) {
				oldest, age = &t.shards[i], a
			}
		}
	}
	return oldest
}

// wait notes a moment to be judged later.
func (t *table) wait(at int64, key hash) {
	t.mu.Lock()
	defer t.mu.Unlock()
	heap.Push(&t.waiting, pending{at, key})
}

// due takes a moment that is to be judged now.
func (t *table) due(before int64) (pending, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waiting.due(before)
}
