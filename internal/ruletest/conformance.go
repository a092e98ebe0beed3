package ruletest

import (
	"fmt"
	"io/fs"
	"strings"

	"sigmatrail/rules"

	"gopkg.in/yaml.v3"
)

// Verdict is one decision of the conformance suite: whether a rule must match a record. Files of the suite have a title, the section that
// decides, and cases: a detection as rules write it, and JSON texts of records that hit and that do not.
type Verdict struct {
	// Position is that of the record in the suite's file.
	rules.Position

	Rule *rules.Rule
	// Record is the record's JSON text.
	Record []byte
	Hit    bool
}

// suiteFile is one file of the suite.
type suiteFile struct {
	Title, Reference string
	Cases            []struct {
		Detection    yaml.Node
		Hits, Misses []yaml.Node
	}
}

// Conformance reads the verdicts of every *.yml in the top folder of suite.
func Conformance(suite fs.FS) ([]Verdict, error) {
	names, err := fs.Glob(suite, "*.yml")
	if err != nil {
		return nil, err
	}
	var all []Verdict
	for _, name := range names {
		src, err := fs.ReadFile(suite, name)
		if err != nil {
			return nil, err
		}
		list, err := readSuite(name, src)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

func readSuite(name string, src []byte) ([]Verdict, error) {
	var f suiteFile
	if err := yaml.Unmarshal(src, &f); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if f.Title == "" || f.Reference == "" || len(f.Cases) == 0 {
		return nil, fmt.Errorf("%s: title, reference and cases are needed", name)
	}
	var all []Verdict
	for _, c := range f.Cases {
		rule, err := suiteRule(name, &c.Detection)
		if err != nil {
			return nil, err
		}
		add := func(nodes []yaml.Node, hit bool) {
			for _, n := range nodes {
				at := rules.Position{File: name, Line: n.Line, Column: n.Column}
				all = append(all, Verdict{Position: at, Rule: rule, Record: []byte(n.Value), Hit: hit})
			}
		}
		add(c.Hits, true)
		add(c.Misses, false)
	}
	return all, nil
}

// suiteRule makes a rule of the text of a detection.
func suiteRule(name string, detection *yaml.Node) (*rules.Rule, error) {
	var b strings.Builder
	b.WriteString("title: T\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n")
	for line := range strings.Lines(detection.Value) {
		b.WriteString("  " + line)
	}
	list, problems := rules.Parse(name, []byte(b.String()), rules.Options{Placeholders: rules.Placeholders{"admins": {"alice", "b*b"}}})
	if len(problems.Errors()) > 0 || len(list) != 1 {
		return nil, fmt.Errorf("%s:%d: %v", name, detection.Line, problems.Errors())
	}
	return list[0], nil
}
