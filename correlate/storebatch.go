package correlate

import (
	"bytes"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// mostBatch bounds how many groups a transaction writes, so that one that writes all of a million groups needs no more memory than another; few is how many are
// encoded at a time under a shard's lock, and mostBytes is when a transaction has enough.
const (
	mostBatch = 1 << 14
	mostBytes = 8 << 20
	few       = 64
)

// entry is a group that is to be written, or where group is nil, not to be there any more.
type entry struct {
	shard *shard
	group *group
	key   hash
	value []byte
}

// section is the entries of a correlation.
type section struct {
	digest  digestKey
	head    []byte
	entries []entry
}

// change is what one transaction does.
type change struct {
	dropped  []digestKey
	sections []section
	clock    []byte
	full     bool // there may be more
}

// batch writes a number of groups that have changed, and reports whether there may be more.
func (st *store) batch(most int) (more bool, err error) {
	c := change{}
	settled := false
	defer func() { // after a panic too
		if !settled {
			st.undo(&c)
		}
	}()
	st.collect(&c, most)
	if len(c.sections) == 0 && len(c.dropped) == 0 && c.clock == nil {
		return false, nil
	}
	if err := st.db.Update(c.write); err != nil {
		return false, err
	}
	st.saves.Add(1)
	settled = true
	st.settle(&c)
	return c.full, nil
}

// collect takes what has changed.
func (st *store) collect(c *change, most int) {
	s := st.state
	tables, digests, dropped := s.tablesOf()
	c.dropped = dropped
	st.buffer = st.buffer[:0]
	for i, t := range tables {
		c.sections = append(c.sections, section{digest: digests[i]})
		p := &c.sections[len(c.sections)-1]
		for j := range t.shards {
			for sh := &t.shards[j]; ; {
				n, rest := st.take(p, sh, min(few, most))
				if most -= n; most <= 0 || len(st.buffer) > mostBytes {
					c.full = true
				}
				if !rest || c.full {
					break
				}
			}
		}
		if len(p.entries) == 0 && (!st.last || t.judged.Load() == never) {
			c.sections = c.sections[:len(c.sections)-1]
		} else {
			p.head = t.encodeHead(digests[i], s.titleOf(t))
		}
		if c.full {
			break
		}
	}
	if len(c.sections) > 0 || st.last {
		c.clock = s.clock.encode(nil, s.now())
	}
}

func (s *State) titleOf(t *table) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return t.title
}

func (s *State) now() time.Time {
	if s.clock.now != nil {
		return s.clock.now()
	}
	return time.Now()
}

// take takes a few groups of a shard that have changed, and returns how many it looked at, and whether there may be more.
func (st *store) take(p *section, sh *shard, most int) (n int, more bool) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	u := &sh.unsaved
	for key := range u.gone {
		if n == most {
			return n, true
		}
		n++
		delete(u.gone, key)
		p.entries = append(p.entries, entry{shard: sh, key: key})
	}
	for n < most && len(u.groups) > 0 {
		g := u.groups[0]
		u.groups[0], u.groups = nil, u.groups[1:]
		if sh.groups[g.key] != g {
			continue
		}
		n++
		g.dirty = false
		p.entries = append(p.entries, entry{shard: sh, group: g, key: g.key})
		start := len(st.buffer)
		st.buffer = g.encode(st.buffer)
		p.entries[len(p.entries)-1].value = st.buffer[start:len(st.buffer):len(st.buffer)]
	}
	if len(u.groups) == 0 {
		u.groups = nil
	}
	return n, len(u.groups) > 0
}

// write is the transaction.
func (c *change) write(tx *bbolt.Tx) error {
	meta, heads, groups := tx.Bucket([]byte(metaBucket)), tx.Bucket([]byte(tablesBucket)), tx.Bucket([]byte(groupsBucket))
	for i := range c.dropped {
		if err := heads.Delete(c.dropped[i][:]); err != nil {
			return err
		}
		if digest := c.dropped[i][:]; groups.Bucket(digest) != nil {
			if err := groups.DeleteBucket(digest); err != nil {
				return err
			}
		}
	}
	for i := range c.sections {
		if err := c.sections[i].write(heads, groups); err != nil {
			return err
		}
	}
	if c.clock == nil {
		return nil
	}
	return meta.Put([]byte(clockKey), c.clock)
}

func (p *section) write(heads, groups *bbolt.Bucket) error {
	bucket, err := groups.CreateBucketIfNotExists(p.digest[:])
	if err != nil {
		return err
	}
	if !bytes.Equal(heads.Get(p.digest[:]), p.head) {
		if err := heads.Put(p.digest[:], p.head); err != nil {
			return err
		}
	}
	slices.SortStableFunc(p.entries, func(a, b entry) int { return slices.Compare(a.key[:], b.key[:]) })
	for i := range p.entries { // of one key first that it goes, then that another comes
		e := &p.entries[i]
		if e.group == nil {
			err = bucket.Delete(e.key[:])
		} else {
			err = bucket.Put(e.key[:], e.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settle notes what the file has now.
func (st *store) settle(c *change) {
	c.each(func(e *entry) {
		if e.group == nil {
			return
		}
		switch now := e.shard.groups[e.key]; now {
		case nil:
			e.shard.unsaved.lose(e.key)
			st.touch()
		default:
			now.stored = true
		}
	})
}

// undo puts back what was not written.
func (st *store) undo(c *change) {
	s := st.state
	s.mu.Lock()
	s.dropped = append(s.dropped, c.dropped...)
	s.mu.Unlock()
	c.each(func(e *entry) {
		switch now := e.shard.groups[e.key]; {
		case now != nil && e.group == nil:
			now.stored = true
		case now != nil:
			e.shard.change(now)
		case e.group == nil:
			e.shard.unsaved.lose(e.key)
		}
	})
}

// each calls f with every entry, while its shard is locked.
func (c *change) each(f func(*entry)) {
	for i := range c.sections {
		for j := range c.sections[i].entries {
			e := &c.sections[i].entries[j]
			e.shard.mu.Lock()
			f(e)
			e.shard.mu.Unlock()
		}
	}
}
