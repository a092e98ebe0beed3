package ruletest

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"sigmatrail/internal/explain"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// runner runs suites.
type runner struct {
	Report

	options  Options
	warnings bool    // whether those of rules count
	shared   *tested // the rules of suites that have none of their own
	counted  map[*rules.Rule]bool
}

// tested is rules that cases are judged by.
type tested struct {
	Prepared

	explainer *explain.Explainer
}

func newRunner(o Options) *runner { return &runner{options: o, counted: make(map[*rules.Rule]bool)} }

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

// prepare parses and compiles files of rules, and reports what is wrong with them.
func (r *runner) prepare(files []rules.File) (*tested, error) {
	p, err := r.options.Prepare(files)
	if err != nil {
		return nil, err
	}
	problems := p.Set.Problems.Errors()
	if r.warnings {
		problems = p.Set.Problems
	}
	r.report(problems...)
	return &tested{Prepared: p, explainer: explain.New(p.Set, ownKey)}, nil
}

// rulesOf returns the rules of a suite.
func (r *runner) rulesOf(s *suite) (*tested, error) {
	if len(s.rules) > 0 {
		t, err := r.prepare(s.rules)
		if err == nil {
			for _, rule := range t.Set.Rules {
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
	if r.options.Run != nil || len(t.Set.Rules) == 0 {
		return nil // what is not chosen is not missing, nor is what would test rules about other logs
	}
	hits, misses = r.Hits-hits, r.Misses-misses
	switch {
	case s.missing != "":
		r.missing(s.name, "%s", s.missing)
	case s.beside && len(s.problems) == 0 && (hits == 0 || misses == 0): // what cannot be read may be of the other kind
		r.missing(s.name, "%d cases that must hit and %d that must not: both kinds are needed", hits, misses)
	}
	return nil
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
	j := judging{tested: t, c: &c, result: Result{Position: c.at, Rule: t.title(s, c.want.rule), Name: c.name, Skipped: c.skip}}
	if r.options.Run != nil && !r.options.Run.MatchString(j.result.FullName()) {
		return
	}
	if c.skip == "" {
		j.run()
	}
	if j.result.Skipped == "" {
		if c.want.positive() {
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

// title says in the names of cases which rule they are about.
func (t *tested) title(s *suite, rule string) string {
	list := t.Set.Rules
	if rule != "" {
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

// judging is one case while it is judged.
type judging struct {
	*tested

	c      *testCase
	result Result
	meant  []int // the rules that the case names
}

func (j *judging) fail(code rules.Code, hint, format string, args ...any) {
	j.result.Problems = append(j.result.Problems, rules.Problem{
		Position: j.c.at, Source: j.c.source, Code: code, Message: j.c.name + ": " + fmt.Sprintf(format, args...), Hint: hint,
	})
}

// outcome is what the rules say of one event.
type outcome struct {
	event *event
	found []record.Found
	hits  []int // of any of its records
}

func (j *judging) run() {
	if !j.resolve() {
		return
	}
	verdicts := make([]outcome, 0, len(j.c.events))
	for i := range j.c.events {
		v, ok := j.judge(&j.c.events[i])
		if !ok {
			return
		}
		verdicts = append(verdicts, v)
	}
	switch w := &j.c.want; {
	case w.counted:
		j.count(verdicts)
	case w.exact:
		j.exact(verdicts)
	default:
		j.compare(verdicts)
	}
}

// resolve finds the rules that the case names.
func (j *judging) resolve() bool {
	names := j.c.want.hits
	if j.c.want.rule != "" {
		names = []string{j.c.want.rule}
	}
	for _, name := range names {
		found := explain.Named(j.Set.Rules, name)
		j.meant = append(j.meant, found...)
		switch {
		case len(found) > 0:
		case len(explain.Named(j.Set.NotApplicable, name)) > 0 && j.c.want.rule != "":
			j.result.Skipped = "the rule is about other logs than CloudTrail"
			return false
		default:
			hint := ""
			if best := explain.Nearest(j.Set.Rules, name); best != "" {
				hint = fmt.Sprintf("did you mean %q?", best)
			}
			j.fail(Invalid, hint, "no rule for CloudTrail has the id, name or title %q", name)
			return false
		}
	}
	slices.Sort(j.meant)
	j.meant = slices.Compact(j.meant)
	return true
}

// judge judges one event by the oracle, and holds the engine to it.
func (j *judging) judge(e *event) (v outcome, ok bool) {
	packed, err := record.AppendMsgpack(nil, e.json)
	if err != nil {
		j.fail(NoRecord, "", "%s%v", where(e), err)
		return v, false
	}
	body, _ := record.Decode(packed, 0)
	found, _ := record.Find(body, j.Form)
	if len(found) == 0 {
		j.fail(NoRecord, "", "%sthe event is no CloudTrail record: it has no eventName with an eventSource", where(e))
		return v, false
	}
	v = outcome{event: e, found: found}
	perRecord := make([][]int, 0, len(found))
	for _, f := range found {
		hits := j.explainer.Match(f)
		perRecord, v.hits = append(perRecord, hits), append(v.hits, hits...)
	}
	slices.Sort(v.hits)
	v.hits = slices.Compact(v.hits)
	if j.Judge != nil {
		j.hold(e, perRecord, j.Judge(packed))
	}
	return v, true
}

// hold holds the engine's verdicts to the oracle's.
func (j *judging) hold(e *event, oracle, engine [][]int) {
	if !slices.EqualFunc(oracle, engine, slices.Equal) {
		j.fail(Differs, "this is a fault of sigmatrail's; please report it with the rule and the event",
			"%sthe engine and the oracle differ: by the engine %s, by the oracle %s", where(e), j.titles(flat(engine)), j.titles(flat(oracle)))
	}
}

func flat(perRecord [][]int) []int {
	list := slices.Concat(perRecord...)
	slices.Sort(list)
	return slices.Compact(list)
}

// where says which event of a case is meant, with a space behind it.
func where(e *event) string {
	if e.from == "" {
		return ""
	}
	return e.from + ": "
}

func (j *judging) titles(list []int) string {
	if len(list) == 0 {
		return "nothing hits"
	}
	var parts []string
	for _, i := range list {
		parts = append(parts, fmt.Sprintf("%q", j.Set.Rules[i].Title))
	}
	if len(parts) == 1 {
		return parts[0] + " hits"
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1] + " hit"
}
