package awslint

import (
	"regexp"
	"slices"
	"unicode/utf8"

	"sigmatrail/rules"
)

// comment finds what a rule is not to be told: # sigmatrail:ignore CODE, CODE.
var comment = regexp.MustCompile(`(?:^|\s)(?:#\s*sigmatrail:[ \t]*ignore\b[ \t]*)(.*)$`)

// word finds the codes in a comment.
var word = regexp.MustCompile(`[^\s,]+`)

// separator finds the lines between documents.
var separator = regexp.MustCompile(`^---(\s|$)`)

// ignored returns the problems without those that comments in the same document name, and with those that the comments themselves have.
func (l *linter) ignored(list []*rules.Rule) rules.Problems {
	found := l.problems
	l.problems = nil
	ignore := make(map[string]map[int][]string) // codes by file and document
	for _, r := range list {
		if ignore[r.File] == nil {
			ignore[r.File] = l.comments(r.File)
		}
	}
	found = slices.DeleteFunc(found, func(p rules.Problem) bool {
		if ignore[p.File] == nil {
			ignore[p.File] = l.comments(p.File)
		}
		return slices.Contains(ignore[p.File][l.document(p.Position)], string(p.Code))
	})
	return append(found, l.problems...)
}

// document returns the number of the document of a file in which a position is.
func (l *linter) document(at rules.Position) (n int) {
	lines := l.lines[at.File]
	for _, line := range lines[:min(at.Line, len(lines))] {
		if separator.MatchString(line) {
			n++
		}
	}
	return n
}

// comments returns the codes that the comments of a file name, by document, and tells of those that are none.
func (l *linter) comments(file string) map[int][]string {
	found := make(map[int][]string)
	document := 0
	for i, line := range l.lines[file] {
		if separator.MatchString(line) {
			document++
		}
		m := comment.FindStringSubmatchIndex(line)
		if m == nil {
			continue
		}
		at := func(offset int) rules.Position {
			return rules.Position{File: file, Line: i + 1, Column: utf8.RuneCountInString(line[:offset]) + 1}
		}
		names := word.FindAllStringIndex(line[m[2]:m[3]], -1)
		if len(names) == 0 {
			l.warn(at(m[0]), IgnoreUnknown, "write # sigmatrail:ignore CODE", "the comment names no code")
		}
		for _, w := range names {
			name := line[m[2]+w[0] : m[2]+w[1]]
			if !slices.Contains(codes(), name) {
				l.warn(at(m[2]+w[0]), IgnoreUnknown, didYouMean(name, codes(), "errors, and what concerns Sigma alone, cannot be ignored"), "%q is no code that can be ignored", name)
			}
			found[document] = append(found[document], name)
		}
	}
	return found
}
