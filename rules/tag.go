package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// tactics are those of ATT&CK: the present ones, those that it had before (defense-evasion became stealth and defense-impairment), and those of its
// matrix for industrial systems. Tags may have _ for -.
func tactics() []string {
	return []string{
		"reconnaissance", "resource-development", "initial-access", "execution", "persistence", "privilege-escalation", "stealth", "defense-impairment",
		"defense-evasion", "credential-access", "discovery", "lateral-movement", "collection", "command-and-control", "exfiltration", "impact",
		"evasion", "inhibit-response-function", "impair-process-control",
	}
}

// namespace is what the tags of one namespace can be (sigma-appendix-tags.md): names, or what form has.
type namespace struct {
	names []string
	form  *regexp.Regexp
	like  string // an example
}

var (
	// A tag's form is that of the specification's schema, in lower case but for the artifacts of D3FEND.
	tagForm    = regexp.MustCompile(`^[a-z0-9_-]+\.[a-z0-9._-]+$|^d3fend\.d3f-[A-Za-z0-9]+$`)
	attackForm = regexp.MustCompile(`^(t[0-9]{4}(\.[0-9]{3})?|(g|s|ds|m|a|c)[0-9]{4})$`)
	carForm    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{3}$`)
	cveForm    = regexp.MustCompile(`^[0-9]{4}[.-][0-9]{4,}$`)
	d3fendForm = regexp.MustCompile(`^(d3-[a-z0-9-]+|d3f-[A-Za-z0-9]+)$`)
	robustness = regexp.MustCompile(`^[1-5][auk]?$`)
)

// hyphened returns a name as ATT&CK spells it today.
func hyphened(name string) string { return strings.ReplaceAll(name, "_", "-") }

func namespaces() map[string]namespace {
	return map[string]namespace{
		"attack":    {tactics(), attackForm, "attack.t1078.004 or attack.persistence"},
		"car":       {nil, carForm, "car.2016-04-005"},
		"cve":       {nil, cveForm, "cve.2021-44228"},
		"d3fend":    {[]string{"model", "harden", "detect", "isolate", "deceive", "evict"}, d3fendForm, "d3fend.d3-am"},
		"detection": {[]string{"dfir", "emerging-threats", "threat-hunting"}, nil, "detection.threat-hunting"},
		"stp":       {nil, robustness, "stp.3k"},
		"tlp":       {[]string{"red", "amber", "amber-strict", "green", "clear", "white"}, nil, "tlp.amber"},
	}
}

// tags warns of those that mean nothing: hits carry them, and somebody may route on them.
func (p *parser) tags() {
	n := p.doc.get("tags")
	if n == nil || n.kind != listNode {
		return
	}
	for _, item := range n.items {
		if text := strings.TrimSpace(item.text); item.kind == scalarNode && item.tag != "!!null" {
			if message, hint := wrongTag(text); message != "" {
				p.add(Warning, item.place, BadTag, hint, "%s", message)
			}
		}
	}
}

// wrongTag says what is wrong with a tag, and proposes another, or returns "".
func wrongTag(tag string) (message, hint string) {
	known := namespaces()
	space, name, dotted := strings.Cut(tag, ".")
	lower := strings.ToLower(tag)
	switch {
	case !tagForm.MatchString(tag) && tagForm.MatchString(lower):
		return fmt.Sprintf("tags are written in lower case: %q", tag), "write " + lower
	case !dotted && slices.Contains(tactics(), hyphened(lower)), attackForm.MatchString(lower):
		return fmt.Sprintf("the tag %q has no namespace", tag), "write attack." + lower
	case !tagForm.MatchString(tag):
		return fmt.Sprintf("%q is no tag: a tag is namespace.name in lower case, without spaces", tag), "write it like attack.t1078.004"
	}
	s, ok := known[space]
	if !ok {
		var names []string
		for name := range known {
			names = append(names, name)
		}
		slices.Sort(names)
		if best := nearest(space, names); best != "" {
			return fmt.Sprintf("Sigma has no namespace %q for tags", space), fmt.Sprintf("did you mean %q?", best+"."+name)
		}
		return fmt.Sprintf("Sigma has no namespace %q for tags", space), "it has " + strings.Join(names, ", ")
	}
	if slices.Contains(s.names, hyphened(name)) || (s.form != nil && s.form.MatchString(name)) {
		return "", ""
	}
	if best := nearest(hyphened(name), s.names); best != "" {
		return fmt.Sprintf("the namespace %s has no tag %q", space, name), fmt.Sprintf("did you mean %q?", space+"."+best)
	}
	return fmt.Sprintf("the namespace %s has no tag %q", space, name), "write it like " + s.like
}
