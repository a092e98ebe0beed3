package ruletest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"sigmatrail/internal/record"
	"sigmatrail/rules"

	"gopkg.in/yaml.v3"
)

// kind tells files of tests, and of rules, apart.
type kind uint8

const (
	ruleKind kind = iota
	ownKind
	sigmaHQKind // an info.yml of SigmaHQ's regression_data
	pantherKind // a rule of Panther's, with Tests
	listKind    // a YAML list of cases that name their rules
	linesKind   // the same as JSON
)

// kindOf tells what a file is by its name and, where that does not say, by what is at its top.
func kindOf(name string, src []byte) kind {
	lower := strings.ToLower(name)
	if isTestName(lower) {
		return ownKind
	}
	if !strings.HasSuffix(lower, ".yml") && !strings.HasSuffix(lower, ".yaml") {
		return linesKind
	}
	root := (&parser{}).document(src)
	if root == nil {
		return ruleKind // which says what is wrong with the YAML
	}
	if root.Kind == yaml.SequenceNode {
		return listKind
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		switch root.Content[i].Value {
		case "regression_tests_info", "rule_metadata":
			return sigmaHQKind
		case "Tests", "AnalysisType":
			return pantherKind
		}
	}
	return ruleKind
}

// list reads a YAML list of cases that name their rules; of those that name none rule is meant.
func (p *parser) list(src []byte, rule string) {
	p.tests(src)
	for i := range p.cases {
		if w := &p.cases[i].want; w.rule == "" && !w.exact {
			w.rule = rule
		}
	}
}

// labelled is a case as JSON has it.
type labelled struct {
	Name, Test, Rule string
	Event            json.RawMessage
	Expected, Hit    *bool
}

// jsonCases reads {"rule": ID, "event": {…}, "expected": true}, one a line or in an array, with name if it is there.
func (p *parser) jsonCases(rule string) error {
	f, err := p.open(p.file)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	n := 0
	err = record.Read(p.file, f, record.Sink{
		Item: func(i record.Item) error { n++; p.labelled(i, n, rule); return nil },
		Bad:  p.badLine,
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.failFile("%s", strings.TrimPrefix(err.Error(), p.file+": "))
		return nil
	}
	return err
}

// badLine reports a line, or an element, that cannot be read.
func (p *parser) badLine(err error) {
	line, ok := errors.AsType[*record.LineError](err)
	if !ok {
		p.failFile("%s", strings.TrimPrefix(err.Error(), p.file+": "))
		return
	}
	at := rules.Position{File: p.file, Line: line.Line, Column: 1}
	p.problems = append(p.problems, rules.Problem{Position: at, Code: Invalid, Message: line.Err.Error()})
}

func (p *parser) labelled(i record.Item, number int, rule string) {
	at := rules.Position{File: p.file}
	if i.Line > 0 {
		at.Line, at.Column = i.Line, 1
	}
	var l labelled
	err := json.Unmarshal(i.JSON, &l)
	verdict := l.Expected
	if verdict == nil {
		verdict = l.Hit
	}
	name := l.Name
	for _, other := range []string{l.Test, "case " + strconv.Itoa(number)} {
		if name == "" {
			name = other
		}
	}
	if l.Rule != "" {
		rule = l.Rule
	}
	fail := func(format string, args ...any) {
		p.problems = append(p.problems, rules.Problem{Position: at, Code: Invalid, Message: name + ": " + fmt.Sprintf(format, args...)})
	}
	switch {
	case err != nil:
		fail("%v", err)
	case verdict == nil || len(l.Event) == 0 || l.Event[0] != '{':
		fail("must have event, an object, and expected, true or false")
	case rule == "":
		fail("must have rule, the id, name or title of a rule, or --rule must say which is meant")
	default:
		p.cases = append(p.cases, testCase{at: at, name: name, events: []event{{json: l.Event}}, want: expectation{rule: rule, hit: *verdict}})
	}
}

// panther reads the Tests of a rule of Panther's. As its detection is Python, rule says which one here is meant.
func (p *parser) panther(src []byte, rule string) {
	root := p.document(src)
	if root == nil || root.Kind != yaml.MappingNode {
		return
	}
	p.members(root, func(key, value *yaml.Node) {
		switch {
		case key.Value != "Tests":
		case rule == "":
			p.fail(key, "name it with --rule: its id, name or title", "the rule behind these tests is Python; which rule here is to be tested?")
		case value.Kind != yaml.SequenceNode:
			p.fail(value, "", "Tests must be a list of Name, ExpectedResult and Log")
		default:
			for i, n := range value.Content {
				p.pantherTest(n, i+1, rule)
			}
		}
	})
}

func (p *parser) pantherTest(n *yaml.Node, number int, rule string) {
	c := testCase{name: "test " + strconv.Itoa(number), want: expectation{rule: rule}}
	c.at, c.source = p.place(n)
	before := len(p.problems)
	judged := false
	if n.Kind == yaml.MappingNode {
		p.members(n, func(key, value *yaml.Node) {
			switch key.Value {
			case "Name":
				c.name = value.Value
			case "ExpectedResult":
				judged = value.Tag == "!!bool" && value.Decode(&c.want.hit) == nil
			case "Log":
				if value.Kind == yaml.MappingNode {
					c.events = []event{{json: p.json(nil, value)}}
				}
			}
		})
	}
	if !judged || len(c.events) == 0 {
		p.fail(n, "", "%s: must have ExpectedResult, true or false, and Log, a map", c.name)
	}
	if len(p.problems) == before {
		p.cases = append(p.cases, c)
	}
}

// sigmaHQ reads an info.yml: regression_tests_info lists files of events with how many of them the rule matches, and rule_metadata says which rule that is.
func (p *parser) sigmaHQ(src []byte) {
	root := p.document(src)
	if root == nil || root.Kind != yaml.MappingNode {
		return
	}
	rule := ""
	var tests *yaml.Node
	p.members(root, func(key, value *yaml.Node) {
		switch key.Value {
		case "rule_metadata":
			rule = firstID(value)
		case "regression_tests_info":
			tests = value
		}
	})
	switch {
	case tests == nil: // the rule has metadata, and no test yet
	case tests.Kind != yaml.SequenceNode:
		p.fail(tests, "", "regression_tests_info must be a list")
	case rule == "":
		p.fail(root, "", "there is no rule_metadata with the id of a rule")
	default:
		for i, n := range tests.Content {
			p.regression(n, i+1, rule)
		}
	}
}

// firstID returns the id of the first of a list of maps.
func firstID(list *yaml.Node) string {
	var metadata []struct{ ID string }
	if list.Decode(&metadata) != nil || len(metadata) == 0 {
		return ""
	}
	return metadata[0].ID
}

func (p *parser) regression(n *yaml.Node, number int, rule string) {
	info := struct {
		Name, Type, Path string
		Count            *int `yaml:"match_count"`
	}{}
	if err := n.Decode(&info); err != nil || info.Path == "" || info.Count != nil && *info.Count < 0 {
		p.fail(n, "", "test %d: must have type and path, and match_count, a number, if it is there", number)
		return
	}
	c := testCase{name: info.Name, want: expectation{rule: rule, counted: true, count: -1}}
	if info.Count != nil {
		c.want.count = *info.Count
	}
	c.at, c.source = p.place(n)
	if c.name == "" {
		c.name = "test " + strconv.Itoa(number)
	}
	if !strings.EqualFold(info.Type, "json") {
		c.skip = fmt.Sprintf("its events are of the type %q, and not json", info.Type)
		p.cases = append(p.cases, c)
		return
	}
	name, ok := below(p.open, p.file, info.Path)
	if !ok {
		p.fail(n, "", "%s: there is no %s here or in a folder above", c.name, info.Path)
		return
	}
	var err error
	if c.events, err = readEvents(p.open, name, 0); err != nil {
		p.fail(n, "", "%s: %v", c.name, err)
		return
	}
	p.cases = append(p.cases, c)
}

// below finds a file that is named relative to the root of a repository: in the folder of from or one above, or else beside from.
func below(open opener, from, name string) (string, bool) {
	exists := func(name string) bool {
		f, err := open(name)
		if err != nil {
			return false
		}
		defer f.Close() //nolint:errcheck // nothing was written
		info, err := f.Stat()
		return err == nil && !info.IsDir()
	}
	dir := path.Dir(from)
	for range mostAbove {
		if full := path.Join(dir, name); exists(full) {
			return full, true
		}
		dir = path.Join(dir, "..")
	}
	beside := path.Join(path.Dir(from), path.Base(name))
	return beside, exists(beside)
}

// mostAbove is in how many folders, from that of a test up, files are looked for.
const mostAbove = 20
