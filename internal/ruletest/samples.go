package ruletest

import (
	"errors"
	"fmt"
	"io/fs"

	"sigmatrail/rules"

	"gopkg.in/yaml.v3"
)

// Sample is what one call of a tool leaves in CloudTrail, and the rule that must notice it.
type Sample struct {
	rules.Position

	// Module is the tool's name for the part that makes the call.
	Module string
	// EventName and EventSource are the operation that is called.
	EventName, EventSource string
	// Rule is the name of the rule's file, without .yml.
	Rule string
	// Event is the record, as JSON.
	Event []byte
}

// Samples reads tables of samples, the files of fsys whose names match pattern: lists of {module, eventName, eventSource, rule, event}. An event
// that does not say again which operation it is about gets eventName and eventSource from its row. The error names all rows that are wrong.
func Samples(fsys fs.FS, pattern string) ([]Sample, error) {
	files, err := fs.Glob(fsys, pattern)
	if err != nil {
		return nil, err
	}
	var samples []Sample
	var errs []error
	for _, file := range files {
		src, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, err
		}
		list, problems := parseSamples(file, src)
		samples = append(samples, list...)
		errs = append(errs, joined(problems))
	}
	return samples, errors.Join(errs...)
}

func parseSamples(file string, src []byte) (samples []Sample, problems rules.Problems) {
	p := parser{file: file}
	var rows []yaml.Node
	if err := yaml.Unmarshal(src, &rows); err != nil {
		return nil, rules.Problems{{Position: rules.Position{File: file}, Code: Invalid, Message: err.Error()}}
	}
	for i := range rows {
		if s, ok := p.sample(&rows[i]); ok {
			samples = append(samples, s)
		}
	}
	return samples, p.problems
}

// sample reads one row.
func (p *parser) sample(n *yaml.Node) (Sample, bool) {
	s := Sample{Position: rules.Position{File: p.file, Line: n.Line, Column: n.Column}}
	row := struct {
		Module, Rule string
		EventName    string `yaml:"eventName"`
		EventSource  string `yaml:"eventSource"`
		Event        yaml.Node
	}{}
	if err := n.Decode(&row); err != nil {
		p.fail(n, "", "%v", err)
		return s, false
	}
	s.Module, s.EventName, s.EventSource, s.Rule = row.Module, row.EventName, row.EventSource, row.Rule
	if s.Module == "" || s.EventName == "" || s.EventSource == "" || s.Rule == "" || row.Event.Kind != yaml.MappingNode {
		p.fail(n, "", "must have module, eventName, eventSource, rule, and event, a map")
		return s, false
	}
	for _, member := range [][2]string{{"eventName", s.EventName}, {"eventSource", s.EventSource}} {
		if err := complete(&row.Event, member[0], member[1]); err != nil {
			p.fail(n, "", "%v", err)
			return s, false
		}
	}
	s.Event = p.json(nil, &row.Event)
	return s, true
}

// complete adds a member to a map that lacks it, and takes no other value in one that has it.
func complete(n *yaml.Node, key, value string) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != key {
			continue
		}
		if has := n.Content[i+1].Value; has != value {
			return fmt.Errorf("the row's %s is %s, its event's %s", key, value, has)
		}
		return nil
	}
	text := func(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }
	n.Content = append(n.Content, text(key), text(value))
	return nil
}
