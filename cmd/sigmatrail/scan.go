package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"

	"golang.org/x/term"
)

type scanCommand struct {
	conf.Settings `embed:""`

	Output  string   `short:"o" enum:"auto,table,ndjson" default:"auto" placeholder:"FORM" help:"What to print: table, or ndjson (the enriched records, one a line). The default is table on a terminal and ndjson elsewhere."`
	All     bool     `help:"Print events without a hit too (ndjson only)."`
	From    string   `placeholder:"TIME" help:"Only records of this time or later: 2026-11-20, or 2026-11-20T08:00:00Z."`
	To      string   `placeholder:"TIME" help:"Only records before this time."`
	Account []string `placeholder:"ID" help:"Only records of these accounts (recipientAccountId, or userIdentity.accountId)."`
	Region  []string `placeholder:"NAME" help:"Only records of these regions (awsRegion)."`
	Dedupe  bool     `help:"Drop records that were delivered before (same recipientAccountId and eventID)."`
	Paths   []string `arg:"" name:"path" help:"Files, directories, or - for standard input: {\"Records\": [...]}, arrays, one object a line or several lines, also gzipped."`
}

// Run scans the paths. Whatever cannot be read is reported and the rest is done; the error then is errReported.
func (c *scanCommand) Run(std streams) error {
	if err := c.Validate(); err != nil {
		return err
	}
	choice, err := newChoice(c)
	if err != nil {
		return err
	}
	engine, err := pipeline.New(c.Settings)
	if err != nil {
		reportProblems(std, pipeline.Problems(err))
		return err
	}
	set := engine.Rules()
	reportProblems(std, set.Problems)
	std.sayf("%d rules loaded, %d not applicable to CloudTrail, %d rejected\n", len(set.Rules), len(set.NotApplicable), set.Rejected)
	s := &scan{
		engine: engine, choice: choice, std: std, out: bufio.NewWriterSize(std.out, 1<<16), all: c.All,
		progress: newProgress(std),
	}
	if c.table(std.out) {
		s.table = newTable(engine, s.out, terminalWidth(std.out), isTerminal(std.out) && os.Getenv("NO_COLOR") == "")
		s.table.head()
	}
	for _, path := range c.Paths {
		if err := s.path(path); err != nil {
			return err
		}
	}
	return s.finish()
}

// table decides what to print.
func (c *scanCommand) table(out io.Writer) bool {
	return c.Output == "table" || (c.Output == "auto" && isTerminal(out))
}

// scan is one run over files.
type scan struct {
	engine   *pipeline.Engine
	choice   *choice
	std      streams
	out      *bufio.Writer
	table    *table // nil: print records
	all      bool
	progress *progress
	files    int
	failures int
	line     []byte
}

// path scans a file, what is below a directory, or standard input. It fails only where the output does.
func (s *scan) path(path string) error {
	if path == "-" {
		return s.read("standard input", func(sink record.Sink) error { return record.Read("standard input", s.std.in, sink) })
	}
	files, skipped, unreadable := record.Files(path)
	for _, err := range unreadable {
		s.fail(err)
	}
	if skipped > 0 {
		s.progress.clear()
		s.std.sayf("%s: %d files passed over, whose names do not end in .json, .jsonl, .ndjson or .log (or these with .gz)\n", path, skipped)
	}
	for _, file := range files {
		if err := s.read(file, func(sink record.Sink) error { return record.ReadFile(file, sink) }); err != nil {
			return err
		}
	}
	return nil
}

// outputError is a failure of the output, which ends the scan.
type outputError struct{ error }

func (s *scan) read(name string, read func(record.Sink) error) error {
	s.files++
	err := read(record.Sink{
		Item: func(item record.Item) error { return s.event(name, item) },
		Bad:  s.fail,
	})
	if failed, ok := errors.AsType[outputError](err); ok {
		return failed.error
	}
	if err != nil {
		s.fail(err)
	}
	return nil
}

func (s *scan) fail(err error) {
	s.failures++
	s.progress.clear()
	s.std.sayf("%s\n", printable(err.Error()))
}

// event judges one event and prints it if it is to be printed.
func (s *scan) event(name string, item record.Item) error {
	body, err := pipeline.Parse(item.JSON)
	if err != nil {
		s.fail(&record.LineError{File: name, Line: item.Line, Err: err})
		return nil
	}
	j := s.engine.Judge(body)
	if !s.choice.keep(&j) {
		return nil
	}
	s.engine.Count(&j)
	s.progress.show(s.files, s.engine)
	if s.table != nil {
		s.table.add(&j)
		return s.flushTerminal()
	}
	if !j.Hit() && !s.all {
		return nil
	}
	if s.line, err = s.engine.AppendJSON(s.line[:0], item.JSON, &j); err != nil {
		s.fail(&record.LineError{File: name, Line: item.Line, Err: err})
		return nil
	}
	if _, err := s.out.Write(append(s.line, '\n')); err != nil {
		return outputError{err}
	}
	return nil
}

// flushTerminal shows rows as they come to who watches.
func (s *scan) flushTerminal() error {
	if s.progress.active {
		if err := s.out.Flush(); err != nil {
			return outputError{err}
		}
	}
	return nil
}

// finish prints the totals.
func (s *scan) finish() error {
	s.progress.clear()
	if s.table != nil {
		s.table.totals()
	}
	if err := s.out.Flush(); err != nil {
		return err
	}
	t := s.engine.Tally()
	s.std.sayf("%d files, %d events, %d CloudTrail records, %d hits on %d events", s.files, t.Events, t.Records, t.Hits, t.Matched)
	for _, other := range []struct {
		n    uint64
		what string
	}{
		{t.Foreign, "events without a CloudTrail record"},
		{t.Digests, "digest files"},
		{s.choice.duplicates, "records delivered before"},
		{s.choice.undated, "records without a time, left out"},
		{uint64(s.failures), "parts unreadable"}, //nolint:gosec // counts up from 0
	} {
		if other.n > 0 {
			s.std.sayf(", %d %s", other.n, other.what)
		}
	}
	s.std.sayf("\n")
	if s.failures > 0 {
		return errReported
	}
	return nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalWidth is the width of the terminal in columns, or a usual one where w is none.
func terminalWidth(w io.Writer) int {
	const usual = 160
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return usual
}

// progress is a line on a terminal that says how far a scan is.
type progress struct {
	std    streams
	active bool
	shown  bool
	last   time.Time
}

func newProgress(std streams) *progress { return &progress{std: std, active: isTerminal(std.err)} }

func (p *progress) show(files int, e *pipeline.Engine) {
	if !p.active || time.Since(p.last) < 200*time.Millisecond {
		return
	}
	t := e.Tally()
	p.last, p.shown = time.Now(), true
	p.std.sayf("\r\x1b[K%d files, %d records, %d hits", files, t.Records, t.Hits)
}

func (p *progress) clear() {
	if p.shown {
		p.std.sayf("\r\x1b[K")
		p.shown = false
	}
}
