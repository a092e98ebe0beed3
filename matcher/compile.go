package matcher

import (
	"maps"
	"slices"
)

// Options are what the caller knows about the records.
type Options struct {
	// Pair names two fields whose values are best looked up together, the more telling one first; the second tells less than any other.
	Pair [2]string
	// Root names what all values of a field are part of, such as the key of a record below which alone it stands; "" where there is no such thing. It may be
	// nil. Rules whose fields have one root are not judged again while its Origin is the same.
	Root func(field string) string
	// Unindexed makes every rule a candidate for every record. It is a control for tests.
	Unindexed bool
}

// Compile makes a Program of the expressions, whose indexes Match returns. The error is a *CompileError.
func Compile(exprs []Expr, o Options) (*Program, error) {
	c := compiler{
		p: &Program{}, options: o, fields: make(map[string]FieldID), atoms: make(map[string]uint32), seen: make(map[*Atom]uint32), budget: mostDenseAll,
		keys: make(map[indexName]map[keyTexts]*[]uint32), roots: make(map[string]int32),
	}
	c.code = assembler{atom: c.atom, cost: func(id uint32) int { return c.p.atoms[id].cost() }}
	for i, e := range exprs {
		if err := c.rule(uint32(i), e); err != nil {
			return nil, &CompileError{Rule: i, Reason: err.Error()}
		}
	}
	c.indexes()
	c.p.code = slices.Clip(c.code.code)
	c.p.atoms, c.p.fields = slices.Clip(c.p.atoms), slices.Clip(c.p.fields)
	return c.p, nil
}

// compiler is a Program in the making.
type compiler struct {
	p       *Program
	options Options
	fields  map[string]FieldID
	atoms   map[string]uint32
	seen    map[*Atom]uint32
	code    assembler
	roots   map[string]int32
	keys    map[indexName]map[keyTexts]*[]uint32
	budget  int // bytes left for the tables of automata
}

// indexName tells indexes apart, keyTexts the keys of one.
type (
	indexName struct {
		kind  keyKind
		field string
	}
	keyTexts struct{ text, other string }
)

func (c *compiler) field(name string) FieldID {
	id, ok := c.fields[name]
	if !ok {
		id = FieldID(len(c.p.fields)) //nolint:gosec // fewer than that
		c.fields[name] = id
		c.p.fields = append(c.p.fields, name)
	}
	return id
}

// atom returns the number of the atom; equal ones share it.
func (c *compiler) atom(a *Atom) (uint32, error) {
	if id, ok := c.seen[a]; ok {
		return id, nil
	}
	key := a.key()
	if id, ok := c.atoms[key]; ok {
		c.seen[a] = id
		return id, nil
	}
	field := c.field(a.Field)
	other := field
	if a.Op == Ref {
		other = c.field(a.Other)
	}
	made, err := newAtom(a, field, other, &c.budget)
	if err != nil {
		return 0, err
	}
	id := uint32(len(c.p.atoms)) //nolint:gosec // fewer than that
	c.p.atoms = append(c.p.atoms, made)
	c.atoms[key], c.seen[a] = id, id
	return id, nil
}

// rule adds one expression.
func (c *compiler) rule(id uint32, e Expr) error {
	entry, err := c.code.expr(e, accept, reject)
	if err != nil {
		return err
	}
	c.p.rules, c.p.roots = append(c.p.rules, entry), append(c.p.roots, c.rootOf(e))
	keys, why := coverer{c.options.Pair}.of(e, false)
	if c.options.Unindexed {
		keys, why = nil, "the index is off"
	}
	c.p.covers = append(c.p.covers, newCoverage(keys, why, c.options.Pair))
	if keys == nil {
		c.p.always = append(c.p.always, id)
		return nil
	}
	for _, k := range keys {
		c.key(k, id)
	}
	return nil
}

// key adds a rule to a key of an index.
func (c *compiler) key(k coverKey, id uint32) {
	name, texts := indexName{k.kind, k.field}, keyTexts{k.text, k.other}
	if c.keys[name] == nil {
		c.keys[name] = make(map[keyTexts]*[]uint32)
	}
	list := c.keys[name][texts]
	if list == nil {
		list = new([]uint32)
		c.keys[name][texts] = list
	}
	if n := len(*list); n == 0 || (*list)[n-1] != id {
		*list = append(*list, id)
	}
}

// indexes makes the indexes of the keys, in the order of their fields.
func (c *compiler) indexes() {
	c.joinPair()
	names := slices.SortedFunc(maps.Keys(c.keys), func(a, b indexName) int {
		if a.kind != b.kind {
			return int(a.kind) - int(b.kind)
		}
		return int(c.field(a.field) - c.field(b.field))
	})
	for _, name := range names {
		texts := slices.SortedFunc(maps.Keys(c.keys[name]), compareTexts)
		lists := make([][]uint32, 0, len(texts))
		for _, t := range texts {
			lists = append(lists, *c.keys[name][t])
		}
		switch name.kind {
		case pairKey:
			c.pair(texts, lists)
		case exactKey:
			c.exact(c.field(name.field), texts, lists)
		default:
			c.literal(c.field(name.field), texts, lists)
		}
	}
}

func compareTexts(a, b keyTexts) int {
	switch {
	case a == b:
		return 0
	case a.text < b.text || (a.text == b.text && a.other < b.other):
		return -1
	}
	return 1
}

func (c *compiler) anchor(fields ...FieldID) {
	for _, f := range fields {
		if !slices.Contains(c.p.anchors, f) {
			c.p.anchors = append(c.p.anchors, f)
		}
	}
}

func (c *compiler) exact(field FieldID, texts []keyTexts, lists [][]uint32) {
	x := exactIndex{field: field, root: c.root(c.p.fields[field]), table: newHashes(len(texts))}
	merged := make([][]uint32, 0, len(lists))
	for i, t := range texts {
		x.lengths |= lengthBit(len(t.text))
		h, _ := hashUpper([]byte(t.text))
		n := uint32(len(merged)) //nolint:gosec // fewer than that
		if key := x.table.put(h, n); key != n {
			merged[key] = append(merged[key], lists[i]...) // equal hashes of different texts
		} else {
			merged = append(merged, lists[i])
		}
	}
	x.postings = newPostings(merged)
	c.anchor(field)
	c.p.exact = append(c.p.exact, x)
}

// joinPair moves the keys of the first field of the pair alone to those of the pair, with whatever second text.
func (c *compiler) joinPair() {
	single, pair := indexName{exactKey, c.options.Pair[0]}, indexName{kind: pairKey}
	if c.keys[single] == nil || c.options.Pair[0] == WholeRecord {
		return
	}
	if c.keys[pair] == nil {
		c.keys[pair] = make(map[keyTexts]*[]uint32)
	}
	for t, list := range c.keys[single] {
		c.keys[pair][keyTexts{t.text, anyText}] = list
	}
	delete(c.keys, single)
}

// anyText is the second text of a key of the pair for which any will do. No text is folded to it.
const anyText = "\x00*"

// pair makes the index of the pair. texts are sorted by their first text.
func (c *compiler) pair(texts []keyTexts, lists [][]uint32) {
	x := &pairIndex{first: c.field(c.options.Pair[0]), second: c.field(c.options.Pair[1]), table: newHashes(len(texts))}
	byKey := make([][]pairEntry, 0, len(texts))
	for i, t := range texts {
		h, _ := hashUpper([]byte(t.text))
		n := uint32(len(byKey)) //nolint:gosec // fewer than that
		key := x.table.put(h, n)
		if key == n {
			byKey = append(byKey, nil)
		}
		x.firstLengths |= lengthBit(len(t.text))
		entry := pairEntry{any: t.other == anyText}
		if !entry.any {
			x.secondLengths |= lengthBit(len(t.other))
			entry.second, _ = hashUpper([]byte(t.other))
		}
		for _, entry.rule = range lists[i] {
			byKey[key] = append(byKey[key], entry)
			x.all = append(x.all, entry.rule)
		}
	}
	x.starts = []uint32{0}
	for _, entries := range byKey {
		x.entries = append(x.entries, entries...)
		x.starts = append(x.starts, uint32(len(x.entries))) //nolint:gosec // fewer than that
	}
	slices.Sort(x.all)
	x.all = slices.Compact(x.all)
	c.anchor(x.first, x.second)
	c.p.pair = x
}

func (c *compiler) literal(field FieldID, texts []keyTexts, lists [][]uint32) {
	words := make([]string, 0, len(texts))
	for _, t := range texts {
		words = append(words, t.text)
	}
	c.anchor(field)
	x := literalIndex{postings: newPostings(lists), field: field, root: c.root(c.p.fields[field]), texts: newAutomaton(words, &c.budget)}
	if len(words) < searchedTogether {
		for _, w := range words {
			x.needles = append(x.needles, newNeedle(w))
		}
	}
	c.p.literal = append(c.p.literal, x)
}
