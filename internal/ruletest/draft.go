package ruletest

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"

	"sigmatrail/rules"

	"gopkg.in/yaml.v3"
)

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
	stepList          *yaml.Node
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
	texts := map[string]*string{"name": &d.name, "rule": &d.want.rule}
	nodes := map[string]**yaml.Node{"event": &d.event, "file": &d.file, "like": &d.like, "set": &d.set, "remove": &d.remove, "steps": &d.stepList}
	switch name := key.Value; {
	case texts[name] != nil && value.Kind == yaml.ScalarNode && value.Value != "":
		*texts[name] = value.Value
	case texts[name] != nil:
		d.fail(value, "", "%s must be a text", name)
	case nodes[name] != nil:
		*nodes[name] = value
	case name == "line":
		number, err := strconv.Atoi(value.Value)
		if err != nil || number < 1 {
			d.fail(value, "", "line must be the number of a line, counted from 1")
		}
		d.number = number
	case name == "hit" || name == "expected" || name == "hits":
		d.verdict(key, value)
	default:
		d.unknown(key, "a case", []string{"name", "event", "file", "line", "like", "set", "remove", "rule", "hit", "hits", "steps"})
	}
}

// verdict reads what a case expects.
func (d *draft) verdict(key, value *yaml.Node) {
	if d.judged {
		d.fail(key, "", "a case has hit or hits, not both")
	}
	d.judged = true
	switch {
	case key.Value != "hits":
		if value.Tag != "!!bool" || value.Decode(&d.want.hit) != nil {
			d.fail(value, "", "%s must be true or false", key.Value)
		}
	case value.Kind == yaml.SequenceNode && len(value.Content) == 0:
		d.want.exact = true
	default:
		d.want.exact, d.want.hits = true, d.texts(value)
	}
}

// finish finds the case's events and changes them.
func (d *draft) finish() {
	switch {
	case !d.fits():
		return
	case d.event != nil:
		d.inline()
	case d.file != nil:
		d.read()
	default:
		d.copy()
		if d.set == nil && d.remove == nil && d.stepList == nil {
			d.fail(d.like, "say with set or remove what is different", "%s: is the same as %q", d.name, d.like.Value)
		}
	}
	d.change()
	if d.stepList != nil {
		d.readSteps()
	}
}

// fits reports whether the members of the case go together.
func (d *draft) fits() bool {
	from := 0
	for _, n := range []*yaml.Node{d.event, d.file, d.like} {
		if n != nil {
			from++
		}
	}
	switch {
	case from != 1:
		d.fail(d.node, "", "%s: must have one of event, file and like", d.name)
	case d.judged && d.stepList != nil:
		d.fail(d.stepList, "", "%s: steps say what must fire; leave hit and hits out", d.name)
	case !d.judged && d.stepList == nil:
		d.fail(d.node, "", "%s: must have hit, true or false, or hits, a list of rules, or steps", d.name)
	case d.want.exact && d.want.rule != "":
		d.fail(d.node, "", "%s: hits names the rules; leave rule out", d.name)
	case d.number > 0 && d.file == nil:
		d.fail(d.node, "", "%s: line is a line of a file, and there is no file", d.name)
	default:
		return true
	}
	return false
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
