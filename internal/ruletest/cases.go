package ruletest

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
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
	// Where counted is set they hit count of the case's events.
	counted bool
	count   int
}

// positive reports whether something must hit.
func (e *expectation) positive() bool {
	switch {
	case e.exact:
		return len(e.hits) > 0
	case e.counted:
		return e.count > 0
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

// draft is a case while it is read.
type draft struct {
	*parser
	testCase

	node *yaml.Node
	// event, file and like are where the events come from; one of them is there.
	event, file, like *yaml.Node
	number            int // of the event in file; 0: all
	set               *yaml.Node
	remove            *yaml.Node
	judged            bool
}

// add reads one case, the number-th of its list.
func (p *parser) add(n *yaml.Node, number int) {
	before := len(p.problems)
	d := draft{parser: p, node: n}
	d.at, d.source = p.place(n)
	d.name = "case " + strconv.Itoa(number)
	if n.Kind != yaml.MappingNode {
		p.fail(n, "", "%s: must be a map of an event and hit", d.name)
		return
	}
	p.members(n, d.member)
	if len(p.problems) == before {
		d.finish()
	}
	if len(p.problems) > before {
		p.lost = append(p.lost, d.name)
		return
	}
	p.cases = append(p.cases, d.testCase)
}

// member reads one member of a case.
func (d *draft) member(key, value *yaml.Node) {
	switch key.Value {
	case "name", "rule":
		text := map[string]*string{"name": &d.name, "rule": &d.want.rule}[key.Value]
		if value.Kind != yaml.ScalarNode || value.Value == "" {
			d.fail(value, "", "%s must be a text", key.Value)
			return
		}
		*text = value.Value
	case "event":
		d.event = value
	case "file":
		d.file = value
	case "line":
		if number, err := strconv.Atoi(value.Value); err == nil && number > 0 {
			d.number = number
			return
		}
		d.fail(value, "", "line must be the number of a line, counted from 1")
	case "like":
		d.like = value
	case "set":
		d.set = value
	case "remove":
		d.remove = value
	case "hit", "expected":
		d.once(key)
		if value.Tag != "!!bool" || value.Decode(&d.want.hit) != nil {
			d.fail(value, "", "%s must be true or false", key.Value)
		}
	case "hits":
		d.once(key)
		d.want.exact, d.want.hits = true, []string{}
		if value.Kind != yaml.SequenceNode || len(value.Content) > 0 {
			d.want.hits = d.texts(value)
		}
	default:
		d.unknown(key, "a case", []string{"name", "event", "file", "line", "like", "set", "remove", "rule", "hit", "hits"})
	}
}

// once reports a second expectation.
func (d *draft) once(key *yaml.Node) {
	if d.judged {
		d.fail(key, "", "a case has hit or hits, not both")
	}
	d.judged = true
}

// finish finds the case's events and changes them.
func (d *draft) finish() {
	var from []*yaml.Node
	for _, n := range []*yaml.Node{d.event, d.file, d.like} {
		if n != nil {
			from = append(from, n)
		}
	}
	switch {
	case len(from) != 1:
		d.fail(d.node, "", "%s: must have one of event, file and like", d.name)
	case !d.judged:
		d.fail(d.node, "", "%s: must have hit, true or false, or hits, a list of rules", d.name)
	case d.want.exact && d.want.rule != "":
		d.fail(d.node, "", "%s: hits names the rules; leave rule out", d.name)
	case d.number > 0 && d.file == nil:
		d.fail(d.node, "", "%s: line is a line of a file, and there is no file", d.name)
	case d.event != nil:
		d.inline()
	case d.file != nil:
		d.read()
	default:
		d.copy()
	}
	d.change()
}

func (d *draft) inline() {
	if d.event.Kind != yaml.MappingNode {
		d.fail(d.event, "", "%s: an event must be a map", d.name)
		return
	}
	d.events = []event{{json: d.json(nil, d.event)}}
}

// read reads the events of a file beside the test.
func (d *draft) read() {
	if d.file.Kind != yaml.ScalarNode || d.file.Value == "" {
		d.fail(d.file, "", "%s: file must be the name of a file of records", d.name)
		return
	}
	name := d.file.Value
	if !path.IsAbs(name) {
		name = path.Join(path.Dir(d.parser.file), name)
	}
	list, err := readEvents(d.open, name, d.number)
	switch {
	case err != nil:
		d.fail(d.file, "", "%s: %v", d.name, err)
	case len(list) == 0 && d.number > 0:
		d.fail(d.file, "", "%s: %s has no event in line %d", d.name, name, d.number)
	case len(list) == 0:
		d.fail(d.file, "", "%s: there is no event in %s", d.name, name)
	}
	d.events = list
}

// copy takes the events of the case before that like names.
func (d *draft) copy() {
	name := d.like.Value
	var names []string
	found := 0
	for _, c := range d.cases {
		names = append(names, c.name)
		if c.name == name {
			d.events = slices.Clone(c.events)
			found++
		}
	}
	switch {
	case found == 1:
	case found > 1:
		d.fail(d.like, "", "%s: there are %d cases %q before this one", d.name, found, name)
	case slices.Contains(d.lost, name):
		d.fail(d.like, "", "%s: the case %q, which it is like, cannot be read", d.name, name)
	default:
		hint := ""
		if best := rules.Nearest(name, names); best != "" {
			hint = fmt.Sprintf("did you mean %q?", best)
		}
		d.fail(d.like, hint, "%s: there is no case %q before this one", d.name, name)
	}
	if d.set == nil && d.remove == nil {
		d.fail(d.like, "say with set or remove what is different", "%s: is the same as %q", d.name, name)
	}
}

// change carries set and remove out on every event. A change that changes none of them is most often a typing mistake.
func (d *draft) change() {
	if d.set != nil && (d.set.Kind != yaml.MappingNode || len(d.set.Content) == 0) {
		d.fail(d.set, "", "%s: set must be a map of paths, such as userIdentity.type, and values", d.name)
		return
	}
	if d.set != nil {
		d.members(d.set, func(key, value *yaml.Node) {
			to := d.json(nil, value)
			d.each(key, "has that value already", func(v *node) error { return setJSON(v, key.Value, to) })
		})
	}
	if d.remove == nil {
		return
	}
	nodes := []*yaml.Node{d.remove}
	if d.remove.Kind == yaml.SequenceNode {
		nodes = d.remove.Content
	}
	for _, n := range nodes {
		d.each(n, "is not there", func(v *node) error {
			if err := v.remove(n.Value, ""); !errors.Is(err, errNothing) {
				return err
			}
			return nil
		})
	}
}

// each changes every event by f.
func (d *draft) each(n *yaml.Node, idle string, f func(*node) error) {
	if n.Kind != yaml.ScalarNode || n.Value == "" {
		d.fail(n, "", "%s: must be a path, such as userIdentity.type", d.name)
		return
	}
	changed := false
	for i := range d.events {
		v, err := parseJSON(d.events[i].json)
		if err != nil {
			d.fail(n, "", "%s: %v", d.name, err)
			return
		}
		before := string(v.append(nil))
		if err := f(v); err != nil {
			d.fail(n, "", "%s: %v", d.name, err)
			return
		}
		after := v.append(nil)
		changed = changed || string(after) != before
		d.events[i].json = after
	}
	if !changed && len(d.events) > 0 {
		d.fail(n, "", "%s: changes nothing: %s %s", d.name, n.Value, idle)
	}
}
