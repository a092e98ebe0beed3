// Package ruletest runs tests of rules: events with what the rules must say of each. In the form of this project they stand in NAME.test.yml beside NAME.yml
// (docs/testing.md); the forms of SigmaHQ's regression tests and of Panther, and lists of cases that name their rules, are read too. Each case is
// judged by the oracle and, where there is one, by the engine, and these must agree.
package ruletest

import (
	"io/fs"
	"regexp"
	"slices"
	"time"

	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

const (
	ruleSuffix = ".yml"
	testSuffix = ".test.yml"
	// ownKey is where hits are written, at which keywords never look.
	ownKey = "sigma"
)

// Prepared is rules that are ready to judge records.
type Prepared struct {
	Set *rules.Set
	// Form is the form of records that is judged beside CloudTrail's own, or nil.
	Form *record.Mapping
	// Judge returns for each CloudTrail record in an event, one msgpack value, the indexes, ascending, of the rules that match, as the engine finds them. It
	// is held to the oracle. Where it is nil the oracle judges alone.
	Judge func(packed []byte) [][]int
	// Correlate gives events, one msgpack value each, to an engine that remembers nothing yet, in that order, and returns for each the indexes of the correlations that
	// are written on it. now is its wall clock. Where it is nil correlations are judged without an engine.
	Correlate func(packed [][]byte, now time.Time) [][]int
}

// Options say what is tested, and how.
type Options struct {
	// Prepare parses files of rules.
	Prepare func(files []rules.File) (Prepared, error)
	// Packs are the packs of rules that paths may name.
	Packs map[string]fs.FS
	// Rules are the paths of the rules for cases that stand beside none; without any they are those of all Packs.
	Rules []string
	// Rule is the one that is meant by cases that stand beside no rule and name none.
	Rule string
	// Run chooses cases by their full names; nil chooses all.
	Run *regexp.Regexp
	// Complete makes errors of what are warnings otherwise: rules without tests, and tests without a case of either verdict.
	Complete bool
}

// Result is what one case came to.
type Result struct {
	rules.Position
	// Rule is the title of the rule, where it is one, and else the name of its file.
	Rule, Name string
	// Skipped says why the case was not run, or is "".
	Skipped string
	// Problems are what is wrong; without any the case has passed.
	Problems rules.Problems
}

// FullName is file/rule/case.
func (r *Result) FullName() string { return r.File + "/" + r.Rule + "/" + r.Name }

// Report is what a run found.
type Report struct {
	// Rules counts the rules about CloudTrail, and the correlations, that were tested, or should have been; Hits and Misses the cases that were run in which something must hit, or
	// fire, and those in which nothing must.
	Rules, Hits, Misses int
	// Results are those of all cases, in their order.
	Results []Result
	// Problems are what is wrong with no case: with a rule, a file of tests, or what is not there.
	Problems rules.Problems
	// Failures are Problems and those of the results, in the order of files and places.
	Failures rules.Problems
}

// Failed counts the cases that have not passed.
func (r *Report) Failed() (n int) {
	for i := range r.Results {
		if len(r.Results[i].Problems) > 0 {
			n++
		}
	}
	return n
}

// Run tests every rule in pack by the oracle. A rule that has no tests or about which there is anything to say, tests without a rule, and tests without a case of
// either verdict are failures too; the error is for files that cannot be read.
func Run(pack fs.FS) (*Report, error) {
	r := newRunner(Options{Complete: true, Prepare: func(files []rules.File) (Prepared, error) {
		return Prepared{Set: rules.ParseFiles(files, rules.Options{})}, nil
	}})
	r.warnings = true
	names, err := yamlFiles(pack, ".")
	if err != nil {
		return nil, err
	}
	f := finder{Options: r.options, seen: make(map[string]bool)}
	if err := f.files(pack.Open, names, false); err != nil {
		return nil, err
	}
	r.known.read = f.read
	return r.run(f.suites)
}

// RunPaths tests what paths name: files of rules, which stand for their tests, files of tests, directories with everything below them, globs, and packs. The error is
// for what cannot be read.
func RunPaths(paths []string, o Options) (*Report, error) {
	f := finder{Options: o, seen: make(map[string]bool)}
	for _, path := range paths {
		if err := f.find(path); err != nil {
			return nil, err
		}
	}
	r := newRunner(o)
	r.known.read = f.read
	return r.run(f.suites)
}

// Case is one event and the verdict that the rules of a file must give it.
type Case struct {
	rules.Position
	Name string
	Hit  bool
	// Event is JSON.
	Event []byte
}

// Cases returns the cases of the file of tests that stands beside a file of rules, NAME.test.yml for NAME.yml, one an event; those over time are left out. The error says all that is
// wrong with them, and is fs.ErrNotExist where there is no such file.
func Cases(pack fs.FS, ruleFile string) ([]Case, error) {
	name := testNameOf(ruleFile)
	src, err := fs.ReadFile(pack, name)
	if err != nil {
		return nil, err
	}
	p := newParser(name, src, pack.Open)
	p.tests(src)
	var cases []Case
	for _, c := range p.cases {
		if len(c.steps) > 0 {
			continue
		}
		for _, e := range c.events {
			cases = append(cases, Case{Position: c.at, Name: c.name, Hit: c.want.positive(), Event: slices.Clone(e.json)})
		}
	}
	return cases, joined(p.problems)
}
