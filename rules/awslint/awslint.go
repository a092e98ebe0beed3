// Package awslint holds rules against what is known of AWS and of CloudTrail's records: services and their operations, what of them records carry,
// and what rules mean and their authors hardly do. All it finds are warnings and notes: AWS grows faster than any table. It is for the command line
// alone, as its tables are large; nothing that judges records may know it.
//
// What it knows stands in two generated files and in tables written by hand. For newer data:
//
//	go generate ./rules/awslint
package awslint

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"sigmatrail/rules"
)

//go:generate go run ./generate -operations ../../../shared/data/aws_operations.json -events ../../../shared/data/events

// Check returns what is to be said of rules that apply to CloudTrail, and of their correlations, sorted by place. files are those that they were read from: their lines are
// shown, and comments in them say what a rule is not to be told (sigmatrail:ignore CODE). Nothing of both is changed. The error is for tables that are
// damaged, which no build has.
func Check(set *rules.Set, files []rules.File) (rules.Problems, error) {
	known, err := loadCatalogue()
	if err != nil {
		return nil, err
	}
	seen, err := loadShapes()
	if err != nil {
		return nil, err
	}
	return newLinter(known, seen).check(set, files), nil
}

// linter collects what is to be said.
type linter struct {
	aws      *catalogue
	shapes   *shapes
	lines    map[string][]string // of each file
	problems rules.Problems
	said     map[said]bool
}

// said is what is said once: a Sigma Filter stands in every rule that it restricts.
type said struct {
	at      rules.Position
	code    rules.Code
	message string
}

func newLinter(aws *catalogue, seen *shapes) *linter {
	return &linter{aws: aws, shapes: seen, lines: make(map[string][]string), said: make(map[said]bool)}
}

func (l *linter) check(set *rules.Set, files []rules.File) rules.Problems {
	for _, f := range files {
		l.lines[f.Name] = strings.Split(string(f.Text), "\n")
	}
	list := slices.Clone(set.Rules)
	for _, r := range set.Rules {
		l.rule(r)
	}
	for _, c := range set.Correlations {
		l.correlation(set, c)
		list = append(list, c.Rule)
	}
	l.twins(set.Rules)
	problems := l.ignored(list)
	problems.Sort()
	return problems
}

func (l *linter) rule(r *rules.Rule) {
	c := read(r)
	for _, p := range c.parts {
		for _, item := range p.group.Items {
			s := subject{linter: l, reading: c, part: p, item: item}
			s.source()
			s.event()
			s.parameter()
			s.field()
			s.errorCode()
			s.value()
			s.reference()
			s.negatedArray()
		}
		l.pairs(c, p)
	}
	l.impossible(c)
}

// subject is an item, and where it stands.
type subject struct {
	*linter

	reading *reading
	part    part
	item    *rules.Item
}

// add says something, once.
func (l *linter) add(severity rules.Severity, at rules.Position, code rules.Code, hint, format string, args ...any) {
	p := rules.Problem{Position: at, Severity: severity, Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}
	key := said{at, code, p.Message}
	if l.said[key] {
		return
	}
	l.said[key] = true
	if lines := l.lines[at.File]; at.Line > 0 && at.Line <= len(lines) && utf8.ValidString(lines[at.Line-1]) {
		p.Source = strings.TrimRight(lines[at.Line-1], "\r")
	}
	l.problems = append(l.problems, p)
}

func (l *linter) warn(at rules.Position, code rules.Code, hint, format string, args ...any) {
	l.add(rules.Warning, at, code, hint, format, args...)
}

// didYouMean proposes the closest words, or returns otherwise.
func didYouMean(name string, words []string, otherwise string) string {
	closest := rules.Closest(name, words)
	if len(closest) == 0 {
		return otherwise
	}
	return "did you mean " + either(closest) + "?"
}

// either joins words in quotes.
func either(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = `"` + w + `"`
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}

// containsFold reports whether list has text in any case.
func containsFold(list []string, text string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, text) })
}
