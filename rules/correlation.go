package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Correlation is a correlation rule (sigma-correlation-rules-specification.md).
type Correlation struct {
	// Rule has its attributes, and no detection: it is what hits write of the correlation.
	*Rule
	// HasLevel is false where the correlation has no level of its own; Load then gives it the highest of the rules that it refers to.
	HasLevel bool
	// Type is one of event_count, value_count, value_sum, value_avg, value_percentile, temporal and temporal_ordered. value_median is read as
	// value_percentile with the rank 50.
	Type string
	// Rules are the rules and correlations that it refers to, by id, name or title.
	Rules []Target
	// GroupBy are fields or aliases; events count together where all of them agree. Empty: one group.
	GroupBy  []string
	Aliases  []FieldAlias
	Timespan time.Duration
	// Bounds must all hold of the count or value; empty for temporal ones without a condition: all rules.
	Bounds []Bound
	// Fields are those whose values are counted or added up (value_…).
	Fields []string
	// Named is where each of the fields that group-by, aliases and condition name stands first.
	Named map[string]Position
	// Percentile is the rank of value_percentile, from 0 to 100.
	Percentile Decimal
	// Expression is the condition of a temporal one over its rules, where it is written as an expression.
	Expression Condition
	// Generate asks that the rules which it refers to go on to report by themselves.
	Generate bool
}

// Span writes a length of time as rules do: 90s, 5m, 2h, 1d.
func Span(d time.Duration) string {
	for _, unit := range []struct {
		name string
		d    time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}} {
		if d >= unit.d && d%unit.d == 0 {
			return strconv.Itoa(int(d/unit.d)) + unit.name
		}
	}
	return strconv.Itoa(int(d/time.Second)) + "s"
}

// FieldAlias is a name that stands for another field in the events of each rule.
type FieldAlias struct {
	Name   string
	Fields []AliasField
}

// AliasField is the field that an alias stands for in the events of one rule.
type AliasField struct{ Rule, Field string }

// Bound is a comparison of the count or value: gt, gte, lt, lte, eq or neq.
type Bound struct {
	Op     string
	Number Decimal
}

// How many rules the temporal types may have.
const (
	mostTemporal = 64
	mostOrdered  = 12
)

// correlationTypes are the types, and whether each needs a field.
func correlationTypes() map[string]bool {
	return map[string]bool{
		"event_count": false, "temporal": false, "temporal_ordered": false,
		"value_count": true, "value_sum": true, "value_avg": true, "value_percentile": true,
	}
}

// correlation reads a document with a correlation in it.
func (p *parser) correlation() *Correlation {
	p.missing("correlation", "title")
	p.attributes()
	p.status()
	p.taxonomy()
	p.id()
	c := &Correlation{Rule: p.rule}
	if c.HasLevel = p.text(p.doc, "level") != ""; c.HasLevel {
		p.level()
	}
	n := p.doc.get("correlation")
	if n.kind != mapNode {
		p.err(n.place, WrongType, "correlation must be a map")
		return c
	}
	p.noOtherMembers(n)
	p.correlationType(c, n)
	p.correlationRules(c, n)
	p.groupBy(c, n)
	p.aliases(c, n)
	p.timespan(c, n)
	p.correlationCondition(c, n)
	c.Generate = p.generates(n) || p.generates(p.doc)
	if why := c.Waits(); why != "" && n.get("condition") != nil {
		at := n.get("condition")
		p.warn(at.place, CorrelationWaits, "%s: it is judged when later events are there, and written on one of those", why)
	}
	return c
}

// Waits says why later events can make the condition false again, so that it is judged when they must have come, or returns "".
func (c *Correlation) Waits() string {
	switch c.Type {
	case "value_avg", "value_percentile":
		return "an average or a percentile can fall again"
	}
	if c.Expression != nil && negates(c.Expression) {
		return "a condition with not can become false again"
	}
	for _, b := range c.Bounds {
		if b.Op != "gt" && b.Op != "gte" {
			return "a condition with " + b.Op + " can become false again"
		}
	}
	return ""
}

// CountsRuns reports whether the condition asks how often other correlations fire, or adds up their numbers, where it refers to any. That can change with later
// events, as two runs of satisfied windows may turn out to be one: then it waits, too.
func (c *Correlation) CountsRuns() bool {
	return c.Type != "value_count" && !strings.HasPrefix(c.Type, "temporal")
}

// FieldsOf returns what fields are called in the events of r: an alias is what it stands for there.
func (c *Correlation) FieldsOf(r *Rule, fields []string) []string {
	list := slices.Clone(fields)
	for i, f := range list {
		for _, a := range c.Aliases {
			for _, of := range a.Fields {
				if a.Name == f && r.Called(of.Rule) {
					list[i] = of.Field
				}
			}
		}
	}
	return list
}

// correlationMembers are the members of a correlation.
func correlationMembers() []string {
	return []string{"type", "rules", "group-by", "aliases", "timespan", "condition", "generate"}
}

// noOtherMembers refuses members that a correlation does not have.
func (p *parser) noOtherMembers(n *node) {
	members := correlationMembers()
	for _, m := range n.pairs {
		if !slices.Contains(members, m.key.text) {
			hint := "it has " + strings.Join(members, ", ")
			if best := nearest(m.key.text, members); best != "" {
				hint = fmt.Sprintf("did you mean %q?", best)
			}
			p.errHint(m.key.place, BadCorrelation, hint, "a correlation has no %q", m.key.text)
		}
	}
}

func (p *parser) correlationType(c *Correlation, n *node) {
	c.Type = p.text(n, "type")
	if c.Type == "value_median" {
		c.Type, c.Percentile = "value_percentile", ParseDecimal("50")
	}
	if _, ok := correlationTypes()[c.Type]; ok {
		return
	}
	known := []string{"event_count", "value_count", "value_sum", "value_avg", "value_percentile", "temporal", "temporal_ordered"}
	if at := n.get("type"); at != nil {
		p.errHint(at.place, BadCorrelation, "use one of "+strings.Join(known, ", "), "%q is no type of correlation", c.Type)
	} else {
		p.errHint(n.place, BadCorrelation, "use one of "+strings.Join(known, ", "), "the correlation has no type")
	}
}

func (p *parser) correlationRules(c *Correlation, n *node) {
	for _, item := range p.scalars(n, "rules") {
		c.Rules = append(c.Rules, Target{Position: p.position(item.place), Name: item.text})
	}
	most := map[string]int{"temporal": mostTemporal, "temporal_ordered": mostOrdered}[c.Type]
	switch {
	case len(c.Rules) == 0:
		p.err(n.place, BadCorrelation, "the correlation refers to no rules; name their ids or names")
	case most > 0 && len(c.Rules) > most:
		p.err(n.get("rules").place, BadCorrelation, "a correlation of the type %s has %d rules at most, and this one %d; chain several", c.Type, most, len(c.Rules))
	}
}

func (p *parser) groupBy(c *Correlation, n *node) {
	for _, item := range p.scalars(n, "group-by") {
		c.GroupBy = append(c.GroupBy, p.fieldOrAlias(c, n, item))
	}
	if len(c.GroupBy) == 0 {
		p.warn(n.place, CorrelationUngrouped, "the correlation has no group-by: all events count together, whoever made them")
	}
}

// fieldOrAlias returns what item names: an alias of the correlation n, or else a field, by CloudTrail's name.
func (p *parser) fieldOrAlias(c *Correlation, n, item *node) string {
	if aliases := n.get("aliases"); aliases != nil && aliases.get(item.text) != nil {
		return item.text
	}
	return p.namedField(c, item)
}

// namedField returns the field that item names, by CloudTrail's name, and notes where.
func (p *parser) namedField(c *Correlation, item *node) string {
	field := p.rename(item, item.text)
	if _, known := c.Named[field]; !known {
		if c.Named == nil {
			c.Named = make(map[string]Position)
		}
		c.Named[field] = p.position(item.place)
	}
	return field
}

// scalars returns the texts under key: a list, or a single one.
func (p *parser) scalars(n *node, key string) []*node {
	list := n.get(key)
	if list == nil || list.tag == "!!null" {
		return nil
	}
	items := []*node{list}
	if list.kind == listNode {
		items = list.items
	}
	return slices.DeleteFunc(slices.Clone(items), func(item *node) bool {
		bad := item.kind != scalarNode || strings.TrimSpace(item.text) == ""
		if bad {
			p.err(item.place, WrongType, "%s must be a list of texts", key)
		}
		return bad
	})
}

func (p *parser) aliases(c *Correlation, n *node) {
	list := n.get("aliases")
	if list == nil {
		return
	}
	if list.kind != mapNode {
		p.err(list.place, WrongType, "aliases must be a map of names, each a map of rules and fields")
		return
	}
	for _, m := range list.pairs {
		a := FieldAlias{Name: m.key.text}
		for _, f := range m.value.pairs {
			a.Fields = append(a.Fields, AliasField{Rule: f.key.text, Field: p.namedField(c, f.value)})
		}
		if m.value.kind != mapNode || len(a.Fields) == 0 {
			p.err(m.value.place, WrongType, "the alias %q must be a map of rules and fields", a.Name)
		}
		if !slices.Contains(c.GroupBy, a.Name) && !p.counts(n, a.Name) {
			p.warn(m.key.place, CorrelationAlias, "nothing groups by the alias %q", a.Name)
		}
		c.Aliases = append(c.Aliases, a)
	}
}

// counts reports whether the condition of the correlation n counts the values of a field.
func (p *parser) counts(n *node, field string) bool {
	at := n.get("condition")
	return at != nil && at.kind == mapNode && slices.ContainsFunc(p.scalars(at, "field"), func(item *node) bool { return item.text == field })
}

func (p *parser) timespan(c *Correlation, n *node) {
	text := p.text(n, "timespan")
	if text == "" {
		p.err(n.place, BadCorrelation, "the correlation has no timespan, such as 15m")
		return
	}
	m := regexp.MustCompile(`^([0-9]{1,6})([smhd])$`).FindStringSubmatch(text)
	if m == nil || strings.Trim(m[1], "0") == "" {
		p.err(n.get("timespan").place, BadCorrelation, "%q is no timespan; write a number and one of s, m, h, d: 90m", text)
		return
	}
	number, _ := strconv.Atoi(m[1])
	c.Timespan = time.Duration(number) * map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[m[2]]
}

func (p *parser) generates(n *node) bool {
	g := n.get("generate")
	if g == nil {
		return false
	}
	if g.tag != "!!bool" {
		p.err(g.place, WrongType, "generate takes true or false")
	}
	return strings.EqualFold(g.text, "true")
}
