package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Parse reads all documents of one file of rules. file stands for it in positions. It returns every rule without an error, and all problems
// of all documents, sorted by place. It never panics and keeps nothing of src but copies.
func Parse(file string, src []byte, o Options) ([]*Rule, Problems) {
	f := parseFile(file, src, o)
	return f.rules, f.problems
}

// parsed is what one file holds.
type parsed struct {
	rules   []*Rule
	filters []*Filter

	correlations []*Correlation
	problems     Problems
	rejected     int // documents
}

func parseFile(file string, src []byte, o Options) (f parsed) {
	r := newReport(file, src)
	var c collection
	for _, doc := range readYAML(src, r) {
		before := r.errors
		var one any
		if doc.root != nil {
			one = parseDocument(doc.root, &c, r, o)
		}
		if doc.broken || r.errors > before {
			f.rejected++
			continue
		}
		switch one := one.(type) {
		case *Rule:
			f.rules = append(f.rules, one)
		case *Filter:
			f.filters = append(f.filters, one)
		case *Correlation:
			f.correlations = append(f.correlations, one)
		}
	}
	r.problems.sort()
	f.problems = r.problems
	return f
}

// parser reads one document.
type parser struct {
	*report

	options Options
	doc     *node
	rule    *Rule
	fields  map[string]string // CloudTrail's names of those of the rule's taxonomy; nil: the rule uses CloudTrail's
}

// parseDocument returns the *Rule, *Filter or *Correlation that a document makes, or nil.
func parseDocument(doc *node, c *collection, r *report, o Options) any {
	if doc.kind == scalarNode && doc.tag == "!!null" {
		return nil // an empty document, as behind a last ---
	}
	if doc.kind != mapNode {
		r.err(doc.place, NotARule, "a rule must be a map")
		return nil
	}
	doc, merged := c.next(doc, r)
	if doc == nil {
		return nil
	}
	p := &parser{report: r, options: o, doc: doc, rule: &Rule{Position: r.position(doc.place), Collected: merged}}
	switch {
	case doc.get("detection") != nil:
	case doc.get("filter") != nil:
		return p.filter()
	case doc.get("correlation") != nil:
		return p.correlation()
	}
	p.attributes()
	p.logSource()
	p.level()
	p.status()
	p.taxonomy()
	p.id()
	p.detection()
	return p.rule
}

// attributes reads what is kept as it is.
func (p *parser) attributes() {
	for key, field := range map[string]*string{
		"title": &p.rule.Title, "id": &p.rule.ID, "name": &p.rule.Name, "description": &p.rule.Description, "author": &p.rule.Author,
		"license": &p.rule.License, "date": &p.rule.Date, "modified": &p.rule.Modified, "taxonomy": &p.rule.Taxonomy,
	} {
		*field = p.text(p.doc, key)
	}
	p.rule.Tags = p.texts("tags")
	p.rule.References = p.texts("references")
	p.rule.FalsePositives = p.texts("falsepositives")
	p.rule.Fields = p.texts("fields")
	p.rule.Scope = p.texts("scope")
	p.related()
	p.custom()
	p.date("date", p.rule.Date)
	p.date("modified", p.rule.Modified)
	if p.rule.Title == "" {
		p.err(p.doc.place, MissingField, "the rule has no title")
	}
}

// known are the attributes of a rule (sigma-rules-specification.md, "Components").
func known() []string {
	return []string{
		"title", "id", "name", "related", "taxonomy", "status", "description", "license", "author", "references", "date", "modified", "logsource",
		"detection", "fields", "falsepositives", "level", "tags", "scope", "correlation", "generate",
	}
}

// custom notes the attributes that Sigma does not have; one that looks like one of Sigma's is most often a typing mistake.
func (p *parser) custom() {
	for _, m := range p.doc.pairs {
		name := m.key.text
		if slices.Contains(known(), name) {
			continue
		}
		p.rule.Custom = append(p.rule.Custom, name)
		if best := nearest(strings.ToLower(name), known()); best != "" {
			p.add(Warning, m.key.place, UnknownAttribute, fmt.Sprintf("did you mean %q?", best), "Sigma has no attribute %q; it is taken for one of your own", name)
		}
	}
}

// related reads the ids of related rules: a list of maps of id and type.
func (p *parser) related() {
	n := p.doc.get("related")
	if n == nil || n.tag == "!!null" {
		return
	}
	for _, item := range n.items {
		if id := item.get("id"); item.kind == mapNode && id != nil && item.get("type") != nil {
			p.rule.Related = append(p.rule.Related, id.text)
			continue
		}
		p.warn(item.place, WrongType, "related must be a list of maps with id and type")
	}
	if n.kind != listNode {
		p.warn(n.place, WrongType, "related must be a list of maps with id and type")
	}
}

// date warns of a date that is none.
func (p *parser) date(key, text string) {
	if text == "" {
		return
	}
	for _, layout := range []string{"2006-01-02", "2006/01/02"} { // the second was the form before Sigma 2
		if _, err := time.Parse(layout, text); err == nil {
			return
		}
	}
	p.warn(p.doc.get(key).place, BadDate, "%q is no date such as 2026-11-24", text)
}

// text returns the scalar under key, trimmed, or "".
func (p *parser) text(m *node, key string) string {
	n := m.get(key)
	switch {
	case n == nil || n.tag == "!!null":
		return ""
	case n.kind != scalarNode:
		p.err(n.place, WrongType, "%s must be a text", key)
		return ""
	}
	return strings.TrimSpace(n.text)
}

// texts returns the list of scalars under key. A single scalar counts as a list of one, as many old rules write it.
func (p *parser) texts(key string) []string {
	n := p.doc.get(key)
	switch {
	case n == nil || n.tag == "!!null":
		return nil
	case n.kind == scalarNode:
		return []string{strings.TrimSpace(n.text)}
	case n.kind == mapNode:
		p.err(n.place, WrongType, "%s must be a list of texts", key)
		return nil
	}
	var list []string
	for _, item := range n.items {
		if item.kind != scalarNode {
			p.err(item.place, WrongType, "%s must be a list of texts", key)
			continue
		}
		list = append(list, strings.TrimSpace(item.text))
	}
	return list
}

func (p *parser) logSource() {
	n := p.doc.get("logsource")
	if n == nil {
		p.err(p.doc.place, MissingField, "the rule has no logsource; for CloudTrail it is product: aws, service: cloudtrail")
		return
	}
	if n.kind != mapNode {
		p.err(n.place, WrongType, "logsource must be a map with category, product or service")
		return
	}
	p.rule.LogSource = LogSource{
		Category: p.text(n, "category"), Product: p.text(n, "product"), Service: p.text(n, "service"), Definition: p.text(n, "definition"),
	}
}

func (p *parser) level() {
	p.rule.Level = Medium
	text := p.text(p.doc, "level")
	if text == "" {
		p.warn(p.doc.place, NoLevel, "the rule has no level; it counts as medium")
		return
	}
	level, ok := ParseLevel(text)
	if !ok {
		p.errHint(p.doc.get("level").place, BadLevel, "use one of "+strings.Join(levelNames(), ", "), "%q is no level", text)
	}
	p.rule.Level = level
}

func (p *parser) status() {
	known := []string{"stable", "test", "experimental", "deprecated", "unsupported"}
	p.rule.Status = strings.ToLower(p.text(p.doc, "status"))
	if p.rule.Status != "" && !slices.Contains(known, p.rule.Status) {
		p.errHint(p.doc.get("status").place, BadStatus, "use one of "+strings.Join(known, ", "), "%q is no status", p.rule.Status)
	}
}

func (p *parser) id() {
	if id := p.rule.ID; id != "" && !isUUID(id) {
		p.warn(p.doc.get("id").place, IDNotUUID, "the id %q is no UUID", id)
	}
}

func isUUID(text string) bool {
	return regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`).MatchString(text)
}
