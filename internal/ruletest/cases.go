package ruletest

import (
	"fmt"
	"strings"

	"sigmatrail/rules"

	"gopkg.in/yaml.v3"
)

// testCase is one event, or those of a file, with what the rules must say of each.
type testCase struct {
	at     rules.Position
	source string // the line at which it stands
	name   string
	events []event
	want   expectation
	skip   string // why it is not run, or ""
}

// event is one event of a case.
type event struct {
	json []byte
	from string // its file and line, where it is not in the test itself
}

// expectation is what the rules must say.
type expectation struct {
	// rule is the one that is meant, by id, name or title; without it all rules are.
	rule string
	// hit: whether any of them hits.
	hit bool
	// Where exact is set just those of hits must, by id, name or title.
	exact bool
	hits  []string
	// Where counted is set they must hit count of the case's events, or, if that is negative, at least one.
	counted bool
	count   int
}

// positive reports whether something must hit.
func (e *expectation) positive() bool {
	switch {
	case e.exact:
		return len(e.hits) > 0
	case e.counted:
		return e.count != 0
	}
	return e.hit
}

// parser reads one file of tests.
type parser struct {
	file     string
	lines    []string
	open     opener
	problems rules.Problems
	cases    []testCase
	lost     []string // names of cases with a mistake
}

func newParser(file string, src []byte, open opener) *parser {
	return &parser{file: file, lines: strings.Split(string(src), "\n"), open: open}
}

func (p *parser) place(n *yaml.Node) (at rules.Position, source string) {
	return rules.Position{File: p.file, Line: n.Line, Column: n.Column}, p.line(n.Line)
}

func (p *parser) line(number int) string {
	if number < 1 || number > len(p.lines) {
		return ""
	}
	return strings.TrimRight(p.lines[number-1], "\r")
}

func (p *parser) fail(n *yaml.Node, hint, format string, args ...any) {
	at, source := p.place(n)
	p.problems = append(p.problems, rules.Problem{Position: at, Source: source, Code: Invalid, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// failFile reports a mistake that has no line.
func (p *parser) failFile(format string, args ...any) {
	p.problems = append(p.problems, rules.Problem{Position: rules.Position{File: p.file}, Code: Invalid, Message: fmt.Sprintf(format, args...)})
}

// document reads the file as YAML; nil: it is none, which is reported.
func (p *parser) document(src []byte) (root *yaml.Node) {
	// yaml.v3 has panicked on hostile input.
	defer func() {
		if fault := recover(); fault != nil {
			p.failFile("not YAML: %v", fault)
			root = nil
		}
	}()
	var document yaml.Node
	if err := yaml.Unmarshal(src, &document); err != nil {
		p.notYAML(err)
		return nil
	}
	if len(document.Content) != 1 {
		return &yaml.Node{Line: 1, Column: 1}
	}
	return document.Content[0]
}

// notYAML reports what the YAML library says, in the line that it names.
func (p *parser) notYAML(err error) {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 0
	if _, scan := fmt.Sscanf(message, "line %d: ", &line); scan == nil {
		_, message, _ = strings.Cut(message, ": ")
		p.fail(&yaml.Node{Line: line, Column: 1}, "", "not YAML: %s", message)
		return
	}
	p.failFile("not YAML: %s", message)
}

// members calls f with each member of a map, but for those that stand there twice.
func (p *parser) members(n *yaml.Node, f func(key, value *yaml.Node)) {
	seen := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if first, twice := seen[key.Value]; twice {
			p.fail(key, "", "%q is here a second time; the first is in line %d", key.Value, first)
			continue
		}
		seen[key.Value] = key.Line
		f(key, n.Content[i+1])
	}
}

// tests reads a file of tests: a list of cases, or a map of rules and cases. What is wrong with one case does not hide the others. ruleFiles are the files
// of rules that it names.
func (p *parser) tests(src []byte) (ruleFiles []string) {
	root := p.document(src)
	if root == nil {
		return nil
	}
	list := root
	if root.Kind == yaml.MappingNode {
		list = nil
		p.members(root, func(key, value *yaml.Node) {
			switch key.Value {
			case "rules":
				ruleFiles = p.texts(value)
			case "cases":
				list = value
			default:
				p.unknown(key, "a file of tests", []string{"rules", "cases"})
			}
		})
	}
	if list == nil || list.Kind != yaml.SequenceNode {
		p.fail(root, "", "must be a list of {event: …, hit: true|false}, or a map of rules and such a list as cases")
		return ruleFiles
	}
	for i, n := range list.Content {
		p.add(n, i+1)
	}
	return ruleFiles
}

// unknown reports a key that means nothing.
func (p *parser) unknown(key *yaml.Node, what string, known []string) {
	hint := what + " has " + strings.Join(known, ", ")
	if best := rules.Nearest(key.Value, known); best != "" {
		hint = fmt.Sprintf("did you mean %q?", best)
	}
	p.fail(key, hint, "%s has no %q", what, key.Value)
}

// texts reads a list of texts, or one.
func (p *parser) texts(n *yaml.Node) (list []string) {
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	for _, item := range nodes {
		if item.Kind != yaml.ScalarNode || item.Value == "" {
			p.fail(item, "", "must be a text, or a list of texts")
			continue
		}
		list = append(list, item.Value)
	}
	return list
}
