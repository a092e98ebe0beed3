package main

import (
	"io"
	"os"
	"strings"

	"sigmatrail/internal/record"
)

const stdinName = "standard input"

// source is something that a scan reads, or what is to be said between two of them.
type source struct {
	name string
	open func() (io.ReadCloser, error)

	notice string  // if there is no open
	errs   []error // likewise

	batches chan *batch // what was read, in order; closed at the end
	budget  budget
	err     error // what the reading ended with, once batches is closed
	stopped chan struct{}
}

// sources finds what paths name, in order, until yield returns false.
func (s *scan) sources(paths []string, yield func(*source) bool) {
	stdin := s.std.in
	for _, path := range paths {
		if path == "-" {
			in := stdin
			stdin = strings.NewReader("") // who names it twice finds it empty the second time
			if !yield(&source{name: stdinName, open: func() (io.ReadCloser, error) { return io.NopCloser(in), nil }}) {
				return
			}
			continue
		}
		files, skipped, unreadable := record.Files(path)
		said := &source{errs: unreadable}
		if skipped > 0 {
			said.notice = printable(path) + ": " + count(skipped, "file") + " passed over: names that do not end in .json, .jsonl, .ndjson or .log (or these with .gz)"
		}
		if !yield(said) {
			return
		}
		for _, file := range files {
			if !yield(&source{name: file, open: func() (io.ReadCloser, error) { return os.Open(file) }}) {
				return
			}
		}
	}
}
