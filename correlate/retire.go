package correlate

import (
	"fmt"
	"slices"
	"time"
)

// unusedFor is how long the groups of a correlation stay that no Correlator uses. On a hot reload the new Correlators come before the old ones go, or after them, one
// by one; it takes as long as the host needs to stop.
const unusedFor = time.Minute

// table returns the table of a correlation, and counts its user.
func (s *State) table(m *machine) *table {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[m.digest]
	if t == nil {
		t = newTable()
		s.tables[m.digest] = t
	}
	t.users++
	if t.title = m.title; t.restored {
		t.restored = false
		s.fit(m, t)
	}
	return t
}

// release gives a table up, which goes when nobody has asked for it for a while.
func (s *State) release(m *machine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[m.digest]
	if t.users--; t.users == 0 {
		t.idle = time.Now()
		s.retireLater()
	}
}

func (s *State) retireLater() {
	time.AfterFunc(s.grace, func() { s.store.guard(s.retire) })
}

// retire forgets what nobody has used for a while.
func (s *State) retire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	for digest, t := range s.tables {
		if t.users > 0 || time.Since(t.idle) < s.grace {
			continue
		}
		delete(s.tables, digest)
		n := 0
		for i := range t.shards {
			groups, events := t.shards[i].clear()
			n += groups
			s.stats.expired.Add(uint64(events)) //nolint:gosec // a count
		}
		s.groups.Add(-int64(n))
		if s.store != nil {
			s.dropped = append(s.dropped, digest)
			s.store.touch()
			s.store.say("correlation %s %s: what it had counted, in %d groups, is dropped", t.title, s.fate(t), n)
		}
	}
}

// fate says why a correlation is not used any more. s is locked.
func (s *State) fate(t *table) string {
	for _, other := range s.tables {
		if other.title == t.title && other.users > 0 {
			return "has changed, or a rule that it refers to has"
		}
	}
	return "is not in use any more"
}

// fit holds what came out of a file to the present limits, and leaves out what cannot be of that correlation. s is locked.
func (s *State) fit(m *machine, t *table) {
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.Lock()
		for _, g := range sh.groups {
			if m.waits {
				t.judgedUpTo(g)
			}
			if !m.sound(g) {
				sh.remove(g, true)
				s.groups.Add(-1)
				s.stats.expired.Add(uint64(len(g.events)))
			} else {
				s.crowd(m, g)
			}
		}
		sh.mu.Unlock()
	}
}

// sound reports whether a group can be one of m.
func (m *machine) sound(g *group) bool {
	if len(g.texts) != len(m.group) {
		return false
	}
	for i := range g.events {
		more := g.events[i].more
		switch m.kind {
		case valueCount:
			if more == nil || len(more.values) == 0 {
				return false
			}
		case valueSum, valueAvg, valuePercentile:
			if more == nil || len(more.numbers) == 0 {
				return false
			}
		case eventCount, temporal, ordered:
		}
	}
	return true
}

// trim forgets the groups that were not touched for longest where there are far too many, as when a file has more than there may be now.
func (s *State) trim() {
	most := s.options.Load().MaxGroups
	if most <= 0 || s.groups.Load() <= int64(most) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var ages []uint64
	s.eachShard(func(sh *shard) {
		for _, g := range sh.groups {
			ages = append(ages, g.touched)
		}
	})
	many := len(ages) - most
	if many <= 0 {
		return
	}
	slices.Sort(ages)
	limit := ages[many-1]
	s.eachShard(func(sh *shard) {
		for sh.oldest != nil && sh.oldest.touched <= limit && many > 0 {
			many--
			s.stats.evictedEvents.Add(uint64(len(sh.oldest.events)))
			sh.remove(sh.oldest, s.store != nil)
			s.groups.Add(-1)
			s.stats.evictedGroups.Add(1)
		}
	})
}

// eachShard calls f with every shard, which is locked meanwhile, as s is.
func (s *State) eachShard(f func(*shard)) {
	for _, t := range s.tables {
		for i := range t.shards {
			sh := &t.shards[i]
			sh.mu.Lock()
			f(sh)
			sh.mu.Unlock()
		}
	}
}

// say reports a line to the host; without a file there is nobody to read it.
func (st *store) say(format string, args ...any) {
	if st != nil {
		st.report(fmt.Sprintf("state of correlations, %s: ", st.path)+fmt.Sprintf(format, args...), false)
	}
}

// complain reports what is wrong.
func (st *store) complain(format string, args ...any) {
	if st != nil {
		st.report(fmt.Sprintf("state of correlations, %s: ", st.path)+fmt.Sprintf(format, args...), true)
	}
}
