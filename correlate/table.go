package correlate

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// shards is how many parts of a table can be worked on at a time.
const shards = 16

// table is the groups of one correlation. Its shards are locked one at a time, and no other lock is taken meanwhile but that of the state's own counts.
type table struct {
	shards [shards]shard
	// Under the state's lock: how many Correlators use it, since when none does, what the correlation is called, and whether it is as it came out of a file.
	users    int
	idle     time.Time
	title    string
	restored bool

	mu      sync.Mutex
	waiting waiting // moments to be judged, where the correlation waits; under mu
	pruned  int     // how many were left when last looked through; under mu

	// judging is held by who judges them, up to judged: nobody may take it that they are judged while somebody still does so. Shards are locked below it, and no other
	// judging.
	judging sync.Mutex
	judged  atomic.Int64
}

func newTable() *table {
	t := &table{}
	t.judged.Store(never)
	return t
}

// held counts the events.
func (t *table) held() (n uint64) {
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.Lock()
		for _, g := range sh.groups {
			n += uint64(len(g.events))
		}
		sh.mu.Unlock()
	}
	return n
}

// shard is the groups whose keys begin alike.
type shard struct {
	mu     sync.Mutex
	groups map[hash]*group
	// newest and oldest are the ends of a list of the groups in the order in which they were touched.
	newest, oldest *group
	age            atomic.Uint64 // when the oldest was touched; 0: there is none
	unsaved        unsaved
}

// unsaved is what a shard's file does not have yet. In groups are all that are dirty, and some that are not there any more; gone has what is still in the file.
type unsaved struct {
	groups []*group
	gone   map[hash]struct{}
}

func (t *table) shard(key hash) *shard { return &t.shards[t.index(key)] }

func (t *table) index(key hash) int { return int(key[0] % shards) }

// tooLate reports whether an event of a correlation that waits comes when others of its window are forgotten already, as may the event itself be, had it been
// there. Judged on what is left, the condition could be true for that alone.
func (s *shard) tooLate(m *machine, key hash, e *event, before int64) bool {
	g := s.groups[key]
	if g != nil {
		before = max(before, g.from)
	}
	if !m.waits || e.at >= before+m.span || before == never {
		return false
	}
	return g == nil || !g.has(e)
}

// group returns the group of a key, a new one if need be, and counts the touch.
func (s *shard) group(key hash, texts []string, stamp uint64) (g *group, fresh bool) {
	g = s.groups[key]
	if g == nil {
		if s.groups == nil {
			s.groups = make(map[hash]*group)
		}
		g, fresh = &group{key: key, texts: texts, lost: never, from: never, settled: never, judgedAt: never}, true
		s.groups[key] = g
	} else {
		s.unlink(g)
	}
	s.link(g, stamp)
	return g, fresh
}

// link makes g the newest.
func (s *shard) link(g *group, stamp uint64) {
	g.touched, g.older, g.newer = stamp, s.newest, nil
	if s.newest != nil {
		s.newest.newer = g
	} else {
		s.oldest = g
	}
	s.newest = g
	s.age.Store(s.oldest.touched)
}

func (s *shard) unlink(g *group) {
	if g.newer != nil {
		g.newer.older = g.older
	} else {
		s.newest = g.older
	}
	if g.older != nil {
		g.older.newer = g.newer
	} else {
		s.oldest = g.newer
	}
	if s.oldest != nil {
		s.age.Store(s.oldest.touched)
	} else {
		s.age.Store(0)
	}
}

// remove forgets a group.
func (s *shard) remove(g *group, save bool) {
	s.unlink(g)
	delete(s.groups, g.key)
	if !save {
		return
	}
	if g.stored {
		s.unsaved.lose(g.key)
	}
	if len(s.unsaved.groups) > 2*len(s.groups)+few { // however long nothing can be written
		s.unsaved.groups = slices.DeleteFunc(s.unsaved.groups, func(g *group) bool { return s.groups[g.key] != g })
	}
}

func (u *unsaved) lose(key hash) {
	if u.gone == nil {
		u.gone = make(map[hash]struct{})
	}
	u.gone[key] = struct{}{}
}

// clear forgets all groups, and returns how many there were, and how many events they had.
func (s *shard) clear() (n, events int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n = len(s.groups)
	for _, g := range s.groups {
		events += len(g.events)
	}
	s.groups, s.newest, s.oldest, s.unsaved = nil, nil, nil, unsaved{}
	s.age.Store(0)
	return n, events
}

// change notes that a group is to be stored.
func (s *shard) change(g *group) {
	if !g.dirty {
		g.dirty = true
		s.unsaved.groups = append(s.unsaved.groups, g)
	}
}

// sweep forgets groups that have nothing left after a time, the ones that were not touched for longest first, a few at a time, and returns how many, and how many
// events they had.
func (s *shard) sweep(before int64, save bool) (n, events int) {
	const atATime = 2
	for range atATime {
		g := s.oldest
		if g == nil || g == s.newest || (len(g.events) > 0 && g.events[len(g.events)-1].at >= before) {
			return n, events
		}
		events += len(g.events)
		s.remove(g, save)
		n++
	}
	return n, events
}
