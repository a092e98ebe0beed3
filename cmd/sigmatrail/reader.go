package main

import (
	"errors"
	"fmt"
	"io"

	"sigmatrail/internal/record"
)

// reader cuts one file after the other into batches. Several do so at a time, each a file of its own.
type reader struct {
	scan   *scan
	cutter record.Cutter
	source *source
	batch  *batch // what is being filled, or nil
}

// errQuit ends the reading of a file that nobody wants any more.
var errQuit = errors.New("quit")

func (r *reader) run(todo <-chan *source) {
	for s := range todo {
		r.source, r.batch = s, nil
		s.err = r.read()
		close(s.batches)
	}
}

func (r *reader) read() (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.cutter = record.Cutter{}
			err = fmt.Errorf("%s: %w", r.source.name, internalError(p))
		}
	}()
	in, err := r.source.open()
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // nothing was written
	if err = r.cutter.Cut(r.source.name, prompt{in, r.send}, r.take); errors.Is(err, errQuit) {
		return nil
	}
	return errors.Join(err, r.send())
}

// take adds a part to the batch.
func (r *reader) take(p record.Part) error {
	if r.batch != nil && len(r.batch.text)+len(p.Text) > batchBytes {
		if err := r.send(); err != nil {
			return err
		}
	}
	if r.batch == nil {
		r.batch = newBatch(r.source)
	}
	r.batch.add(p)
	if r.batch.full() {
		return r.send()
	}
	return nil
}

// send passes the batch on, if there is one.
func (r *reader) send() error {
	b := r.batch
	if b == nil {
		return nil
	}
	r.batch = nil
	b.seal()
	var ok bool
	if b.tokens, ok = r.source.budget.take(len(b.text), r.source.stopped, r.scan.quit); !ok {
		return errQuit
	}
	select {
	case r.source.batches <- b:
	case <-r.source.stopped:
		return errQuit
	case <-r.scan.quit:
		return errQuit
	}
	select {
	case r.scan.work <- b:
	case <-r.scan.quit:
		return errQuit
	}
	return nil
}

// prompt calls before reading, which may have to wait for the other end: what has been read by then goes on at once.
type prompt struct {
	r      io.Reader
	before func() error
}

func (p prompt) Read(buf []byte) (int, error) {
	if err := p.before(); err != nil {
		return 0, err
	}
	return p.r.Read(buf)
}
