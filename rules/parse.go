package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
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
	// unsound are correlations with an error, and lost the ids, names and titles of what was rejected, so that references are checked all the same.
	unsound []*Correlation
	lost    []string
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
			f.lose(doc.root, one)
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
	r.problems.Sort()
	f.problems = r.problems
	return f
}

// lose notes what a rejected document would have been called.
func (f *parsed) lose(root *node, one any) {
	if c, ok := one.(*Correlation); ok {
		f.unsound = append(f.unsound, c)
	}
	if root == nil {
		return
	}
	for _, key := range []string{"id", "name", "title"} {
		if n := root.get(key); n != nil && n.kind == scalarNode && n.text != "" {
			f.lost = append(f.lost, strings.ToLower(strings.TrimSpace(n.text)))
		}
	}
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
	p.missing("rule", "title", "logsource", "detection")
	p.attributes()
	p.logSource()
	if !p.rule.AppliesToCloudTrail() {
		p.rule.Custom = nil // nobody asks rules for them that do not run, and there are thousands of those
	}
	p.level()
	p.status()
	p.taxonomy()
	p.id()
	p.detection()
	return p.rule
}

// isFragment reports whether the document is a part of a rule, as people paste it.
func (p *parser) isFragment() bool { return p.doc.get("title") == nil && p.doc.get("logsource") == nil }

// missing reports what a rule, correlation or filter must have and has not, all in one, with the lines to add.
func (p *parser) missing(what string, names ...string) {
	lines := map[string]string{
		"title": "title: What it finds", "logsource": "logsource:\n  product: aws\n  service: cloudtrail",
		"detection": "detection:\n  selection:\n    eventName: DeleteTrail\n  condition: selection",
	}
	var lacks, hint []string
	for _, name := range names {
		n := p.doc.get(name)
		if n == nil || n.tag == "!!null" || (name == "title" && n.kind == scalarNode && strings.TrimSpace(n.text) == "") {
			lacks, hint = append(lacks, "no "+name), append(hint, lines[name])
		}
	}
	if len(lacks) == 0 {
		return
	}
	if what == "rule" && p.isFragment() && p.doc.get("level") == nil {
		hint = append(hint, "level: medium")
	}
	list := lacks[len(lacks)-1]
	if len(lacks) > 1 {
		list = strings.Join(lacks[:len(lacks)-1], ", ") + " and " + list
	}
	p.errHint(p.doc.place, MissingField, "add to it, for example:\n"+strings.Join(hint, "\n"), "the %s has %s", what, list)
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
	p.tags()
	p.related()
	p.custom()
	p.date("date", p.rule.Date)
	p.date("modified", p.rule.Modified)
}

// known are the attributes of a rule (sigma-rules-specification.md, "Components").
func known() []string {
	return []string{
		"title", "id", "name", "related", "taxonomy", "status", "description", "license", "author", "references", "date", "modified", "logsource",
		"detection", "fields", "falsepositives", "level", "tags", "scope", "correlation", "generate", "filter",
	}
}

// custom keeps the attributes that Sigma does not have; one that looks like one of Sigma's is most often a typing mistake.
func (p *parser) custom() {
	for _, m := range p.doc.pairs {
		name := m.key.text
		if slices.Contains(known(), name) {
			continue
		}
		if p.misplaced(m) {
			continue
		}
		if value := m.value.attribute(); value != nil {
			p.rule.Custom = append(p.rule.Custom, Attribute{name, value})
		}
		if best := nearest(strings.ToLower(name), known()); best != "" {
			p.add(Warning, m.key.place, UnknownAttribute, fmt.Sprintf("did you mean %q?", best), "Sigma has no attribute %q; it is taken for one of your own", name)
		}
	}
}

// misplaced reports members that belong further in, where they would mean something; at the top they silently mean nothing.
func (p *parser) misplaced(m pair) bool {
	members := map[string][]string{"filter": {"rules", "condition"}, "correlation": correlationMembers()}
	for _, parent := range []string{"filter", "correlation"} {
		if p.doc.get(parent) == nil {
			continue
		}
		if !slices.Contains(members[parent], m.key.text) {
			return false
		}
		p.belongs(m.key, parent)
		return true
	}
	return p.outsideDetection(m)
}

func (p *parser) belongs(key *node, parent string) {
	p.errHint(key.place, Misplaced, "indent it below "+parent+":", "%q belongs under %s", key.text, parent)
}

// outsideDetection reports parts of a detection at the top of a rule.
func (p *parser) outsideDetection(m pair) bool {
	name := m.key.text
	switch {
	case name == "condition":
		if !p.oldAggregation(m.value) {
			p.belongs(m.key, "detection")
		}
	case isWindow(m.key, m.value) && p.doc.get("condition") != nil: // told with the condition
	case isWindow(m.key, m.value):
		p.errHint(m.key.place, Misplaced, "write a correlation rule:\ncorrelation:\n  type: temporal\n  rules: [ID of this rule, ID of the other rule]\n  timespan: "+m.value.text,
			"%q is a part of correlation rules: a rule is about one event", name)
	case looksLikeSearch(m.value) && (p.doc.get("detection") == nil || strings.HasPrefix(name, "selection") || strings.HasPrefix(name, "filter_")):
		condition := name
		if strings.HasPrefix(name, "filter") {
			condition = "selection and not " + name
		}
		p.errHint(m.key.place, Misplaced, fmt.Sprintf("detection:\n  %s: …\n  condition: %s", name, condition),
			"%q looks like a search identifier, which belongs under detection, and is named in the condition", name)
	default:
		return false
	}
	return true
}

// looksLikeSearch reports whether a value is a map of fields and values, or a list of such maps.
func looksLikeSearch(n *node) bool {
	if n.kind == listNode {
		return len(n.items) > 0 && !slices.ContainsFunc(n.items, func(item *node) bool { return item.kind != mapNode || !looksLikeSearch(item) })
	}
	return n.kind == mapNode && len(n.pairs) > 0 && !slices.ContainsFunc(n.pairs, func(m pair) bool { return m.value.kind == mapNode })
}

// oldAggregation reports an aggregation in a condition that stands outside of a detection.
func (p *parser) oldAggregation(n *node) bool {
	cp := &conditionParser{text: n.text, tokens: tokenize(n.text), window: window(p.doc), rule: p.rule.ID}
	found := cp.aggregation() != nil
	p.mistakes(n, cp)
	return found
}

// relatedTypes are the kinds of relations between rules (sigma-rules-specification.md, "Related Rules").
func relatedTypes() []string { return []string{"derived", "obsolete", "merged", "renamed", "similar"} }

// related reads the ids of related rules: a list of maps of id and type.
func (p *parser) related() {
	n := p.doc.get("related")
	if n == nil || n.tag == "!!null" {
		return
	}
	if n.kind != listNode {
		p.warn(n.place, WrongType, "related must be a list of maps with id and type")
	}
	for _, item := range n.items {
		id, kind := item.get("id"), item.get("type")
		if item.kind != mapNode || id == nil || kind == nil {
			p.warn(item.place, WrongType, "related must be a list of maps with id and type")
			continue
		}
		p.rule.Related = append(p.rule.Related, Relation{strings.TrimSpace(id.text), strings.TrimSpace(kind.text)})
		if !isUUID(strings.TrimSpace(id.text)) {
			p.warn(id.place, IDNotUUID, "the id %q is no UUID", id.text)
		}
		if !slices.Contains(relatedTypes(), kind.text) {
			hint := "use one of " + strings.Join(relatedTypes(), ", ")
			if best := nearest(strings.ToLower(kind.text), relatedTypes()); best != "" {
				hint = fmt.Sprintf("did you mean %q?", best)
			}
			p.add(Warning, kind.place, WrongType, hint, "rules are not related by %q", kind.text)
		}
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
	p.isText(key, n)
	text := strings.TrimSpace(n.text)
	if length := utf8.RuneCountInString(text); length > mostText && (key == "title" || key == "name") {
		p.warn(n.place, WrongType, "%s has %d characters; Sigma allows %d", key, length, mostText)
	}
	return text
}

// mostText is how many characters a title or a name may have (sigma-detection-rule-schema.json).
const mostText = 256

// isText warns of a number or boolean where a text belongs: other tools reject it.
func (p *parser) isText(key string, n *node) {
	if n.tag == "!!int" || n.tag == "!!float" || n.tag == "!!bool" {
		p.add(Warning, n.place, WrongType, fmt.Sprintf("write '%s'", n.text), "%s should be a text; without quotes YAML takes this for something else", key)
	}
}

// texts returns the list of scalars under key. A single scalar counts as a list of one, as many old rules write it.
func (p *parser) texts(key string) []string {
	n := p.doc.get(key)
	switch {
	case n == nil || n.tag == "!!null":
		return nil
	case n.kind == scalarNode:
		p.add(Warning, n.place, WrongType, "put - before it, on a line of its own", "%s must be a list of texts", key)
		return []string{strings.TrimSpace(n.text)}
	case n.kind == mapNode:
		p.err(n.place, WrongType, "%s must be a list of texts", key)
		return nil
	}
	list := make([]string, 0, len(n.items))
	for _, item := range n.items {
		text := strings.TrimSpace(item.text)
		switch {
		case item.kind != scalarNode:
			p.err(item.place, WrongType, "%s must be a list of texts", key)
			continue
		case text == "" || item.tag == "!!null":
			p.warn(item.place, WrongType, "%s has an empty text in its list", key)
			continue
		case slices.Contains(list, text):
			p.warn(item.place, DuplicateValue, "%q stands twice under %s", text, key)
			continue
		}
		p.isText(key, item)
		list = append(list, text)
	}
	return list
}

func (p *parser) logSource() {
	n := p.doc.get("logsource")
	if n == nil {
		return // said already
	}
	if n.kind != mapNode {
		p.err(n.place, WrongType, "logsource must be a map with category, product or service")
		return
	}
	p.rule.LogSource = LogSource{
		Category: p.text(n, "category"), Product: p.text(n, "product"), Service: p.text(n, "service"), Definition: p.text(n, "definition"),
	}
	p.likelySource(n)
}

// likelySource looks at log sources that are hardly meant: with them a rule is about other logs, and never runs.
func (p *parser) likelySource(n *node) {
	s, members := p.rule.LogSource, []string{"category", "product", "service", "definition"}
	for _, m := range n.pairs {
		if slices.Contains(members, m.key.text) {
			continue
		}
		if best := nearest(strings.ToLower(m.key.text), members); best != "" {
			p.add(Warning, m.key.place, UnknownAttribute, fmt.Sprintf("did you mean %q?", best), "a log source has no %q", m.key.text)
		}
	}
	if s.Category+s.Product+s.Service == "" {
		p.errHint(n.place, MissingField, "for CloudTrail write product: aws and service: cloudtrail", "the log source has no category, product or service")
		return
	}
	if service := strings.ToLower(s.Service); service != "cloudtrail" && (s.Product == "" || strings.EqualFold(s.Product, "aws")) && nearest(service, []string{"cloudtrail"}) != "" {
		p.add(Warning, n.get("service").place, SuspiciousValue, `did you mean "cloudtrail"?`, "with the service %q the rule is not about CloudTrail, and does not run", s.Service)
	}
}

func (p *parser) level() {
	p.rule.Level = Medium
	text := p.text(p.doc, "level")
	if text == "" && p.isFragment() {
		return // said already
	}
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

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func isUUID(text string) bool { return uuid.MatchString(text) }
