package correlate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
)

// How often is written, at most; how long is waited when that fails, twice as long each time; and how many faults in a row end it.
const (
	saveEvery  = 500 * time.Millisecond
	mostDelay  = 30 * time.Second
	mostFaults = 3
)

// store keeps a State in a file, which bbolt makes whole at any moment: what is written is there when a transaction ends, or nothing of it is.
//
//	meta    version: formatVersion; clock: see clockKey
//	tables  the digest of a correlation: what is known of it but its groups, see encodeHead
//	groups  the digest of a correlation: a bucket, with the groups of it by their keys (codec.go)
//
// A goroutine of its own writes what has changed since it did so last. It encodes groups under their shards' locks, a few at a time, and touches the disk under
// none that Apply takes. Everything that Apply calls works on a nil store too.
type store struct {
	state  *State
	path   string
	report Report
	every  time.Duration

	changed atomic.Bool
	wake    chan struct{}
	quit    chan struct{}
	done    chan struct{}

	saves, errors atomic.Uint64

	mu     sync.Mutex // the rest; held while something is written
	db     *bbolt.DB
	failed bool // the last time
	faults int  // in a row
	ended  bool // after too many
	last   bool // nothing comes any more
	buffer []byte
}

// Report is given lines for the user, from any goroutine; wrong says that somebody should look.
type Report func(line string, wrong bool)

// OpenState returns a State that is kept in a file, with what is in it. The directory must be there; the file is made if it is not, with mode 0600. A file
// that is damaged, or of another version, is moved aside, and the State begins empty. report is given lines for the user, from any goroutine: what was found, what
// could not be used or is not used any more and why, and when something cannot be written. The error says what is wrong with the path, or that another process has
// the file. Close must be called in the end. What was fed in the last second before a process dies may be missing in the file.
func OpenState(path string, o Options, report Report) (*State, error) {
	return openState(path, o, report, saveEvery, unusedFor)
}

func openState(path string, o Options, report Report, every, grace time.Duration) (*State, error) {
	s := NewState(o)
	s.grace = grace
	s.store = &store{
		state: s, path: path, report: report, every: every,
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	if err := s.store.open(); err != nil {
		return nil, err
	}
	if len(s.tables) > 0 { // what nobody asks for goes after a while
		s.retireLater()
	}
	go s.store.run()
	return s, nil
}

// Close writes what is not written yet, and gives the file free. Nobody may use s any more. Without a file it does nothing.
func (s *State) Close() error {
	s.mu.Lock()
	again := s.closed
	s.closed = true
	s.mu.Unlock()
	if s.store == nil || again {
		return nil
	}
	close(s.store.quit)
	<-s.store.done
	return s.store.close()
}

// touch says that something has changed.
func (st *store) touch() {
	if st != nil && !st.changed.Load() && st.changed.CompareAndSwap(false, true) {
		select {
		case st.wake <- struct{}{}:
		default:
		}
	}
}

func (st *store) counts() (saves, errors uint64) {
	if st == nil {
		return 0, 0
	}
	return st.saves.Load(), st.errors.Load()
}

// guard calls f, and keeps a panic in it from the host.
func (st *store) guard(f func()) {
	defer func() {
		if r := recover(); r != nil && st != nil {
			st.errors.Add(1)
			st.complain("a fault in sigmatrail (please report it): %v\n%s", r, debug.Stack())
		}
	}()
	f()
}

// run saves until it is to end.
func (st *store) run() {
	defer close(st.done)
	for again := true; again; {
		st.guard(func() {
			st.watch()
			again = false
		})
	}
}

// watch saves when something has changed, until it is to end. It does nothing while nothing changes.
func (st *store) watch() {
	delay := time.Duration(0)
	for {
		select {
		case <-st.quit:
			return
		case <-st.wake:
		}
		if !st.rest(delay) {
			return
		}
		if st.save() {
			delay = st.every
		} else {
			delay = min(max(2*delay, 2*st.every), mostDelay)
			st.touch()
		}
	}
}

// rest waits, and reports whether to go on.
func (st *store) rest(delay time.Duration) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-st.quit:
		return false
	}
}

// save writes all that has changed, and reports whether that went well.
func (st *store) save() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.ended {
		return true
	}
	st.changed.Store(false)
	for more := true; more; {
		err := st.attempt(func() (err error) {
			more, err = st.batch(mostBatch)
			return err
		})
		if err != nil {
			st.failure(err)
			return st.ended
		}
	}
	if st.failed {
		st.say("it can be written again, and is whole")
	}
	st.failed, st.faults = false, 0
	return true
}

// fault is a panic that was recovered.
type fault struct {
	what  any
	stack []byte
}

func (f *fault) Error() string {
	return fmt.Sprintf("a fault (please report it): %v\n%s", f.what, f.stack)
}

// attempt calls f; a panic in it, also one about memory of a file that somebody has cut short, is an error.
func (st *store) attempt(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = &fault{r, debug.Stack()}
		}
	}()
	return f()
}

// failure says what went wrong, once. After a fault nobody knows what the file is worth: it is moved aside, and everything is written to a new one.
func (st *store) failure(err error) {
	st.errors.Add(1)
	if f := (*fault)(nil); !errors.As(err, &f) {
		if !st.failed {
			st.complain("cannot be written: %v; correlations go on in memory, and writing is tried again", err)
		}
		st.failed = true
		return
	}
	st.faults++
	st.failed = true
	st.abandon()
	if err = fmt.Errorf("cannot be written: %w", err); st.faults < mostFaults {
		if aside := st.aside("broken"); aside != nil {
			err = errors.Join(err, aside)
		} else if reopened := st.attempt(st.renew); reopened != nil {
			err = errors.Join(err, reopened)
		} else {
			st.complain("%v\nit begins anew", err)
			return
		}
	}
	st.ended = true
	st.complain("%v\ncorrelations go on in memory alone, until the next start", err)
}

// abandon closes a database that may not be able to close any more.
func (st *store) abandon() {
	db, closed := st.db, make(chan struct{})
	st.db = nil
	go func() {
		defer close(closed)
		st.guard(func() { _ = db.Close() })
	}()
	select {
	case <-closed:
	case <-time.After(lockWait):
	}
}

// renew begins a new file, to which everything is to be written.
func (st *store) renew() (err error) {
	if st.db, err = openFile(st.path); err != nil {
		return err
	}
	s := st.state
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped = nil
	s.eachShard(func(sh *shard) {
		sh.unsaved.gone = nil
		for _, g := range sh.groups {
			g.stored = false
			sh.change(g)
		}
	})
	return st.begin(st.db)
}

// close writes for the last time.
func (st *store) close() error {
	st.mu.Lock()
	st.last = true
	st.mu.Unlock()
	saved := st.save()
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.db == nil {
		return errors.New(st.path + ": the state of correlations could not be written")
	}
	err := st.attempt(st.db.Close)
	st.db, st.ended = nil, true
	if err == nil && !saved {
		err = errors.New(st.path + ": the state of correlations could not be written to its end")
	}
	return err
}

// aside moves the file to a name that tells why, and is free.
func (st *store) aside(why string) error {
	name := st.path + "." + why
	for n := 2; ; n++ {
		if _, err := os.Lstat(name); errors.Is(err, os.ErrNotExist) {
			break
		}
		name = fmt.Sprintf("%s.%s-%d", st.path, why, n)
	}
	if err := os.Rename(st.path, name); err != nil {
		return fmt.Errorf("moving it aside: %w", err)
	}
	st.complain("it is kept as %s", filepath.Base(name))
	return nil
}

// tablesOf returns the tables in a fixed order, and the digests of those that are to go.
func (s *State) tablesOf() (list []*table, digests, dropped []digestKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for digest := range s.tables {
		digests = append(digests, digest)
	}
	slices.SortFunc(digests, func(a, b digestKey) int { return slices.Compare(a[:], b[:]) })
	for _, digest := range digests {
		list = append(list, s.tables[digest])
	}
	dropped, s.dropped = s.dropped, nil
	return list, digests, dropped
}
