package rules

import (
	"fmt"
	"slices"
	"strings"
)

// detection reads the search identifiers, then the conditions over them (sigma-rules-specification.md, "Detection").
func (p *parser) detection() {
	switch n := p.doc.get("detection"); {
	case n == nil: // said already
	case n.kind != mapNode:
		p.err(n.place, WrongType, "detection must be a map of search identifiers and a condition")
	default:
		p.searches(n)
	}
}

// searches reads the members of a detection, or of a filter.
func (p *parser) searches(n *node) {
	for _, m := range n.pairs {
		// A time belongs to the old aggregations; without one it means nothing.
		if m.key.text != "condition" && !isWindow(m.key, m.value) {
			p.rule.Searches = append(p.rule.Searches, p.search(m.key, m.value))
		}
	}
	p.timeframe(n)
	c := n.get("condition")
	if c == nil && p.doc.get("condition") != nil {
		return // told with that
	}
	if c == nil {
		hint := "add one"
		if len(p.rule.Searches) > 0 {
			hint = "condition: " + p.rule.Searches[0].Name
		}
		p.errHint(n.place, MissingField, hint, "there is no condition")
		return
	}
	p.conditions(c, window(n))
}

// isWindow reports whether a member is the time in which an old aggregation counted; some write it with the name that correlations have for it.
func isWindow(key, value *node) bool {
	return key.text == "timeframe" || (key.text == "timespan" && value.kind == scalarNode)
}

// window returns the time that a detection has, or the top of a document, or "".
func window(n *node) string {
	for _, m := range n.pairs {
		if isWindow(m.key, m.value) {
			return m.value.text
		}
	}
	return ""
}

// timeframe refuses what belonged to the old aggregations: on a plain condition it would silently mean nothing, where its author wanted events
// close to each other. Beside an aggregation it is answered there.
func (p *parser) timeframe(n *node) {
	c := n.get("condition")
	i := slices.IndexFunc(n.pairs, func(m pair) bool { return isWindow(m.key, m.value) })
	if i < 0 || (c != nil && c.kind == scalarNode && (&conditionParser{text: c.text, tokens: tokenize(c.text)}).aggregation() != nil) {
		return
	}
	t := n.pairs[i].value
	names := make([]string, 0, len(p.rule.Searches))
	for _, s := range p.rule.Searches {
		names = append(names, "a rule with "+s.Name)
	}
	p.errHint(t.place, ConditionTimeframe, fmt.Sprintf("make rules of their own of the search identifiers, and correlate them:\n---\ntitle: What it finds\ncorrelation:\n  type: temporal\n  rules: [%s]\n"+
		"  group-by: [userIdentity.arn]\n  timespan: %s", strings.Join(names, ", "), t.text), "%s is no part of a detection: a condition is about one event", n.pairs[i].key.text)
}

// conditions reads one condition, or a list of them, which are alternatives.
func (p *parser) conditions(n *node, window string) {
	list := []*node{n}
	if n.kind == listNode {
		list = n.items
	}
	if len(list) == 0 {
		p.err(n.place, ConditionSyntax, "the list of conditions is empty")
	}
	for _, c := range list {
		if c.kind != scalarNode || c.tag == "!!null" {
			p.err(c.place, WrongType, "a condition must be a text")
			continue
		}
		p.condition(c, window)
	}
	// The documents of a collection share what not all of them use.
	if len(list) > 0 && len(p.rule.Conditions) == len(list) && !p.rule.Collected {
		p.unused()
	}
}

// unused warns of search identifiers that no condition names: most often a filter that was forgotten, or a typing mistake in a pattern.
func (p *parser) unused() {
	used := make(map[*Search]bool)
	for _, c := range p.rule.Conditions {
		use(c, used)
	}
	for _, s := range p.rule.Searches {
		if !used[s] {
			p.warn(place{s.Line, s.Column}, UnusedSearch, "the condition does not name the search identifier %q", s.Name)
		}
	}
}

// use marks the searches that a condition names.
func use(c Condition, used map[*Search]bool) {
	switch c := c.(type) {
	case And:
		for _, t := range c.Terms {
			use(t, used)
		}
	case Or:
		for _, t := range c.Terms {
			use(t, used)
		}
	case Not:
		use(c.Term, used)
	case Ref:
		used[c.Search] = true
	case Of:
		for _, s := range c.Searches {
			used[s] = true
		}
	}
}

func (p *parser) condition(n *node, window string) {
	cp := &conditionParser{text: n.text, tokens: tokenize(n.text), searches: p.rule.Searches, window: window, rule: p.rule.ID}
	c, upper, err := cp.parse()
	p.mistakes(n, cp)
	if err != nil {
		return
	}
	for _, t := range upper {
		p.warn(n.placeIn(p.report, t.offset), ConditionUpperCase, "%q should be written in lower case", t.text)
	}
	p.rule.Conditions = append(p.rule.Conditions, c)
}

// mistakes reports those of a condition.
func (p *parser) mistakes(n *node, cp *conditionParser) {
	for _, m := range cp.mistakes {
		p.errHint(n.placeIn(p.report, m.offset), m.code, m.hint, "%s", m.message)
	}
}

// search reads one search identifier: a map is one group, a list of maps one each, a list of plain values keywords.
func (p *parser) search(key, n *node) *Search {
	s := &Search{Position: p.position(key.place), Name: key.text}
	switch n.kind {
	case mapNode:
		s.Groups = p.group(s.Groups, key, n)
	case listNode:
		s.Groups = p.alternatives(key, n)
	default:
		if n.tag == "!!null" {
			p.err(key.place, EmptySelection, "the search identifier %q is empty", key.text)
			break
		}
		s.Groups = p.keywords(s.Groups, n, []*node{n})
	}
	return s
}

// alternatives reads a list: each map in it is a group, and the plain values together are one group of keywords.
func (p *parser) alternatives(key, n *node) []Group {
	if len(n.items) == 0 {
		p.err(key.place, EmptySelection, "the search identifier %q is empty", key.text)
	}
	var groups []Group
	var words []*node
	for _, item := range n.items {
		switch item.kind {
		case mapNode:
			groups = p.group(groups, key, item)
		case listNode:
			p.err(item.place, WrongType, "a list in a list means nothing here")
		default:
			words = append(words, item)
		}
	}
	return p.keywords(groups, n, words)
}

// keywords adds the group of values that are looked for in the whole record.
func (p *parser) keywords(groups []Group, at *node, words []*node) []Group {
	if len(words) == 0 {
		return groups
	}
	item := &Item{Position: p.position(at.place), Op: Contains}
	p.values(item, words)
	return append(groups, Group{Items: []*Item{item}})
}

func (p *parser) group(groups []Group, key, n *node) []Group {
	if len(n.pairs) == 0 {
		p.err(n.place, EmptySelection, "a map of %q is empty", key.text)
	}
	var g Group
	for _, m := range n.pairs {
		if item := p.item(m.key, m.value); item != nil {
			g.Items = append(g.Items, item)
		}
	}
	return append(groups, g)
}

// item reads field|modifier|…: values.
func (p *parser) item(key, n *node) *Item {
	parts := strings.Split(key.text, "|")
	item := &Item{Position: p.position(key.place), Field: parts[0], Modifiers: parts[1:]}
	if !p.field(key, item) || !p.modifiers(key, item) {
		return nil
	}
	item.Field = p.rename(key, item.Field)
	p.likelyField(key, item)
	values := []*node{n}
	if n.kind == listNode {
		values = n.items
	}
	if slices.Contains(item.Modifiers, "expand") {
		if values = p.expand(values); len(values) == 0 {
			return item
		}
	}
	switch {
	case n.kind == mapNode:
		p.errHint(n.place, WrongType, "write the inner field with a dot: "+innerField(item.Field, n), "the values of %q cannot be a map", item.Field)
	case len(values) == 0:
		p.err(n.place, EmptySelection, "the list of values is empty")
	case item.All && len(values) < 2:
		p.err(n.place, AllSingle, "all needs at least two values; leave it out for one")
	default:
		p.values(item, values)
		p.place(key, item)
	}
	return item
}

func innerField(field string, n *node) string {
	if len(n.pairs) == 0 {
		return field + ".NAME"
	}
	return field + "." + n.pairs[0].key.text
}

// field checks the name. Without one the item is about keywords.
func (p *parser) field(key *node, item *Item) bool {
	switch {
	case item.Field == "" && len(item.Modifiers) > 0:
		return true
	case strings.TrimSpace(item.Field) != item.Field || item.Field == "":
		p.err(key.place, BadField, "the field name %q is empty or has spaces around it", item.Field)
		return false
	case strings.ContainsAny(item.Field, "*?"):
		outer := strings.TrimRight(strings.TrimRight(item.Field, "*?"), ".")
		p.errHint(key.place, BadField, fmt.Sprintf("to look for a text anywhere inside write %s|contains", outer),
			"the field name %q has a wildcard; fields are named exactly", item.Field)
		return false
	}
	return true
}
