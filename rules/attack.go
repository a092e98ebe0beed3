package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sigmatrail/attack"
)

// attackForm is what numbered tags of the namespace attack look like: techniques, groups, software and so on.
var attackForm = regexp.MustCompile(`^(t[0-9]{4}(\.[0-9]{3})?|(g|s|ds|m|a|c)[0-9]{4})$`)

// industrial are the tactics that only ATT&CK's matrix for industrial systems has. Package attack knows the enterprise matrix alone.
func industrial() []string {
	return []string{"evasion", "inhibit-response-function", "impair-process-control"}
}

// isTactic reports whether ATT&CK has or had a tactic of that name, which may be spelled with _ for -.
func isTactic(name string) bool {
	name = hyphened(name)
	t, ok := attack.LookupTactic(name)
	return ok && t.Shortname == name || slices.Contains(industrial(), name)
}

// wrongAttack says what is wrong with a tag of the namespace attack, or returns "". Names of tactics that ATT&CK has renamed are sound: the
// specification has them still, and where a tactic was divided it takes a human being to say which of the new ones is meant.
func wrongAttack(name string) (code Code, message, hint string) {
	switch {
	case isTactic(name):
		return BadTag, "", ""
	case attackForm.MatchString(name):
		return wrongTechnique(name)
	}
	if t, ok := attack.LookupTactic(name); ok {
		return BadTag, fmt.Sprintf("the namespace attack has tactics by name and not by id: %q", name), "write attack." + t.Shortname
	}
	names := industrial()
	for t := range attack.Tactics() {
		names = append(names, t.Shortname)
	}
	return noSuchTag("attack", name, names, "attack.t1078.004 or attack.persistence")
}

// wrongTechnique says so if ATT&CK never had a technique of that id. One that it has replaced or given up is sound: it was right when the rule was
// written. Those of the matrix for industrial systems (T0…) are known by their form, and so is what may be younger than the data.
func wrongTechnique(name string) (code Code, message, hint string) {
	if name[0] != 't' || strings.HasPrefix(name, "t0") {
		return BadTag, "", ""
	}
	t, known := attack.LookupTechnique(name)
	if known || attack.MaybeLater(name) {
		return BadTag, "", ""
	}
	return UnknownTechnique, fmt.Sprintf("the enterprise matrix of ATT&CK %s has no technique %s", attack.Version(), t.ID), proposal(t.ID)
}

// proposal says what may be meant by an id that is none: what its parent has, or what is spelled much like it.
func proposal(id string) string {
	parent, _, sub := strings.Cut(id, ".")
	if p, known := attack.LookupTechnique(parent); sub && known {
		return subTechniques(p)
	}
	switch near := closest(id); len(near) {
	case 0:
		return "look it up on https://attack.mitre.org/techniques/enterprise/"
	case 1:
		return fmt.Sprintf("did you mean attack.%s?", strings.ToLower(near[0]))
	default:
		return "did you mean one of " + strings.Join(near, ", ") + "?"
	}
}

// subTechniques says which sub-techniques p has.
func subTechniques(p attack.Technique) string {
	if p.RevokedBy != "" {
		by, _ := attack.LookupTechnique(p.RevokedBy)
		return fmt.Sprintf("ATT&CK has replaced %s by %s", p.ID, called(by))
	}
	var first, last string
	for t := range attack.Techniques() {
		if t.ParentID == p.ID && t.RevokedBy == "" && !t.Deprecated {
			last = t.ID
			if first == "" {
				first = t.ID
			}
		}
	}
	switch first {
	case "":
		return fmt.Sprintf("%s has no sub-techniques: write attack.%s", called(p), strings.ToLower(p.ID))
	case last:
		return fmt.Sprintf("%s has %s alone", called(p), last)
	}
	return fmt.Sprintf("%s has %s to %s", called(p), first, last)
}

// closest returns the ids of the techniques that are one edit away from id. Where more than three are, none is meant.
func closest(id string) []string {
	var near []string
	for t := range attack.Techniques() {
		if t.RevokedBy == "" && !t.Deprecated && editDistance(id, t.ID) == 1 {
			near = append(near, t.ID)
		}
	}
	if len(near) > 3 {
		return nil
	}
	return near
}

// called returns a technique's id and its name as ATT&CK writes it.
func called(t attack.Technique) string {
	if t.ParentName != "" {
		return fmt.Sprintf("%s (%s: %s)", t.ID, t.ParentName, t.Name)
	}
	return fmt.Sprintf("%s (%s)", t.ID, t.Name)
}
