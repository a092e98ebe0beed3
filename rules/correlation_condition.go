package rules

import (
	"slices"
	"strings"
)

// correlationCondition reads the condition: a map of bounds, or, of temporal ones, an expression over the rules.
func (p *parser) correlationCondition(c *Correlation, n *node) {
	at := n.get("condition")
	temporal := strings.HasPrefix(c.Type, "temporal")
	switch {
	case at == nil || at.tag == "!!null":
		if _, known := correlationTypes()[c.Type]; known && !temporal {
			p.err(n.place, BadCorrelation, "a correlation of the type %s needs a condition, such as gte: 10", c.Type)
		}
	case at.kind == mapNode:
		p.bounds(c, n, at)
	case at.kind == scalarNode && temporal:
		p.expression(c, at)
	default:
		p.err(at.place, WrongType, "the condition must be a map such as gte: 10")
	}
}

// expression reads a condition over the names of the rules. all is how some articles write that every rule must occur.
func (p *parser) expression(c *Correlation, at *node) {
	if strings.EqualFold(strings.TrimSpace(at.text), "all") {
		p.warn(at.place, CorrelationAll, "all is not in the specification; without a condition every rule must occur, too")
		return
	}
	names := make([]*Search, 0, len(c.Rules))
	for _, r := range c.Rules {
		names = append(names, &Search{Position: r.Position, Name: r.Name})
	}
	cp := &conditionParser{text: at.text, tokens: tokenize(at.text), searches: names}
	e, _, err := cp.parse()
	p.mistakes(at, cp)
	if err == nil {
		c.Expression = e
	}
}

// bounds reads comparisons, the field that they are about, and the rank of a percentile.
func (p *parser) bounds(c *Correlation, n, at *node) {
	operators := []string{"gt", "gte", "lt", "lte", "eq", "neq"}
	for _, m := range at.pairs {
		switch {
		case slices.Contains(operators, m.key.text):
			number := ParseDecimal(m.value.text)
			if _, ok := number.Canonical(); m.value.kind != scalarNode || !ok {
				p.err(m.value.place, BadCorrelation, "%s takes a number, of 40 digits at most", m.key.text)
			}
			c.Bounds = append(c.Bounds, Bound{Op: m.key.text, Number: number})
		case m.key.text == "field":
			for _, item := range p.scalars(at, "field") {
				c.Fields = append(c.Fields, p.fieldOrAlias(c, n, item))
			}
		case m.key.text == "percentile":
			p.percentile(c, m.value)
		default:
			p.errHint(m.key.place, BadCorrelation, "it has "+strings.Join(operators, ", ")+", field and percentile", "a condition has no %q", m.key.text)
		}
	}
	p.boundsAgree(c, at)
}

func (p *parser) percentile(c *Correlation, at *node) {
	c.Percentile = ParseDecimal(at.text)
	if at.kind != scalarNode || !c.Percentile.Valid || c.Percentile.Compare(ParseDecimal("0")) < 0 || c.Percentile.Compare(ParseDecimal("100")) > 0 {
		p.err(at.place, BadCorrelation, "percentile takes a number from 0 to 100")
	}
}

// boundsAgree refuses conditions that compare nothing, or say two things of one side.
func (p *parser) boundsAgree(c *Correlation, at *node) {
	has := func(ops ...string) (n int) {
		for _, b := range c.Bounds {
			if slices.Contains(ops, b.Op) {
				n++
			}
		}
		return n
	}
	switch {
	case len(c.Bounds) == 0:
		p.err(at.place, BadCorrelation, "the condition compares nothing; it needs gt, gte, lt, lte, eq or neq")
	case has("gt", "gte") > 1 || has("lt", "lte") > 1 || (has("eq", "neq") > 0 && len(c.Bounds) > 1):
		p.err(at.place, BadCorrelation, "the condition may have one lower and one upper bound, or eq or neq alone")
	}
	p.fieldFits(c, at)
}

// fieldFits refuses a field, or a rank, where the type has none, and the lack of a field where it needs one.
func (p *parser) fieldFits(c *Correlation, at *node) {
	needsField, known := correlationTypes()[c.Type]
	switch {
	case !known:
	case needsField && len(c.Fields) == 0:
		p.err(at.place, BadCorrelation, "a correlation of the type %s needs a field in its condition", c.Type)
	case len(c.Fields) > 1 && c.Type != "value_count":
		p.err(at.place, BadCorrelation, "a correlation of the type %s is about the numbers of one field", c.Type)
	case !needsField && len(c.Fields) > 0:
		p.err(at.place, BadCorrelation, "a correlation of the type %s counts events, and has no field", c.Type)
	case c.Percentile.Valid && c.Type != "value_percentile":
		p.err(at.place, BadCorrelation, "percentile belongs to value_percentile")
	case !c.Percentile.Valid && c.Type == "value_percentile":
		p.warn(at.place, CorrelationRank, "the condition does not say which percentile: the 50th counts, the median")
		c.Percentile = ParseDecimal("50")
	}
}
