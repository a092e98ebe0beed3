// Package rules reads Sigma detection rules: YAML becomes Rules with the position of every part, and everything that is wrong with them
// becomes Problems with stable codes. It knows no records, no evaluation and no output. The law is the Sigma specification 2.1.0.
package rules

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Position is a place in a file. Line and Column count from 1; Column counts characters. A zero Line means the file as a whole.
type Position struct {
	File         string
	Line, Column int
}

// String returns file:line:column, as far as they are known.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Severity tells what a Problem does to its rule.
type Severity uint8

const (
	// Error rejects the rule.
	Error Severity = iota
	// Warning lets the rule run.
	Warning
	// Info is worth knowing and may well be meant.
	Info
)

// String returns error, warning or info.
func (s Severity) String() string {
	switch s {
	case Warning:
		return "warning"
	case Info:
		return "info"
	default:
		return "error"
	}
}

// Problem is one thing that is wrong with a rule.
type Problem struct {
	Position
	Severity Severity
	// Code names the kind of mistake and never changes.
	Code Code
	// Message says what is wrong, Hint what to do about it; Hint may be empty and may have several lines.
	Message, Hint string
	// Source is the line of the file at Position, without its end; empty where there is none.
	Source string
}

// String returns one line: file:line:column: message (code).
func (p Problem) String() string {
	text := fmt.Sprintf("%s: %s (%s)", p.Position, p.Message, p.Code)
	if p.Severity != Error {
		text = fmt.Sprintf("%s: %s: %s (%s)", p.Position, p.Severity, p.Message, p.Code)
	}
	if p.Hint != "" && !strings.Contains(p.Hint, "\n") {
		text += "; " + p.Hint
	}
	return text
}

// Excerpt returns the problem with its source line, a caret under the place, and the whole hint, each on lines of their own.
func (p Problem) Excerpt() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %s (%s)\n", p.Position, p.Severity, p.Message, p.Code)
	if p.Source != "" {
		fmt.Fprintf(&b, " | %s\n | %s^\n", p.Source, indentLike(p.Source, p.Column-1))
	}
	for line := range strings.Lines(p.Hint) {
		fmt.Fprintf(&b, "   %s\n", strings.TrimRight(line, "\n"))
	}
	return b.String()
}

// indentLike returns n characters of white space that take as much room as the first n characters of line: tabs stay tabs.
func indentLike(line string, n int) string {
	var b strings.Builder
	for _, r := range line {
		if n--; n < 0 {
			break
		}
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Problems is a list of problems.
type Problems []Problem

// Errors returns those that reject a rule.
func (ps Problems) Errors() Problems {
	return slices.DeleteFunc(slices.Clone(ps), func(p Problem) bool { return p.Severity != Error })
}

// Count returns how many are of a severity.
func (ps Problems) Count(s Severity) (n int) {
	for _, p := range ps {
		if p.Severity == s {
			n++
		}
	}
	return n
}

// Sort orders ps by place, and errors before warnings at the same one.
func (ps Problems) Sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column, int(a.Severity)-int(b.Severity))
	})
}

// report collects the problems of one file.
type report struct {
	file     string
	lines    []string
	problems Problems
	errors   int
}

func newReport(file string, src []byte) *report {
	return &report{file: file, lines: strings.Split(string(src), "\n")}
}

func (r *report) add(severity Severity, at place, code Code, hint, format string, args ...any) {
	p := Problem{
		Position: r.position(at),
		Severity: severity, Code: code, Message: fmt.Sprintf(format, args...), Hint: hint,
	}
	if i := at.line - 1; i >= 0 && i < len(r.lines) && utf8.ValidString(r.lines[i]) {
		p.Source = strings.TrimRight(r.lines[i], "\r")
	}
	if severity == Error {
		r.errors++
	}
	r.problems = append(r.problems, p)
}

// failed returns all errors as one, each with its place, for files that are no rules.
func (r *report) failed() error {
	r.problems.Sort()
	var errs []error
	for _, p := range r.problems.Errors() {
		errs = append(errs, errors.New(p.String()))
	}
	return errors.Join(errs...)
}

func (r *report) position(at place) Position {
	return Position{File: r.file, Line: at.line, Column: at.column}
}

func (r *report) err(at place, code Code, format string, args ...any) {
	r.add(Error, at, code, "", format, args...)
}

func (r *report) errHint(at place, code Code, hint, format string, args ...any) {
	r.add(Error, at, code, hint, format, args...)
}

func (r *report) warn(at place, code Code, format string, args ...any) {
	r.add(Warning, at, code, "", format, args...)
}
