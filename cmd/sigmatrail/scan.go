package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"sigmatrail/conf"
	"sigmatrail/internal/pipeline"
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
	engine, err := open(std, c.Settings)
	if err != nil {
		return err
	}
	std.sayf("%s\n", engine.Rules().Summary())
	s := &scan{
		engine: engine, std: std, out: bufio.NewWriterSize(std.out, 1<<16), all: c.All, watched: isTerminal(std.out), progress: newProgress(std),
		texts: make(texts), fields: engine.Correlated().Fields(),
		choice: choice{from: c.From.Time, to: c.To.Time, accounts: c.Account, region: c.Region},
	}
	if c.Dedupe {
		s.seen = make(deliveries)
	}
	if c.table(std.out) {
		s.table = newTable(engine, terminalWidth(std.out), s.watched && os.Getenv("NO_COLOR") == "")
		if err := s.print(s.table.head(nil)); err != nil {
			return err
		}
	}
	if err := s.run(c.Paths); err != nil {
		return err
	}
	if err := s.release(); err != nil {
		return err
	}
	return s.finish()
}

// table decides what to print.
func (c *scanCommand) table(out io.Writer) bool {
	return c.Output == "table" || (c.Output == "auto" && !c.All && isTerminal(out))
}

// scan is one run over files. Workers only read what does not change.
type scan struct {
	engine *pipeline.Engine
	choice choice
	table  *table // nil: print records
	all    bool
	fields []string // that correlations ask for

	work chan *batch
	quit chan struct{} // closed when the output has failed

	// The rest is the writer's.
	std      streams
	out      *bufio.Writer
	watched  bool // the output is a terminal
	progress *progress
	seen     deliveries // nil: duplicates count
	writer   *worker    // for what must be judged again

	// What is held until correlations are known.
	heldEvents  [][]int // of each which of its records the scan is about
	heldRecords []heldRecord
	spool       spool
	texts       texts

	files               int
	failures            uint64
	duplicates, undated uint64
}

// finish prints the totals.
func (s *scan) finish() error {
	s.progress.clear()
	if s.table != nil {
		s.table.totals(s.out)
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
		{t.Unflattened, "value", " not flattened"},
		{s.duplicates, "record", " delivered before"},
		{s.undated, "record", " without a time, left out"},
		{t.Undated, "record", " without a time, not correlated"},
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
