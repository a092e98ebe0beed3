package matcher

// root returns the number of the root of a field; 0 is for none.
func (c *compiler) root(field string) int32 {
	if c.options.Root == nil || field == WholeRecord {
		return 0
	}
	name := c.options.Root(field)
	if name == "" {
		return 0
	}
	id, ok := c.roots[name]
	if !ok {
		id = int32(len(c.roots) + 1) //nolint:gosec // fewer than that
		c.roots[name] = id
	}
	return id
}

// rootOf returns the root of all that e asks for, or 0: where there are several, and where the answer is no matter of the fields' values alone.
func (c *compiler) rootOf(e Expr) int32 {
	var terms []Expr
	switch e := e.(type) {
	case Not:
		return c.rootOf(e.Term)
	case And:
		terms = e
	case Or:
		terms = e
	case *Atom:
		root := c.root(e.Field)
		if e.Op == Date || (e.Op == Ref && c.root(e.Other) != root) {
			return 0
		}
		return root
	}
	root := int32(0)
	for i, t := range terms {
		switch of := c.rootOf(t); {
		case of == 0 || (i > 0 && of != root):
			return 0
		default:
			root = of
		}
	}
	return root
}
