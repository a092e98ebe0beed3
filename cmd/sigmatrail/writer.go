package main

import (
	"errors"
	"runtime"
	"sync"
)

// run reads, judges and prints what paths name: each file is cut by one reader, a few files at a time; the batches are judged by as many workers as there
// are processors; and this goroutine prints what came of them, in the order of the input. It fails only where the output does.
func (s *scan) run(paths []string) error {
	workers := runtime.GOMAXPROCS(0)
	readers := workers + 1
	s.work, s.quit = make(chan *batch, workers), make(chan struct{})
	order, todo := make(chan *source, readers), make(chan *source)
	var working, reading sync.WaitGroup
	for range workers {
		working.Go(newWorker(s).run)
	}
	for range readers {
		reading.Go(func() { (&reader{scan: s}).run(todo) })
	}
	reading.Go(func() { s.list(paths, order, todo, 2*workers+2) })
	go func() { // where the output has failed a reader may still be waiting for the input
		reading.Wait()
		close(s.work)
	}()
	for {
		src, ok, err := await(s, order)
		if err == nil && ok {
			err = s.source(src)
		}
		if err != nil {
			close(s.quit)
			return err
		}
		if !ok {
			working.Wait()
			return nil
		}
	}
}

// await receives. Where that takes time, everything is printed first.
func await[T any](s *scan, c <-chan T) (v T, ok bool, err error) {
	select {
	case v, ok = <-c:
		return v, ok, nil
	default:
	}
	if err := s.out.Flush(); err != nil {
		return v, false, err
	}
	v, ok = <-c
	return v, ok, nil
}

// list hands the sources to the readers and, in their order, to the writer. most is how many batches of a file are in memory at once.
func (s *scan) list(paths []string, order, todo chan<- *source, most int) {
	defer close(order)
	defer close(todo)
	s.sources(paths, func(src *source) bool {
		if src.open != nil {
			src.batches, src.budget, src.stopped = make(chan *batch, 4*most), newBudget(most), make(chan struct{})
		}
		select {
		case order <- src:
		case <-s.quit:
			return false
		}
		if src.open == nil {
			return true
		}
		select {
		case todo <- src:
			return true
		case <-s.quit:
			return false
		}
	})
}

// source prints what came of one source.
func (s *scan) source(src *source) error {
	for _, err := range src.errs {
		s.fail(err)
	}
	if src.notice != "" {
		s.progress.clear()
		s.std.sayf("%s\n", src.notice)
	}
	if src.open == nil {
		return nil
	}
	s.files++
	src.budget.turn()
	ended := false
	for {
		b, ok, err := await(s, src.batches)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if _, _, err := await(s, b.done); err != nil {
			return err
		}
		if !ended {
			if ended, err = s.emit(b); err != nil {
				return err
			}
			if ended {
				close(src.stopped)
			}
			s.progress.show(s.files, s.engine)
		}
		b.release()
	}
	if src.err != nil && !ended {
		s.fail(src.err)
	}
	return nil
}

// emit prints what came of a batch; ended is set where its file ends with it.
func (s *scan) emit(b *batch) (ended bool, err error) {
	start := 0
	for i := range b.results {
		r := &b.results[i]
		out := b.out[start:r.end]
		start = r.end
		if r.err != nil {
			s.fail(r.err)
			if r.fatal {
				return true, nil
			}
			continue
		}
		if err := s.emitEvents(b, r, out); err != nil {
			return false, err
		}
	}
	return false, nil
}

// emitEvents counts and prints the events of a result, but for duplicates.
func (s *scan) emitEvents(b *batch, r *result, out []byte) error {
	s.undated += r.undated
	if len(r.deliveries) > 0 {
		dup := make([]bool, len(r.deliveries))
		n := s.seen.again(r.deliveries, dup)
		s.duplicates += uint64(n) //nolint:gosec // a count
		switch {
		case n == len(dup):
			return nil
		case n > 0:
			return s.emitRest(b, r, dup)
		}
	}
	s.engine.Add(&r.counts)
	if r.held != nil {
		if err := s.keep(r.held); err != nil {
			return err
		}
	}
	return s.print(out)
}

// emitRest does as emitEvents does with an event of which some records are duplicates, and others not.
func (s *scan) emitRest(b *batch, r *result, dup []bool) error {
	rest := newBatch(b.source)
	defer rest.release()
	if s.writer == nil {
		s.writer = newWorker(s)
	}
	if err := s.writer.again(rest, r.item, dup); err != nil {
		s.fail(err) // unreachable: it was judged before
		return nil
	}
	_, err := s.emit(rest)
	return err
}

// print prints; who watches sees it at once.
func (s *scan) print(out []byte) error {
	if len(out) == 0 {
		return nil
	}
	if s.watched {
		s.progress.clear()
	}
	_, err := s.out.Write(out)
	if s.watched {
		err = errors.Join(err, s.out.Flush())
	}
	return err
}

func (s *scan) fail(err error) {
	s.failures++
	s.progress.clear()
	s.std.sayf("%s\n", printable(err.Error()))
}
