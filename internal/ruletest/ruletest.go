// Package ruletest runs the tests that stand beside rules: NAME.test.yml beside NAME.yml, a list of events with the verdict that each must
// get.
package ruletest

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

const (
	ruleSuffix = ".yml"
	testSuffix = ".test.yml"
)

// Report is what a run found.
type Report struct {
	// Rules counts files of rules, Hits and Misses the cases that must hit and that must not.
	Rules, Hits, Misses int
	// Failures are what is wrong, by file and place.
	Failures []Failure
}

// Failure is one thing that is wrong with a rule or its tests.
type Failure struct {
	rules.Position
	// Message says what, in one line.
	Message string
}

// String returns file:line:column: message.
func (f Failure) String() string { return f.Position.String() + ": " + f.Message }

// Run tests every rule in the top folder of pack. A rule without tests, tests without a rule, and tests without a case of either verdict
// are failures too; the error is for files that cannot be read.
func Run(pack fs.FS) (Report, error) {
	r := runner{pack: pack}
	names, err := fs.Glob(pack, "*"+ruleSuffix)
	if err != nil {
		return r.Report, err
	}
	for _, name := range names {
		stem, isTest := strings.CutSuffix(name, testSuffix)
		switch {
		case !isTest:
			err = r.rule(name)
		case !slices.Contains(names, stem+ruleSuffix):
			r.fail(rules.Position{File: name}, "there is no %s%s beside it", stem, ruleSuffix)
		}
		if err != nil {
			return r.Report, err
		}
	}
	return r.Report, nil
}

type runner struct {
	Report

	pack fs.FS
}

func (r *runner) fail(at rules.Position, format string, args ...any) {
	r.Failures = append(r.Failures, Failure{Position: at, Message: fmt.Sprintf(format, args...)})
}

// rule runs the tests of the file name on each rule in it: a case hits if any of them does.
func (r *runner) rule(name string) error {
	src, err := fs.ReadFile(r.pack, name)
	if err != nil {
		return err
	}
	r.Rules++
	list, problems := rules.Parse(name, src, rules.Options{})
	for _, p := range problems {
		r.fail(p.Position, "%s (%s)", p.Message, p.Code)
	}
	test := strings.TrimSuffix(name, ruleSuffix) + testSuffix
	cases, err := r.cases(test)
	if errors.Is(err, fs.ErrNotExist) {
		r.fail(rules.Position{File: name}, "there is no %s beside it", test)
		return nil
	}
	if err != nil {
		return err
	}
	evaluator := oracle.New(list, record.DefaultAliases(), "sigma")
	var hits, misses int
	for _, c := range cases {
		if c.hit {
			hits++
		} else {
			misses++
		}
		r.run(evaluator, c)
	}
	if hits == 0 || misses == 0 {
		r.fail(rules.Position{File: test}, "%d cases that must hit and %d that must not: both kinds are needed", hits, misses)
	}
	r.Hits, r.Misses = r.Hits+hits, r.Misses+misses
	return nil
}

// run judges one case.
func (r *runner) run(evaluator *oracle.Oracle, c testCase) {
	packed, err := record.AppendMsgpack(nil, c.event)
	if err != nil {
		r.fail(c.at, "%s: %v", c.name, err)
		return
	}
	body, _ := record.Decode(packed, 0)
	found, _ := record.Find(body, nil)
	if len(found) == 0 {
		r.fail(c.at, "%s: the event is no CloudTrail record: it has no eventName with an eventSource", c.name)
		return
	}
	hit := slices.ContainsFunc(found, func(f record.Found) bool { return len(evaluator.Match(f.Record, time.Time{})) > 0 })
	switch {
	case c.hit && !hit:
		r.fail(c.at, "%s: must hit and does not", c.name)
	case !c.hit && hit:
		r.fail(c.at, "%s: must not hit and does", c.name)
	}
}

// cases reads a file of tests and notes what is wrong with it.
func (r *runner) cases(name string) ([]testCase, error) {
	src, err := fs.ReadFile(r.pack, name)
	if err != nil {
		return nil, err
	}
	cases, failures := parseCases(name, src)
	r.Failures = append(r.Failures, failures...)
	return cases, nil
}
