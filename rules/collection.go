package rules

// collection turns the documents of a rule collection, as old rule sets have them, into rules: a document with action: global is merged into
// all that follow, action: reset ends that, and action: repeat is the document before with changes (Sigma specification 1.0, "Rule
// Collections").
type collection struct {
	global, previous *node
}

// next returns the rule that a document makes, or nil where it makes none. merged reports whether others have a part in it.
func (c *collection) next(doc *node, r *report) (rule *node, merged bool) {
	action := doc.get("action")
	if action == nil {
		if c.global == nil {
			c.previous = doc
			return doc, false
		}
		c.previous = merge(c.global, doc)
		return c.previous, true
	}
	doc = doc.without("action")
	switch action.text {
	case "global":
		c.global = doc
	case "reset":
		c.global = nil
		if len(doc.pairs) > 0 {
			r.err(doc.place, BadCollection, "a document with action: reset has nothing else in it; end it with --- before the next rule")
		}
	case "repeat":
		if c.previous == nil {
			r.err(action.place, BadCollection, "there is no rule before this one that could be repeated")
			return nil, false
		}
		c.previous = merge(c.previous, doc)
		return c.previous, true
	default:
		r.errHint(action.place, BadCollection, "use global, repeat or reset", "%q is no action", action.text)
	}
	return nil, false
}

// merge returns base with the members of over: maps are merged in depth, everything else is replaced.
func merge(base, over *node) *node {
	if base.kind != mapNode || over.kind != mapNode {
		return over
	}
	m := *over
	m.pairs = nil
	for _, p := range base.pairs {
		if changed := over.get(p.key.text); changed != nil {
			p.value = merge(p.value, changed)
		}
		m.pairs = append(m.pairs, p)
	}
	for _, p := range over.pairs {
		if base.get(p.key.text) == nil {
			m.pairs = append(m.pairs, p)
		}
	}
	return &m
}

// without returns a map without one key.
func (n *node) without(key string) *node {
	m := *n
	m.pairs = nil
	for _, p := range n.pairs {
		if p.key.text != key {
			m.pairs = append(m.pairs, p)
		}
	}
	return &m
}
