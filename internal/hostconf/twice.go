package hostconf

import (
	"fmt"
	"strings"
)

// twice looks for records that pass sigma as a processor and as a filter, with one key.
func (k *checker) twice() {
	number := make(map[string]int) // of inputs by plugin: a part of their tags where none is set
	for i := range k.inputs {
		in := &k.inputs[i]
		name, _ := k.text(in, "name")
		tag, set := k.text(in, "tag")
		if !set {
			tag = fmt.Sprintf("%s.%d", name, number[name])
		}
		number[name]++
		if tag == "" || len(in.routed) > 0 { // routes give other tags
			continue
		}
		tag = strings.ReplaceAll(tag, "*", "x") // the path of a file
		var first *instance
		for j := range k.own {
			s := &k.own[j]
			if !s.known || !k.sees(s, in, tag) {
				continue
			}
			if first == nil {
				first = s
			} else if first.key == s.key && first.where() != s.where() {
				k.warn(s.Position, JudgedTwice, "leave one of them out, or give them different keys",
					"records of the input in line %d have passed %s already, as %s in line %d", in.Line, pluginName, first.where(), first.Line)
			}
		}
	}
}

// where says what an instance is.
func (i *instance) where() string {
	switch {
	case i.kind == filter:
		return "a filter"
	case i.kind == output:
		return "an output"
	case i.of == input:
		return "a processor of it"
	default:
		return "a processor of an output"
	}
}

// sees reports whether records of the input pass the instance.
func (k *checker) sees(s *instance, in *section, tag string) bool {
	switch {
	case s.kind == filter, s.kind == output:
		return k.matches(s.section, tag)
	case s.of == input:
		return holds(in, s.section)
	}
	for i := range k.outputs {
		if holds(&k.outputs[i], s.section) {
			return k.matches(&k.outputs[i], tag)
		}
	}
	return false
}

func holds(owner, one *section) bool {
	for i := range owner.processors {
		if &owner.processors[i] == one {
			return true
		}
	}
	return false
}

// text returns what a property says, and whether it is there and known.
func (k *checker) text(s *section, name string) (text string, set bool) {
	p := s.get(name)
	if p == nil || len(p.values) == 0 {
		return "", false
	}
	text, unset := k.env.expand(p.values[0].text)
	if len(unset) > 0 {
		return "", true
	}
	return text, true
}

// matches reports whether the section's match fits the tag. What match_regex says is not known here.
func (k *checker) matches(s *section, tag string) bool {
	match, set := k.text(s, "match")
	return set && match != "" && fits(match, tag)
}

// fits compares a tag with a match, in which * stands for any text (flb_router.c, router_match).
func fits(match, tag string) bool {
	head, rest, star := strings.Cut(match, "*")
	if !star {
		return match == tag
	}
	tag, ok := strings.CutPrefix(tag, head)
	if !ok {
		return false
	}
	if strings.Trim(rest, "*") == "" {
		return true
	}
	for i := range tag {
		if fits(rest, tag[i:]) {
			return true
		}
	}
	return false
}
