package main

import (
	"encoding/xml"
	"io"

	"sigmatrail/internal/ruletest"
	"sigmatrail/rules"
)

// testReport is what a run of tests found, as JSON has it.
type testReport struct {
	Rules    int          `json:"rules"`
	Cases    int          `json:"cases"`
	Failed   int          `json:"failed"`
	Skipped  int          `json:"skipped"`
	Results  []testResult `json:"results"`
	Problems []finding    `json:"problems"` // of no case
}

type testResult struct {
	File     string    `json:"file"`
	Line     int       `json:"line"`
	Column   int       `json:"column"`
	Rule     string    `json:"rule"`
	Name     string    `json:"name"`
	State    string    `json:"state"` // pass, fail or skip
	Why      string    `json:"why,omitempty"`
	Problems []finding `json:"problems,omitempty"`
}

func newTestReport(r *ruletest.Report) *testReport {
	t := &testReport{Rules: r.Rules, Cases: r.Hits + r.Misses, Failed: r.Failed(), Results: []testResult{}, Problems: findings(r.Problems)}
	t.Skipped = len(r.Results) - t.Cases
	for i := range r.Results {
		one := &r.Results[i]
		result := testResult{File: one.File, Line: one.Line, Column: one.Column, Rule: one.Rule, Name: one.Name, State: state(one), Why: one.Skipped}
		if len(one.Problems) > 0 {
			result.Problems = findings(one.Problems)
		}
		t.Results = append(t.Results, result)
	}
	return t
}

// The elements of JUnit's reports, as build servers read them.
type (
	junitSuites struct {
		XMLName  xml.Name      `xml:"testsuites"`
		Tests    int           `xml:"tests,attr"`
		Failures int           `xml:"failures,attr"`
		Errors   int           `xml:"errors,attr"`
		Skipped  int           `xml:"skipped,attr"`
		Suites   []*junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
		Warnings string      `xml:"system-err,omitempty"`
	}
	junitCase struct {
		Class   string       `xml:"classname,attr"`
		Name    string       `xml:"name,attr"`
		File    string       `xml:"file,attr"`
		Line    int          `xml:"line,attr,omitempty"`
		Skipped *junitReason `xml:"skipped"`
		Failure *junitReason `xml:"failure"`
		Error   *junitReason `xml:"error"`
	}
	junitReason struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// writeJUnit writes a report in which a file of tests is a suite. What is wrong with no case stands as an error in the suite of its file, under the name of
// its code; warnings are the suite's standard error.
func writeJUnit(w io.Writer, r *ruletest.Report) error {
	var all junitSuites
	byFile := make(map[string]*junitSuite)
	suite := func(file string) *junitSuite {
		if byFile[file] == nil {
			byFile[file] = &junitSuite{Name: file}
			all.Suites = append(all.Suites, byFile[file])
		}
		return byFile[file]
	}
	for i := range r.Results {
		one := &r.Results[i]
		s := suite(one.File)
		c := junitCase{Class: one.Rule, Name: one.Name, File: one.File, Line: one.Line}
		switch {
		case one.Skipped != "":
			c.Skipped = &junitReason{Message: one.Skipped}
			s.Skipped++
		case len(one.Problems) > 0:
			c.Failure = junitProblem(one.Problems)
			s.Failures++
		}
		s.Tests++
		s.Cases = append(s.Cases, c)
	}
	for _, p := range r.Problems {
		s := suite(p.File)
		if p.Severity == rules.Warning {
			s.Warnings += excerpts(rules.Problems{p})
			continue
		}
		s.Cases = append(s.Cases, junitCase{Class: p.File, Name: string(p.Code), File: p.File, Line: p.Line, Error: junitProblem(rules.Problems{p})})
		s.Tests++
		s.Errors++
	}
	for _, s := range all.Suites {
		all.Tests, all.Failures = all.Tests+s.Tests, all.Failures+s.Failures
		all.Errors, all.Skipped = all.Errors+s.Errors, all.Skipped+s.Skipped
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func junitProblem(list rules.Problems) *junitReason {
	return &junitReason{Message: list[0].Message, Type: string(list[0].Code), Text: excerpts(list)}
}
