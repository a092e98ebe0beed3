package main

import (
	"io"
	"os"
	"time"

	"sigmatrail/internal/pipeline"

	"golang.org/x/term"
)

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
