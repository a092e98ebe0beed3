package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// namespace is what the tags of one namespace can be (sigma-appendix-tags.md): names, or what form has. That of ATT&CK is in attack.go.
type namespace struct {
	names []string
	form  *regexp.Regexp
	like  string // an example
}

var (
	// A tag's form is that of the specification's schema, in lower case but for the artifacts of D3FEND.
	tagForm    = regexp.MustCompile(`^[a-z0-9_-]+\.[a-z0-9._-]+$|^d3fend\.d3f-[A-Za-z0-9]+$`)
	carForm    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{3}$`)
	cveForm    = regexp.MustCompile(`^[0-9]{4}[.-][0-9]{4,}$`)
	d3fendForm = regexp.MustCompile(`^(d3-[a-z0-9-]+|d3f-[A-Za-z0-9]+)$`)
	robustness = regexp.MustCompile(`^[1-5][auk]?$`)
)

func namespaces() []string {
	return []string{"attack", "car", "cve", "d3fend", "detection", "stp", "tlp"}
}

// namespaceOf returns what the tags of a namespace can be.
func namespaceOf(name string) (n namespace, ok bool) {
	switch name {
	case "car":
		return namespace{nil, carForm, "car.2016-04-005"}, true
	case "cve":
		return namespace{nil, cveForm, "cve.2021-44228"}, true
	case "d3fend":
		return namespace{[]string{"model", "harden", "detect", "isolate", "deceive", "evict"}, d3fendForm, "d3fend.d3-am"}, true
	case "detection":
		return namespace{[]string{"dfir", "emerging-threats", "threat-hunting"}, nil, "detection.threat-hunting"}, true
	case "stp":
		return namespace{nil, robustness, "stp.3k"}, true
	case "tlp":
		return namespace{[]string{"red", "amber", "amber-strict", "green", "clear", "white"}, nil, "tlp.amber"}, true
	}
	return n, false
}

// tags warns of those that mean nothing: hits carry them, and somebody may route on them.
func (p *parser) tags() {
	n := p.doc.get("tags")
	if n == nil || n.kind != listNode {
		return
	}
	for _, item := range n.items {
		if text := strings.TrimSpace(item.text); item.kind == scalarNode && item.tag != "!!null" {
			if code, message, hint := wrongTag(text); message != "" {
				p.add(Warning, item.place, code, hint, "%s", message)
			}
		}
	}
}

// wrongTag says what is wrong with a tag, and proposes another, or returns "".
func wrongTag(tag string) (code Code, message, hint string) {
	space, name, dotted := strings.Cut(tag, ".")
	lower := strings.ToLower(tag)
	switch {
	case !tagForm.MatchString(tag) && tagForm.MatchString(lower):
		return BadTag, fmt.Sprintf("tags are written in lower case: %q", tag), "write " + lower
	case !dotted && isTactic(lower), attackForm.MatchString(lower):
		return BadTag, fmt.Sprintf("the tag %q has no namespace", tag), "write attack." + lower
	case !tagForm.MatchString(tag):
		return BadTag, fmt.Sprintf("%q is no tag: a tag is namespace.name in lower case, without spaces", tag), "write it like attack.t1078.004"
	case space == "attack":
		return wrongAttack(name)
	}
	s, ok := namespaceOf(space)
	if !ok {
		hint = "it has " + strings.Join(namespaces(), ", ")
		if best := nearest(space, namespaces()); best != "" {
			hint = fmt.Sprintf("did you mean %q?", best+"."+name)
		}
		return BadTag, fmt.Sprintf("Sigma has no namespace %q for tags", space), hint
	}
	if slices.Contains(s.names, hyphened(name)) || (s.form != nil && s.form.MatchString(name)) {
		return BadTag, "", ""
	}
	return noSuchTag(space, name, s.names, s.like)
}

// noSuchTag proposes one of names, or shows what the tags of the namespace are like.
func noSuchTag(space, name string, names []string, like string) (code Code, message, hint string) {
	hint = "write it like " + like
	if best := nearest(hyphened(name), names); best != "" {
		hint = fmt.Sprintf("did you mean %q?", space+"."+best)
	}
	return BadTag, fmt.Sprintf("the namespace %s has no tag %q", space, name), hint
}

// hyphened returns a name as it is spelled today: tags may have _ for -.
func hyphened(name string) string { return strings.ReplaceAll(name, "_", "-") }
