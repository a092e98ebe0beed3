package ruletest

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"sigmatrail/internal/explain"
	"sigmatrail/rules"
)

// runner runs suites.
type runner struct {
	Report

	options  Options
	warnings bool    // whether those of rules count
	shared   *tested // the rules of suites that have none of their own
	known    known
	counted  map[*rules.Rule]bool
}

// tested is rules that cases are judged by.
type tested struct {
	Prepared

	explainer *explain.Explainer
	// brought are the files that are there only because correlations refer to them.
	brought map[string]bool
}

// own reports whether a rule is one that is tested.
func (t *tested) own(r *rules.Rule) bool { return !t.brought[r.File] }

func newRunner(o Options) *runner {
	return &runner{options: o, known: known{packs: maps.Clone(o.Packs)}, counted: make(map[*rules.Rule]bool)}
}

func testNameOf(ruleFile string) string { return strings.TrimSuffix(ruleFile, ruleSuffix) + testSuffix }

// joined returns problems as one error, or nil.
func joined(list rules.Problems) error {
	errs := make([]error, 0, len(list))
	for _, p := range list {
		errs = append(errs, errors.New(p.String()))
	}
	return errors.Join(errs...)
}

func (r *runner) run(suites []*suite) (*Report, error) {
	for _, s := range suites {
		if err := r.suite(s); err != nil {
			return nil, err
		}
	}
	r.Rules = len(r.counted)
	return &r.Report, nil
}

// prepare parses and compiles files of rules, with those that correlations in them refer to, and reports what is wrong with them.
func (r *runner) prepare(files []rules.File) (*tested, error) {
	more := r.known.companions(files)
	p, err := r.options.Prepare(slices.Concat(files, more))
	if err != nil {
		return nil, err
	}
	t := &tested{Prepared: p, explainer: explain.New(p.Set, ownKey), brought: make(map[string]bool)}
	for _, f := range more {
		t.brought[f.Name] = true
	}
	problems := p.Set.Problems.Errors()
	if r.warnings {
		problems = slices.Clone(p.Set.Problems)
	}
	r.report(slices.DeleteFunc(problems, func(p rules.Problem) bool { return t.brought[p.File] })...)
	return t, nil
}

// rulesOf returns the rules of a suite.
func (r *runner) rulesOf(s *suite) (*tested, error) {
	if len(s.rules) > 0 {
		t, err := r.prepare(s.rules)
		if err == nil {
			for _, rule := range t.subjects() {
				r.counted[rule] = true
			}
		}
		return t, err
	}
	if r.shared == nil {
		names := r.options.Rules
		if len(names) == 0 {
			names = slices.Sorted(maps.Keys(r.options.Packs))
		}
		files, err := rules.ReadEntries(names, r.options.Packs)
		if err != nil {
			return nil, err
		}
		if r.shared, err = r.prepare(files); err != nil {
			return nil, err
		}
	}
	return r.shared, nil
}

// report notes problems of no case.
func (r *runner) report(list ...rules.Problem) {
	r.Problems, r.Failures = append(r.Problems, list...), append(r.Failures, list...)
}

func (r *runner) suite(s *suite) error {
	if len(s.rules) == 0 && len(s.cases) == 0 {
		r.report(s.problems...)
		return nil
	}
	t, err := r.rulesOf(s)
	if err != nil {
		return err
	}
	problems := s.problems // of the file, which stand between those of its cases
	hits, misses := r.Hits, r.Misses
	for _, c := range s.cases {
		for len(problems) > 0 && problems[0].Line <= c.at.Line {
			r.report(problems[0])
			problems = problems[1:]
		}
		r.testCase(t, s, c)
	}
	r.report(problems...)
	if r.options.Run == nil && len(t.subjects()) > 0 { // what is not chosen is not missing, nor is what would test rules about other logs
		r.complete(t, s, r.Hits-hits, r.Misses-misses)
	}
	return nil
}

// complete reports what tests a suite lacks that has so many cases of either kind.
func (r *runner) complete(t *tested, s *suite, hits, misses int) {
	switch {
	case s.missing != "":
		r.missing(s.name, "%s", s.missing)
	case !s.beside || len(s.problems) > 0: // what cannot be read may be of the other kind
	case hits == 0 || misses == 0:
		r.missing(s.name, "%d cases that must hit and %d that must not: both kinds are needed", hits, misses)
	default:
		r.untimed(t, s)
	}
}

// untimed reports that correlations lack cases over time.
func (r *runner) untimed(t *tested, s *suite) {
	fire, quiet := 0, 0
	for i := range s.cases {
		switch c := &s.cases[i]; {
		case len(c.steps) == 0:
		case c.positive():
			fire++
		default:
			quiet++
		}
	}
	if len(t.reporting()) > 0 && (fire == 0 || quiet == 0) {
		r.missing(s.name, "%d cases with steps in which a correlation must fire and %d in which none must: both kinds are needed", fire, quiet)
	}
}

func (r *runner) missing(file, format string, args ...any) {
	severity := rules.Warning
	if r.options.Complete {
		severity = rules.Error
	}
	r.report(rules.Problem{Position: rules.Position{File: file}, Severity: severity, Code: Missing, Message: fmt.Sprintf(format, args...)})
}

// testCase runs one case, if it is chosen.
func (r *runner) testCase(t *tested, s *suite, c testCase) {
	j := judging{tested: t, c: &c, result: Result{Position: c.at, Rule: t.title(s, &c), Name: c.name, Skipped: c.skip}}
	if r.options.Run != nil && !r.options.Run.MatchString(j.result.FullName()) {
		return
	}
	if c.skip == "" {
		j.run()
	}
	if j.result.Skipped == "" {
		if c.positive() {
			r.Hits++
		} else {
			r.Misses++
		}
		for _, i := range j.meant {
			r.counted[t.Set.Rules[i]] = true
		}
	}
	r.Results = append(r.Results, j.result)
	r.Failures = append(r.Failures, j.result.Problems...)
}

// subjects are the rules and correlations that are tested.
func (t *tested) subjects() (list []*rules.Rule) {
	for _, r := range t.Set.Rules {
		if t.own(r) {
			list = append(list, r)
		}
	}
	return append(list, t.reporting()...)
}

// reporting are the correlations that are tested.
func (t *tested) reporting() (list []*rules.Rule) {
	for _, c := range t.Set.Correlations {
		if t.own(c.Rule) {
			list = append(list, c.Rule)
		}
	}
	return list
}

// title says in the names of cases which rule they are about.
func (t *tested) title(s *suite, c *testCase) string {
	list := t.subjects()
	switch {
	case len(c.steps) > 0:
		list = t.reporting()
	case len(list) > 1:
		list = slices.DeleteFunc(list, func(r *rules.Rule) bool { return slices.Contains(t.reporting(), r) })
	}
	if rule := c.want.rule; rule != "" {
		if found := explain.Named(list, rule); len(found) > 0 {
			return list[found[0]].Title
		}
		return rule
	}
	if len(list) == 1 {
		return list[0].Title
	}
	file := s.name
	if len(s.rules) > 0 {
		file = s.rules[0].Name
	}
	return path.Base(file)
}
