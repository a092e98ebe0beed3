package correlate

import (
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
)

// formatVersion is the version of what is in a file. It is another one whenever an older program would misread it, or digests or keys are worked out otherwise.
const formatVersion = 1

const (
	metaBucket   = "meta"
	tablesBucket = "tables"
	groupsBucket = "groups"
	versionKey   = "version"
)

// lockWait is how long is waited for another process to give a file free.
const lockWait = 800 * time.Millisecond

// damaged says that a file is not what was written.
type damaged struct{ why error }

func (e *damaged) Error() string { return e.why.Error() }

// version says that a file is of another version.
type version uint64

func (v version) Error() string {
	return fmt.Sprintf("its format has version %d, this program has %d", v, formatVersion)
}

// open opens the file, and takes what is in it into the state, which is empty.
func (st *store) open() error {
	for tries := 1; ; tries++ {
		err := st.attempt(func() (err error) {
			if st.db, err = openFile(st.path); err != nil {
				return err
			}
			return st.load()
		})
		if err == nil {
			return nil
		}
		why := ""
		if v := version(0); errors.As(err, &v) {
			why = "version-" + strconv.FormatUint(uint64(v), 10)
		} else if d := (*damaged)(nil); errors.As(err, &d) {
			why = "broken-" + strconv.FormatInt(time.Now().Unix(), 10)
		} else if f := (*fault)(nil); errors.As(err, &f) {
			why = "broken-" + strconv.FormatInt(time.Now().Unix(), 10)
		}
		if st.db != nil {
			st.abandon()
		}
		if why == "" || tries == mostFaults {
			return err
		}
		st.complain("cannot be used: %v; correlations begin anew", err)
		if err := st.aside(why); err != nil {
			return fmt.Errorf("%s: %w", st.path, err)
		}
	}
}

// openFile opens and locks a file, and checks it before bbolt sees it, as bbolt trusts what it maps.
func openFile(path string) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockWait, FreelistType: bbolt.FreelistMapType, NoStatistics: true,
		OpenFile: func(path string, flag int, mode os.FileMode) (*os.File, error) {
			file, err := os.OpenFile(path, flag, mode)
			if err != nil {
				return nil, err
			}
			if err = lock(file); err == nil {
				err = checkPages(file)
			}
			if err != nil {
				return nil, errors.Join(err, file.Close())
			}
			return file, nil
		},
	})
	var system *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, noDirectory(path)
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, fmt.Errorf("%s: another process has this state of correlations open: give each process a file of its own", path)
	case errors.As(err, &system):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return db, nil
}

func noDirectory(path string) error {
	return fmt.Errorf("%s: there is no directory %s: create it, writable for the user that this runs as", path, filepath.Dir(path))
}

// CheckPath says what keeps OpenState from using a path, as far as that can be seen without opening or making anything.
func CheckPath(path string) error {
	dir, err := os.Stat(filepath.Dir(path))
	switch {
	case errors.Is(err, fs.ErrNotExist) || (err == nil && !dir.IsDir()):
		return noDirectory(path)
	case err != nil:
		return err
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: it is no file", path)
	}
	return nil
}

// lock takes the lock that bbolt takes next, on the same file.
func lock(file *os.File) (err error) {
	const step = 50 * time.Millisecond
	for end := time.Now().Add(lockWait); ; time.Sleep(step) {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(end) {
			return err
		}
	}
}

// begin makes the buckets of an empty file.
func (st *store) begin(db *bbolt.DB) error {
	return db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{metaBucket, tablesBucket, groupsBucket} {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		return tx.Bucket([]byte(metaBucket)).Put([]byte(versionKey), binary.AppendUvarint(nil, formatVersion))
	})
}

// load reads the file.
func (st *store) load() error {
	empty := false
	groups := 0
	s := st.state
	err := st.db.View(func(tx *bbolt.Tx) error {
		if first, _ := tx.Cursor().First(); first == nil {
			empty = true
			return nil
		}
		meta, heads, all := tx.Bucket([]byte(metaBucket)), tx.Bucket([]byte(tablesBucket)), tx.Bucket([]byte(groupsBucket))
		if meta == nil || heads == nil || all == nil {
			return &damaged{errors.New("it is no state of correlations")}
		}
		if v, n := binary.Uvarint(meta.Get([]byte(versionKey))); n <= 0 || v != formatVersion {
			return version(v)
		}
		if value := meta.Get([]byte(clockKey)); value != nil {
			if err := s.clock.decode(value, s.now()); err != nil {
				return &damaged{fmt.Errorf("the clock: %w", err)}
			}
		}
		tables, n, err := loadTables(heads, all)
		if err != nil {
			return &damaged{err}
		}
		s.tables, groups = tables, n
		return nil
	})
	if err != nil {
		return err
	}
	if empty {
		return st.begin(st.db)
	}
	s.adopt(groups)
	if groups > 0 {
		st.say("%d groups of %d correlations restored", groups, len(s.tables))
	}
	return nil
}

// adopt counts what came out of the file.
func (s *State) adopt(groups int) {
	s.groups.Store(int64(groups))
	newest, now, events := uint64(0), time.Now(), uint64(0)
	for _, t := range s.tables {
		t.idle, t.restored = now, true
		events += t.held()
		for i := range t.shards {
			if g := t.shards[i].newest; g != nil {
				newest = max(newest, g.touched)
			}
		}
	}
	s.stats.restored.Store(events)
	s.stamp.Store(int64(newest))
}

func loadTables(heads, all *bbolt.Bucket) (tables map[digestKey]*table, groups int, err error) {
	tables = make(map[digestKey]*table)
	err = all.ForEachBucket(func(digest []byte) error {
		t := newTable()
		if err := t.decodeHead(digest, heads.Get(digest)); err != nil {
			return fmt.Errorf("what is known of correlation %x: %w", digest, err)
		}
		n, err := t.load(all.Bucket(digest))
		if err != nil {
			return fmt.Errorf("the groups of correlation %s: %w", t.title, err)
		}
		tables[digestKey(digest)] = t
		groups += n
		return nil
	})
	return tables, groups, err
}

// judgedUpTo notes that what has been judged of a group has been.
func (t *table) judgedUpTo(g *group) {
	for i := range g.events {
		if e := &g.events[i]; !e.unjudged {
			t.judged.Store(max(t.judged.Load(), e.at+1))
		}
	}
}

// load reads the groups of a correlation.
func (t *table) load(bucket *bbolt.Bucket) (n int, err error) {
	var lists [shards][]*group
	err = bucket.ForEach(func(key, value []byte) error {
		g, err := decodeGroup(key, value)
		if err != nil {
			return err
		}
		g.stored = true
		i := t.index(g.key)
		lists[i] = append(lists[i], g)
		n++
		for j := range g.events {
			if e := &g.events[j]; e.unjudged {
				t.waiting = append(t.waiting, pending{e.at, g.key})
			}
		}
		return nil
	})
	heap.Init(&t.waiting)
	for i, list := range lists {
		slices.SortFunc(list, func(a, b *group) int { return cmp.Compare(a.touched, b.touched) })
		sh := &t.shards[i]
		sh.groups = make(map[hash]*group, len(list))
		for _, g := range list {
			sh.groups[g.key] = g
			sh.link(g, g.touched)
		}
	}
	return n, err
}
