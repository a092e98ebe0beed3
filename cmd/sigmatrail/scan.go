package main

import (
	"bufio"
	"errors"
	"fmt"
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

	Output  string   `short:"o" enum:"auto,table,ndjson" default:"auto" placeholder:"FORM" help:"What to print: table, ndjson (the enriched records, one a line), or auto, which is table on a terminal and ndjson elsewhere."`
	All     bool     `help:"Print events without a hit too (ndjson only)."`
	From    bound    `placeholder:"TIME" help:"Only records of this time or later: 2026-11-20, or 2026-11-20T08:00:00Z."`
	To      bound    `placeholder:"TIME" help:"Only records before this time."`
	Account []string `placeholder:"ID" help:"Only records of these accounts (recipientAccountId, or userIdentity.accountId)."`
	Region  []string `placeholder:"NAME" help:"Only records of these regions (awsRegion)."`
	Dedupe  bool     `help:"Drop records that were delivered before (same recipientAccountId and eventID)."`
	Paths   []string `arg:"" name:"path" help:"Files, directories, or - for standard input: {\"Records\": [...]}, arrays, one object a line or several lines, also gzipped."`
}

// Validate refuses what the types of the flags cannot rule out.
func (c *scanCommand) Validate() error {
	if c.All && c.Output == "table" {
		return errors.New("--all prints events, which a table does not hold; use it with -o ndjson")
	}
	return c.Settings.Validate()
}

// Run scans the paths. Whatever cannot be read is reported and the rest is done; the error then is errReported.
func (c *scanCommand) Run(std streams) error {
	engine, err := pipeline.New(c.Settings)
	if err != nil {
		reportProblems(std, pipeline.Problems(err))
		return err
	}
	set := engine.Rules()
	reportProblems(std, set.Problems)
	std.sayf("%s\n", set.Summary())
	for _, s := range set.Idle {
		std.sayf("exclude or level_overrides: no rule has the id, tag or title %q\n", string(s))
	}
	s := &scan{
		engine: engine, choice: newChoice(c), std: std, out: bufio.NewWriterSize(std.out, 1<<16), all: c.All, watched: isTerminal(std.out),
		progress: newProgress(std),
	}
	if c.table(std.out) {
		s.table = newTable(engine, s.out, terminalWidth(std.out), s.watched && os.Getenv("NO_COLOR") == "")
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
	return c.Output == "table" || (c.Output == "auto" && !c.All && isTerminal(out))
}

// scan is one run over files.
type scan struct {
	engine   *pipeline.Engine
	choice   *choice
	std      streams
	out      *bufio.Writer
	table    *table // nil: print records
	all      bool
	watched  bool // the output is a terminal
	progress *progress
	files    int
	failures uint64
	line     []byte
	packed   []byte
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
		s.std.sayf("%s: %s passed over: names that do not end in .json, .jsonl, .ndjson or .log (or these with .gz)\n", printable(path), count(skipped, "file"))
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
	var err error
	s.packed, err = pipeline.Parse(s.packed[:0], item.JSON)
	if err != nil {
		s.fail(&record.LineError{File: name, Line: item.Line, Err: err})
		return nil
	}
	j := s.engine.Judge(s.packed, time.Time{})
	if !s.choice.keep(&j) {
		return nil
	}
	s.engine.Count(&j)
	if j.Hit() || s.all {
		if err := s.print(name, item, &j); err != nil {
			return outputError{err}
		}
	}
	s.progress.show(s.files, s.engine)
	return nil
}

// print prints one event; who watches sees it at once.
func (s *scan) print(name string, item record.Item, j *pipeline.Judgement) (err error) {
	if s.watched {
		s.progress.clear()
		defer func() { err = errors.Join(err, s.out.Flush()) }()
	}
	if s.table != nil {
		s.table.add(j)
		return nil
	}
	if s.line, err = s.engine.AppendJSON(s.line[:0], item.JSON, j); err != nil {
		s.fail(&record.LineError{File: name, Line: item.Line, Err: err})
		return nil
	}
	_, err = s.out.Write(append(s.line, '\n'))
	return err
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
	s.std.sayf("%s, %s, %s, %s on %s", count(s.files, "file"), count(t.Events, "event"), count(t.Records, "CloudTrail record"),
		count(t.Hits, "hit"), count(t.Matched, "event"))
	for _, other := range []struct {
		n          uint64
		what, note string
	}{
		{t.Foreign, "event", " without a CloudTrail record"},
		{t.Digests, "digest file", ""},
		{s.choice.duplicates, "record", " delivered before"},
		{s.choice.undated, "record", " without a time, left out"},
		{s.failures, "part", " unreadable"},
	} {
		if other.n > 0 {
			s.std.sayf(", %s%s", count(other.n, other.what), other.note)
		}
	}
	s.std.sayf("\n")
	if s.failures > 0 {
		return errReported
	}
	return nil
}

// count writes a number of things.
func count[N int | uint64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalWidth is the width of the terminal in columns, or a usual one where w is none.
func terminalWidth(w io.Writer) int {
	const usual = 200
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

func newProgress(std streams) *progress {
	return &progress{std: std, active: isTerminal(std.err), last: time.Now()}
}

func (p *progress) show(files int, e *pipeline.Engine) {
	if !p.active || time.Since(p.last) < 200*time.Millisecond {
		return
	}
	t := e.Tally()
	p.last, p.shown = time.Now(), true
	p.std.sayf("\r\x1b[K%s, %s, %s", count(files, "file"), count(t.Records, "record"), count(t.Hits, "hit"))
}

func (p *progress) clear() {
	if p.shown {
		p.std.sayf("\r\x1b[K")
		p.shown = false
	}
}
