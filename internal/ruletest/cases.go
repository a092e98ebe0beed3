package ruletest

import (
	"encoding/json"
	"fmt"
	"strconv"

	"sigmatrail/internal/record"
	"sigmatrail/rules"

	"gopkg.in/yaml.v3"
)

// testCase is one event and the verdict that it must get.
type testCase struct {
	at    rules.Position
	name  string
	hit   bool
	event []byte // JSON
}

// parser reads one file of tests.
type parser struct {
	file     string
	failures []Failure
}

func (p *parser) fail(n *yaml.Node, format string, args ...any) {
	at := rules.Position{File: p.file, Line: n.Line, Column: n.Column}
	p.failures = append(p.failures, Failure{Position: at, Message: fmt.Sprintf(format, args...)})
}

// parseCases reads a list of {name: text, hit: true|false, event: map}. What is wrong with one case does not hide the others.
func parseCases(file string, src []byte) ([]testCase, []Failure) {
	p := parser{file: file}
	var document yaml.Node
	if err := yaml.Unmarshal(src, &document); err != nil {
		return nil, []Failure{{Position: rules.Position{File: file}, Message: err.Error()}}
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.SequenceNode {
		return nil, []Failure{{Position: rules.Position{File: file}, Message: "must be a list of {event: …, hit: true|false}"}}
	}
	var cases []testCase
	for i, n := range document.Content[0].Content {
		if c, ok := p.parse(n, i+1); ok {
			cases = append(cases, c)
		}
	}
	return cases, p.failures
}

// parse reads one case, the number-th of its file.
func (p *parser) parse(n *yaml.Node, number int) (testCase, bool) {
	c := testCase{at: rules.Position{File: p.file, Line: n.Line, Column: n.Column}, name: "case " + strconv.Itoa(number)}
	if n.Kind != yaml.MappingNode {
		p.fail(n, "%s: must be a map of event and hit", c.name)
		return c, false
	}
	judged := false
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch key.Value {
		case "name":
			c.name = value.Value
		case "hit":
			judged = value.Decode(&c.hit) == nil
		case "event":
			c.event = p.json(nil, value)
		default:
			p.fail(key, "%s: %q is not known; a case has name, event and hit", c.name, key.Value)
			return c, false
		}
	}
	if !judged || len(c.event) == 0 || c.event[0] != '{' {
		p.fail(n, "%s: must have an event, a map, and hit, true or false", c.name)
		return c, false
	}
	return c, true
}

// json appends a YAML value as JSON, members in their order, also those that stand twice.
func (p *parser) json(dst []byte, n *yaml.Node) []byte {
	switch n.Kind {
	case yaml.MappingNode:
		dst = append(dst, '{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(record.AppendJSON(dst, n.Content[i].Value), ':')
			dst = p.json(dst, n.Content[i+1])
		}
		return append(dst, '}')
	case yaml.SequenceNode:
		dst = append(dst, '[')
		for i, item := range n.Content {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = p.json(dst, item)
		}
		return append(dst, ']')
	case yaml.ScalarNode:
		return appendScalar(dst, n)
	default:
		p.fail(n, "aliases are not allowed in tests")
		return append(dst, "null"...)
	}
}

// appendScalar appends a YAML scalar. What JSON has no number for, such as 0x10, .inf and dates, is its text.
func appendScalar(dst []byte, n *yaml.Node) []byte {
	switch n.Tag {
	case "!!null":
		return append(dst, "null"...)
	case "!!bool":
		var v bool
		if n.Decode(&v) == nil {
			return strconv.AppendBool(dst, v)
		}
	case "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return append(dst, n.Value...)
		}
	}
	return record.AppendJSON(dst, n.Value)
}
