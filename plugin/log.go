package main

// #include <stdlib.h>
// #include "copies.h"
// #include "shim.h"
import "C"

import (
	"fmt"
	"strings"
	"unsafe"

	"sigmatrail/internal/pipeline"
	"sigmatrail/rules"
)

const (
	logError = C.SIGMA_LOG_ERROR
	logWarn  = C.SIGMA_LOG_WARN
	logInfo  = C.SIGMA_LOG_INFO
	logDebug = C.SIGMA_LOG_DEBUG
)

// maxProblems bounds the diagnostics that one start writes to the host's log; the command line prints them all.
const maxProblems = 20

// hostLog writes to the host's log in the name of one instance of the host's, or of none. It may be used during that instance's callbacks.
type hostLog struct {
	instance unsafe.Pointer
	output   bool // an instance of the output, not of the filter
}

// print logs one line.
func (l hostLog) print(level C.int, line string) {
	text := C.CString(strings.ReplaceAll(line, "\x00", "\\0"))
	defer C.free(unsafe.Pointer(text))
	if l.output {
		C.sigma_output_log(l.instance, level, text)
		return
	}
	C.sigma_log(l.instance, level, text)
}

// lines logs each line of text by itself, as the host's log expects.
func (l hostLog) lines(level C.int, text string) {
	for line := range strings.Lines(text) {
		l.print(level, strings.TrimRight(line, "\r\n"))
	}
}

// property returns what the user set for one of the filter's properties.
func (l hostLog) property(name string) (string, bool) {
	key := C.CString(name)
	defer C.free(unsafe.Pointer(key))
	value := C.sigma_property(l.instance, key)
	if value == nil {
		return "", false
	}
	return C.GoString(value), true
}

// warnOfCopy says once if the process holds another copy of this file.
func (l hostLog) warnOfCopy() {
	process.loading.Lock()
	defer process.loading.Unlock()
	if process.warned {
		return
	}
	process.warned = true
	const longest = 4096
	path := (*C.char)(C.malloc(longest))
	defer C.free(unsafe.Pointer(path))
	if C.sigma_find_copy(path, longest) != 0 {
		l.print(logWarn, fmt.Sprintf("%s is another copy of this plugin in the same process: Go supports one; load one file, and link to it "+
			"where a second name is needed", C.GoString(path)))
	}
}

// problems logs diagnostics: errors always, warnings for those who debug.
func (l hostLog) problems(list rules.Problems) {
	shown := 0
	for _, p := range list {
		level := C.int(logError)
		if p.Severity != rules.Error {
			level = logDebug
		} else if shown++; shown > maxProblems {
			continue
		}
		l.lines(level, p.String())
	}
	if shown > maxProblems {
		l.print(logError, fmt.Sprintf("… and %d more errors in rules; sigmatrail check lists them all", shown-maxProblems))
	}
}

// idleRuleFields names what rule_fields asks for and no rule has.
func (l hostLog) idleRuleFields(e *pipeline.Engine) {
	for _, name := range e.IdleRuleFields() {
		l.print(logWarn, fmt.Sprintf("rule_fields: no rule has the attribute %q", name))
	}
}

// summary is the line with which an instance leaves.
func summary(e *pipeline.Engine) string {
	t := e.Tally()
	line := fmt.Sprintf("sigmatrail: %d events = %d matched + %d unmatched + %d not CloudTrail + %d damaged + %d group markers; %d records, %d hits",
		t.Events, t.Matched, t.Unmatched, t.Foreign, t.Damaged, t.Markers, t.Records, t.Hits)
	if t.Suppressed > 0 {
		line += fmt.Sprintf(", %d of them suppressed", t.Suppressed)
	}
	if t.Forgotten > 0 {
		line += fmt.Sprintf("; %d windows of suppression given up for newer ones", t.Forgotten)
	}
	if t.Unflattened > 0 {
		line += fmt.Sprintf("; %d values not flattened", t.Unflattened)
	}
	if t.Fired > 0 {
		line += fmt.Sprintf("; %d firings of correlations", t.Fired)
	}
	if t.Undated > 0 {
		line += fmt.Sprintf("; %d records without a time not correlated", t.Undated)
	}
	if t.Split > 0 {
		line += fmt.Sprintf("; %d taken apart into %d of the events", t.Split, t.SplitInto)
	}
	if t.Dropped > 0 {
		line += fmt.Sprintf("; %d dropped", t.Dropped)
	}
	if t.Displaced > 0 {
		line += fmt.Sprintf("; %d foreign values moved from under the key", t.Displaced)
	}
	return line
}
