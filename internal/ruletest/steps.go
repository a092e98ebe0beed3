package ruletest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigmatrail/internal/record"
	"sigmatrail/rules"

	"gopkg.in/yaml.v3"
)

// step is some events of a case over time, one after another, with what a correlation must make of them.
type step struct {
	at     rules.Position
	source string
	name   string
	events []timedEvent
	// rule is the correlation that is meant, by id, name or title; without it all those of the file that report are.
	rule string
	// fires: whether the correlation must fire on the last event; on the others it must not.
	fires bool
}

type timedEvent struct {
	event

	time time.Time
}

// mostTimed bounds the events of a case.
const mostTimed = 2000

// stepDraft is a step while it is read.
type stepDraft struct {
	draft

	result step

	first     time.Time // of the case's events; zero before there is one
	after, on *yaml.Node
	times     int
	every     time.Duration
	each      *yaml.Node
}

func stepMembers() []string {
	return []string{"after", "at", "times", "every", "event", "like", "set", "each", "remove", "fires", "rule"}
}

// readSteps reads the steps of a case. What they have no event of their own for begins as the case's event.
func (d *draft) readSteps() {
	if d.stepList.Kind != yaml.SequenceNode || len(d.stepList.Content) == 0 {
		d.fail(d.stepList, "", "%s: steps must be a list of maps, such as {after: 90s, times: 3, fires: true}", d.name)
		return
	}
	if len(d.events) != 1 {
		d.fail(d.stepList, "name one by line", "%s: steps begin with one event, and there are %d", d.name, len(d.events))
		return
	}
	var first time.Time
	made := 0
	for i, n := range d.stepList.Content {
		s := stepDraft{draft: draft{parser: d.parser, node: n}, first: first, times: 1, every: time.Second}
		s.name = fmt.Sprintf("%s, step %d", d.name, i+1)
		s.result.at, s.result.source = d.place(n)
		s.result.name = "step " + strconv.Itoa(i+1)
		if n.Kind != yaml.MappingNode {
			d.fail(n, "", "%s: must be a map", s.name)
			continue
		}
		before := len(d.problems)
		d.members(n, s.member)
		if len(d.problems) > before {
			continue
		}
		s.finish(d.events[0], made)
		if len(s.result.events) > 0 && first.IsZero() {
			first = s.result.events[0].time
		}
		made += len(s.result.events)
		d.steps = append(d.steps, s.result)
	}
	if made > mostTimed {
		d.fail(d.stepList, "", "%s: has %d events, and %d are the most", d.name, made, mostTimed)
	}
}

// member reads one member of a step.
func (s *stepDraft) member(key, value *yaml.Node) {
	nodes := map[string]**yaml.Node{
		"after": &s.after, "at": &s.on, "event": &s.event, "like": &s.like, "set": &s.set, "remove": &s.remove, "each": &s.each,
	}
	var err error
	switch name := key.Value; {
	case nodes[name] != nil:
		*nodes[name] = value
	case name == "times":
		if s.times, err = strconv.Atoi(value.Value); err != nil || s.times < 1 || s.times > mostTimed {
			s.fail(value, "", "times must be a number from 1 to %d", mostTimed)
			s.times = 1
		}
	case name == "every":
		s.every = s.span(value)
	case name == "fires":
		if value.Tag != "!!bool" || value.Decode(&s.result.fires) != nil {
			s.fail(value, "", "fires must be true or false")
		}
	case name == "rule":
		if s.result.rule = value.Value; value.Kind != yaml.ScalarNode || s.result.rule == "" {
			s.fail(value, "", "rule must be a text")
		}
	default:
		s.unknown(key, "a step", stepMembers())
	}
}

// span reads a length of time, such as 90s, 1h30m or 2d.
func (s *stepDraft) span(n *yaml.Node) time.Duration {
	text := n.Value
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if v, err := strconv.Atoi(days); err == nil && v >= 0 && v <= 3650 {
			return time.Duration(v) * 24 * time.Hour
		}
	}
	v, err := time.ParseDuration(text)
	if err != nil || v < 0 {
		s.fail(n, "", "%q is no length of time; write one such as 90s, 1h30m or 2d", text)
	}
	return v
}

// finish makes the events of a step. made is how many events the steps before have.
func (s *stepDraft) finish(base event, made int) {
	switch {
	case s.event != nil && s.like != nil:
		s.fail(s.node, "", "%s: must have one of event and like, or none", s.name)
		return
	case s.event != nil:
		s.inline()
	case s.like != nil:
		s.copy()
	default:
		s.events = []event{base}
	}
	if len(s.events) != 1 {
		if s.like != nil && len(s.events) > 1 {
			s.fail(s.like, "", "%s: %q has several events", s.name, s.like.Value)
		}
		return
	}
	if s.each != nil && !s.eachFits() {
		return
	}
	start, ok := s.start()
	if !ok {
		return
	}
	base = s.events[0]
	s.events = nil
	var times []time.Time
	for i := range s.times {
		at := start.Add(time.Duration(i) * s.every)
		times = append(times, at)
		if e, ok := s.stamped(base, at, made+i+1); ok {
			s.events = append(s.events, e)
		}
	}
	s.change()
	s.changeEach()
	for i, e := range s.events {
		s.result.events = append(s.result.events, timedEvent{e, times[i]})
	}
}

// start works out the time of the first event.
func (s *stepDraft) start() (at time.Time, ok bool) {
	switch {
	case s.on != nil && s.after != nil:
		s.fail(s.node, "", "%s: must have one of at and after", s.name)
	case s.on != nil:
		if at, ok = record.ParseTime(s.on.Value); !ok {
			s.fail(s.on, "", "%s: at must be a time, such as 2026-11-20T08:00:00Z", s.name)
		}
		return at, ok
	case s.after == nil && !s.first.IsZero():
		s.fail(s.node, "", "%s: must have after, the time since the first event, such as 90s, or at", s.name)
	default:
		at = s.first
		if at.IsZero() {
			at = s.own()
		}
		before := len(s.problems)
		if s.after != nil {
			at = at.Add(s.span(s.after))
		}
		return at, len(s.problems) == before
	}
	return at, false
}

// own is the time that the step's event has by itself, or some other.
func (s *stepDraft) own() time.Time {
	v, err := parseJSON(s.events[0].json)
	if err == nil {
		if i, rest := v.find("eventTime"); i >= 0 && rest == "" {
			text, err := strconv.Unquote(string(v.members[i].value.text))
			if at, ok := record.ParseTime(text); err == nil && ok {
				return at
			}
		}
	}
	return time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
}

// stamped returns e at a time, with an eventID of its own.
func (s *stepDraft) stamped(e event, at time.Time, number int) (event, bool) {
	v, err := parseJSON(e.json)
	if err != nil {
		s.fail(s.node, "", "%s: %v", s.name, err)
		return e, false
	}
	for _, name := range []string{"eventName", "eventSource"} {
		if i, _ := v.find(name); i < 0 {
			s.fail(s.node, "", "%s: the event of a step must be a CloudTrail record itself, with eventName and eventSource at the top", s.name)
			return e, false
		}
	}
	for path, text := range map[string]string{"eventTime": at.UTC().Format(time.RFC3339Nano), "eventID": fmt.Sprintf("00000000-0000-4000-8000-%012d", number)} {
		if err := v.set(path, &node{text: record.AppendJSON(nil, text)}, ""); err != nil {
			s.fail(s.node, "", "%s: %v", s.name, err)
			return e, false
		}
	}
	e.json = v.append(nil)
	return e, true
}

// eachFits reads how many events each makes.
func (s *stepDraft) eachFits() bool {
	before := len(s.problems)
	if s.each.Kind != yaml.MappingNode || len(s.each.Content) == 0 {
		s.fail(s.each, "", "%s: each must be a map of paths and lists of values, one for each event", s.name)
		return false
	}
	if s.times != 1 {
		s.fail(s.each, "", "%s: each says how many events there are; leave times out", s.name)
	}
	many := 0
	s.members(s.each, func(key, value *yaml.Node) {
		switch {
		case value.Kind != yaml.SequenceNode || len(value.Content) == 0:
			s.fail(value, "", "%s: must be a list of values, one for each event", key.Value)
		case many != 0 && many != len(value.Content):
			s.fail(value, "", "%s: has %d values, the list before has %d", key.Value, len(value.Content), many)
		default:
			many = len(value.Content)
		}
	})
	s.times = max(1, many)
	return len(s.problems) == before
}

// changeEach carries each out.
func (s *stepDraft) changeEach() {
	for _, key := range slices.Concat(keysOf(s.set), keysOf(s.each), s.removed()) {
		if key.Value == "eventTime" {
			s.fail(key, "", "%s: after, or at, says when the events are", s.name)
		}
	}
	if s.each == nil {
		return
	}
	s.members(s.each, func(key, value *yaml.Node) {
		for i := range s.events {
			e := &s.events[i]
			v, err := parseJSON(e.json)
			if err == nil {
				err = setJSON(v, key.Value, s.json(nil, value.Content[i]))
			}
			if err != nil {
				s.fail(key, "", "%s: %v", s.name, err)
				return
			}
			e.json = v.append(nil)
		}
	})
}

func keysOf(n *yaml.Node) (keys []*yaml.Node) {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		keys = append(keys, n.Content[i])
	}
	return keys
}

func (s *stepDraft) removed() []*yaml.Node {
	switch {
	case s.remove == nil:
		return nil
	case s.remove.Kind == yaml.SequenceNode:
		return s.remove.Content
	}
	return []*yaml.Node{s.remove}
}
