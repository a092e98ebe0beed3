package mutate

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/internal/ruletest"
	"sigmatrail/rules"
)

// Report is how the tests of one rule do.
type Report struct {
	Rule *rules.Rule
	// Mutants counts all, and Survivors are those that no case of the tests tells from the rule.
	Mutants   int
	Survivors []Mutant
}

// Killed is the share of the mutants, from 0 to 1, that the tests notice.
func (r *Report) Killed() float64 {
	if r.Mutants == 0 {
		return 1
	}
	return 1 - float64(len(r.Survivors))/float64(r.Mutants)
}

// Check tests the mutants of every rule, and of every correlation, in the top folder of pack against the cases that stand beside it, in the order of the files. A file
// without tests that can be read is an error; one without a sound rule is passed over.
func Check(pack fs.FS) ([]Report, error) {
	names, err := fs.Glob(pack, "*.yml")
	if err != nil {
		return nil, err
	}
	var reports []Report
	for _, file := range names {
		if strings.HasSuffix(file, ".test.yml") {
			continue
		}
		of, err := checkFile(pack, file)
		if err != nil {
			return nil, err
		}
		reports = append(reports, of...)
	}
	return reports, nil
}

// checkFile does as Check does with what is in one file, each rule in the company of the others: a case hits if any of them does. Cases over time are held to what
// the mutant makes of the correlations.
func checkFile(pack fs.FS, file string) ([]Report, error) {
	src, err := fs.ReadFile(pack, file)
	if err != nil {
		return nil, err
	}
	list, _ := rules.Parse(file, src, rules.Options{})
	correlates := bytes.Contains(src, []byte("correlation:"))
	if len(list) == 0 && !correlates {
		return nil, nil
	}
	subjects, err := read(pack, file)
	if err != nil {
		return nil, fmt.Errorf("the tests of %s: %w", file, err)
	}
	if !correlates {
		return checkRules(list, func(i int, m *rules.Rule) bool { return survives(exchanged(list, i, m), subjects) }), nil
	}
	timed, err := ruletest.TimedCases(pack, file)
	if err == nil && !timed.Pass(timed.Set) {
		err = errors.New("a case over time fails without any change") // so that mutants do not seem to be noticed
	}
	if err != nil {
		return nil, fmt.Errorf("the tests of %s: %w", file, err)
	}
	return checkCorrelations(timed, file, subjects), nil
}

// exchanged returns list with another rule at an index.
func exchanged(list []*rules.Rule, i int, r *rules.Rule) []*rules.Rule {
	list = slices.Clone(list)
	list[i] = r
	return list
}

func checkRules(list []*rules.Rule, survives func(i int, m *rules.Rule) bool) []Report {
	reports := make([]Report, 0, len(list))
	for i, r := range list {
		report := Report{Rule: r}
		for _, m := range Mutants(r) {
			report.Mutants++
			if survives(i, m.Rule) {
				report.Survivors = append(report.Survivors, m)
			}
		}
		reports = append(reports, report)
	}
	return reports
}

// checkCorrelations tests the mutants of a file with correlations.
func checkCorrelations(timed *ruletest.Timed, file string, subjects []subject) []Report {
	set := timed.Set
	own := slices.DeleteFunc(slices.Clone(set.Rules), func(r *rules.Rule) bool { return r.File != file })
	reports := checkRules(own, func(i int, m *rules.Rule) bool {
		changed := *set
		changed.Rules = exchanged(set.Rules, slices.Index(set.Rules, own[i]), m)
		return survives(exchanged(own, i, m), subjects) && timed.Pass(&changed)
	})
	for i, c := range set.Correlations {
		if c.File != file {
			continue
		}
		report := Report{Rule: c.Rule}
		for _, m := range changes(c) {
			report.Mutants++
			changed := *set
			changed.Correlations = slices.Clone(set.Correlations)
			changed.Correlations[i] = m.correlation
			if timed.Pass(&changed) {
				report.Survivors = append(report.Survivors, Mutant{m.Position, m.what, c.Rule})
			}
		}
		reports = append(reports, report)
	}
	return reports
}

// subject is the records of one case and the verdict that it must have.
type subject struct {
	records []*record.Object
	hit     bool
}

// read decodes the cases of a rule once for all of its mutants.
func read(pack fs.FS, file string) ([]subject, error) {
	cases, err := ruletest.Cases(pack, file)
	errs := []error{err}
	subjects := make([]subject, 0, len(cases))
	for _, c := range cases {
		packed, err := record.AppendMsgpack(nil, c.Event)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %s: %w", c.Position, c.Name, err))
			continue
		}
		body, _ := record.Decode(packed, 0)
		found, _ := record.Find(body, nil)
		s := subject{hit: c.Hit}
		for _, f := range found {
			s.records = append(s.records, f.Record)
		}
		subjects = append(subjects, s)
	}
	return subjects, errors.Join(errs...)
}

// survives reports whether every case has its verdict.
func survives(list []*rules.Rule, subjects []subject) bool {
	evaluator := oracle.New(list, record.DefaultAliases(), "sigma")
	for _, s := range subjects {
		hit := false
		for _, r := range s.records {
			hit = hit || len(evaluator.Match(r, time.Time{})) > 0
		}
		if hit != s.hit {
			return false
		}
	}
	return true
}
