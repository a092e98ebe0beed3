package chunk

import (
	"maps"
	"slices"
	"strings"

	"sigmatrail/matcher"
)

// MaxDepth is how many containers may be nested in each other for their contents to be looked at. CloudTrail's own records stay below 20.
const MaxDepth = 128

// Field says where in a record the values of one field are.
type Field struct {
	// Paths are keys joined by dots. Every split of the dots counts: a.b is found as {a:{b}} and as {"a.b"}. No path at all means the record itself.
	Paths []string
	// Always is set where an anchor must be filled in even if it is known that the value is that of an earlier record.
	Always bool
}

// Root returns the key of a record at or below which alone the field with these paths stands, as long as no wanted key of the record has a dot; "" where
// there are several.
func Root(paths []string) string {
	if len(paths) != 1 {
		return ""
	}
	key, _, _ := strings.Cut(paths[0], ".")
	return key
}

// Projection knows which keys of a record are wanted. It is immutable and safe for concurrent use.
type Projection struct {
	fields []Field
	ownKey string
	// all leads to every field, early to the anchors alone; the keys of the record itself are those of all, and come first there.
	all, early tree
	tops       int       // how many those are
	marks      []int32   // by mark: its top
	topsOf     [][]int32 // by field: which tops lead to it
	earlyNodes []int32   // by top: the node of early that it leads to, or -1
	single     []route   // by field
	direct     []int32   // by field: the top that is all there is to it, or -1
	near       []near    // by field
	anchors    []anchor
	// remembered are the tops whose values are worth remembering: anchors and what anchors are below, unless they are always filled in.
	remembered []bool
}

// anchor is a field that is filled in on every record.
type anchor struct {
	field  matcher.FieldID
	always bool  // as Field has it
	direct int32 // as Projection has it
	main   int32 // the top that is the first key of its only path, or -1
}

// near is where a field stands whose only path has two steps, in records without wanted keys with dots: a top, or -1, and the index of a key in the node that
// the top leads to.
type near struct{ top, inner int32 }

// route leads to one field alone.
type route struct {
	tree  tree
	nodes []int32 // the node that each top leads to, in the order of topsOf
}

// tree is the paths of fields, key by key.
type tree struct {
	nodes []node
	keys  []wanted // by number
}

// node is one place in a tree; the first one is the record.
type node struct {
	// fields are those of which a path ends here.
	fields []matcher.FieldID
	keys   keyTable
	// first and end are the numbers of the keys.
	first, end int32
}

// wanted is a key that leads from one node to another, over one step of a path or several joined by dots.
type wanted struct {
	key  string
	node int32
	// inner is the index of the key among those of the node of all fields that a key of the record leads to, where it is below such a one.
	inner int32
}

// NewProjection returns the projection of fields, whose numbers are their indexes; anchors are those that are filled in on every record. marks are keys
// of the record itself, whose presence Projector.Mark reports. What stands under ownKey is no part of the record itself as a field.
func NewProjection(fields []Field, anchors []matcher.FieldID, marks []string, ownKey string) *Projection {
	p := &Projection{fields: fields, ownKey: ownKey, topsOf: make([][]int32, len(fields))}
	all := planting{steps: []map[string]int32{{}}, t: &tree{nodes: make([]node, 1)}}
	for f := range fields {
		all.field(fields, matcher.FieldID(f))
	}
	named := make([]int32, 0, len(marks))
	for _, m := range marks {
		named = append(named, all.find(m))
	}
	all.number(0)
	for i, m := range marks {
		p.marks = append(p.marks, all.t.top(m, named[i]))
	}
	p.tops = len(all.t.keys)
	all.t.nodes[0].keys = newKeyTable(all.t.keys, 0)
	for n := range all.t.nodes[1:] {
		all.number(int32(n + 1))
	}
	p.all = *all.t
	p.lead(&all)
	p.shortcuts(anchors)
	p.inner()
	return p
}

// inner finds the keys below those of the record in each tree among those of the tree of all fields.
func (p *Projection) inner() {
	find := func(t *tree, top, to int32) {
		of := &p.all.nodes[p.all.keys[top].node]
		for k := t.nodes[to].first; k < t.nodes[to].end; k++ {
			t.keys[k].inner = of.keys.find(p.all.keys, []byte(t.keys[k].key)) - of.first
		}
	}
	for top := range int32(p.tops) { //nolint:gosec // fewer than that
		find(&p.all, top, p.all.keys[top].node)
		if p.earlyNodes[top] >= 0 {
			find(&p.early, top, p.earlyNodes[top])
		}
	}
	p.near = make([]near, len(p.fields))
	for f := range p.single {
		p.near[f].top = -1
		for i, to := range p.single[f].nodes {
			t, top := &p.single[f].tree, p.topsOf[f][i]
			find(t, top, to)
			if paths := p.fields[f].Paths; len(paths) == 1 && strings.Count(paths[0], ".") == 1 && p.all.keys[top].key == Root(paths) {
				p.near[f] = near{top: top, inner: t.keys[t.nodes[to].first].inner}
			}
		}
	}
}

// planting is a tree in the making.
type planting struct {
	t     *tree
	steps []map[string]int32 // by node: key without dots → node
}

func (b *planting) newNode() int32 {
	b.t.nodes, b.steps = append(b.t.nodes, node{}), append(b.steps, map[string]int32{})
	return int32(len(b.t.nodes) - 1) //nolint:gosec // fewer than that
}

// field adds the paths of a field.
func (b *planting) field(fields []Field, f matcher.FieldID) {
	for _, path := range fields[f].Paths {
		at := int32(0)
		for step := range strings.SplitSeq(path, ".") {
			next, ok := b.steps[at][step]
			if !ok {
				next = b.newNode()
				b.steps[at][step] = next
			}
			at = next
		}
		b.t.nodes[at].fields = append(b.t.nodes[at].fields, f)
	}
}

// find returns the node that a path leads to: a new one, to which nothing else leads, where there is none.
func (b *planting) find(path string) int32 {
	at := int32(0)
	for step := range strings.SplitSeq(path, ".") {
		next, ok := b.steps[at][step]
		if !ok {
			return b.newNode()
		}
		at = next
	}
	return at
}

// number lists the keys that lead away from a node.
func (b *planting) number(n int32) {
	first := len(b.t.keys)
	b.reach(n, "")
	b.t.nodes[n].keys = newKeyTable(b.t.keys, first)
	b.t.nodes[n].first, b.t.nodes[n].end = int32(first), int32(len(b.t.keys)) //nolint:gosec // fewer than that
}

// reach adds the keys that lead to everything below the node at, each with prefix before it.
func (b *planting) reach(at int32, prefix string) {
	for _, step := range slices.Sorted(maps.Keys(b.steps[at])) {
		next := b.steps[at][step]
		b.t.keys = append(b.t.keys, wanted{key: prefix + step, node: next})
		b.reach(next, prefix+step+".")
	}
}

// top returns the number of a key of the record itself, which is added where it is not there.
func (t *tree) top(key string, leadsTo int32) int32 {
	for k := range t.keys {
		if t.keys[k].key == key {
			return int32(k)
		}
	}
	t.keys = append(t.keys, wanted{key: key, node: leadsTo})
	return int32(len(t.keys) - 1) //nolint:gosec // fewer than that
}

// lead notes which keys of the record itself lead to each field.
func (p *Projection) lead(all *planting) {
	for k := range p.tops {
		seen := make(map[matcher.FieldID]bool)
		all.leads(p.all.keys[k].node, func(f matcher.FieldID) {
			if !seen[f] {
				seen[f] = true
				p.topsOf[f] = append(p.topsOf[f], int32(k)) //nolint:gosec // fewer than that
			}
		})
	}
}

// leads calls found with every field at or below a node.
func (b *planting) leads(at int32, found func(matcher.FieldID)) {
	for _, f := range b.t.nodes[at].fields {
		found(f)
	}
	for _, next := range b.steps[at] {
		b.leads(next, found)
	}
}

// shortcuts finds the fields that are a single key, the keys whose values are to be remembered, and what leads to anchors.
func (p *Projection) shortcuts(anchors []matcher.FieldID) {
	p.direct, p.remembered, p.earlyNodes = make([]int32, len(p.fields)), make([]bool, p.tops), make([]int32, p.tops)
	for f := range p.fields {
		p.direct[f] = -1
		if tops := p.topsOf[f]; len(tops) == 1 && p.all.keys[tops[0]].key == p.fields[f].Paths[0] {
			p.direct[f] = tops[0]
		}
	}
	p.single = make([]route, len(p.fields))
	for f := range p.fields {
		if p.direct[f] < 0 {
			p.route(matcher.FieldID(f))
		}
	}
	early := planting{steps: []map[string]int32{{}}, t: &p.early}
	p.early.nodes = make([]node, 1)
	for _, f := range anchors {
		a := anchor{field: f, always: p.fields[f].Always, direct: p.direct[f], main: -1}
		for _, top := range p.topsOf[f] {
			if p.all.keys[top].key == Root(p.fields[f].Paths) {
				a.main = top
			}
		}
		p.anchors = append(p.anchors, a)
		for _, top := range p.topsOf[f] {
			p.remembered[top] = p.remembered[top] || !p.fields[f].Always
		}
		early.field(p.fields, f)
	}
	for n := range p.early.nodes {
		early.number(int32(n))
	}
	for top := range p.tops {
		p.earlyNodes[top] = -1
		if k := p.early.nodes[0].keys.find(p.early.keys, []byte(p.all.keys[top].key)); k >= 0 {
			p.earlyNodes[top] = p.early.keys[k].node
		}
	}
}

// route makes the tree of one field.
func (p *Projection) route(f matcher.FieldID) {
	r := &p.single[f]
	b := planting{steps: []map[string]int32{{}}, t: &r.tree}
	r.tree.nodes = make([]node, 1)
	b.field(p.fields, f)
	for n := range r.tree.nodes {
		b.number(int32(n))
	}
	for _, top := range p.topsOf[f] {
		k := r.tree.nodes[0].keys.find(r.tree.keys, []byte(p.all.keys[top].key))
		r.nodes = append(r.nodes, r.tree.keys[k].node)
	}
}
