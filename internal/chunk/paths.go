package chunk

import (
	"encoding/binary"
	"strings"

	"sigmatrail/matcher"
)

// MaxDepth is how many containers may be nested in each other for their contents to be looked at. CloudTrail's own records stay below 20.
const MaxDepth = 128

// Field says where in a record the values of one field are.
type Field struct {
	// Paths are keys joined by dots. Every split of the dots counts: a.b is found as {a:{b}} and as {"a.b"}. No path at all means the record itself.
	Paths []string
	// Inside is set where somebody wants what is below values that are objects.
	Inside bool
}

// Projection knows which keys of a record are wanted. It is immutable and safe for concurrent use.
type Projection struct {
	fields []Field
	nodes  []node
	keys   []wanted // by number; those of the record itself come first
	tops   int      // how many those are
	marks  []int32  // by mark: its top
	topsOf [][]int32
	direct []int32 // by field: the key of the record that is all there is to it, or -1
	// remembered are the keys of the record whose values are worth remembering: containers that are looked into on every record.
	remembered []bool
	anchors    []matcher.FieldID
	ownKey     string
}

// node is one place in the tree of paths.
type node struct {
	// fields are those of which a path ends here.
	fields []matcher.FieldID
	keys   keyTable
}

// wanted is a key that leads from one node to another, over one step of a path or several joined by dots.
type wanted struct {
	key  string
	node int32
}

// NewProjection returns the projection of fields, whose numbers are their indexes. marks are keys of the record itself, whose presence Projector.Mark
// reports; anchors are the fields that are filled in on every record. What stands under ownKey is no part of the record itself as a field.
func NewProjection(fields []Field, anchors []matcher.FieldID, marks []string, ownKey string) *Projection {
	b := projecting{steps: []map[string]int32{{}}, p: &Projection{fields: fields, nodes: make([]node, 1), ownKey: ownKey, topsOf: make([][]int32, len(fields))}}
	for i, f := range fields {
		for _, path := range f.Paths {
			b.add(path, matcher.FieldID(i)) //nolint:gosec // fewer than that
		}
	}
	for _, m := range marks {
		b.p.marks = append(b.p.marks, b.mark(m))
	}
	b.keys()
	b.shortcuts(anchors)
	return b.p
}

// projecting is a Projection in the making.
type projecting struct {
	p     *Projection
	steps []map[string]int32 // by node: key without dots → node
	named []mark
}

// mark is a key of the record itself that no path need begin with.
type mark struct {
	key  string
	node int32
}

func (b *projecting) newNode() int32 {
	b.p.nodes, b.steps = append(b.p.nodes, node{}), append(b.steps, map[string]int32{})
	return int32(len(b.p.nodes) - 1) //nolint:gosec // fewer than that
}

func (b *projecting) add(path string, f matcher.FieldID) {
	at := int32(0)
	for step := range strings.SplitSeq(path, ".") {
		next, ok := b.steps[at][step]
		if !ok {
			next = b.newNode()
			b.steps[at][step] = next
		}
		at = next
	}
	b.p.nodes[at].fields = append(b.p.nodes[at].fields, f)
}

// mark returns the number of the mark's key among those of the record itself.
func (b *projecting) mark(key string) int32 {
	at := int32(0)
	for step := range strings.SplitSeq(key, ".") {
		next, ok := b.steps[at][step]
		if !ok {
			at = -1
			break
		}
		at = next
	}
	if at < 0 {
		at = b.newNode()
	}
	b.named = append(b.named, mark{key, at})
	return at // replaced by the number of its key in keys
}

// keys lists what leads away from every node.
func (b *projecting) keys() {
	for n := range b.p.nodes {
		first := len(b.p.keys)
		b.reach(int32(n), "") //nolint:gosec // fewer than that
		if n == 0 {
			b.roots()
		}
		b.p.nodes[n].keys = newKeyTable(b.p.keys, first)
	}
}

// reach adds the keys that lead to everything below the node at, each with prefix before it.
func (b *projecting) reach(at int32, prefix string) {
	for step, next := range b.steps[at] {
		b.p.keys = append(b.p.keys, wanted{key: prefix + step, node: next})
		b.reach(next, prefix+step+".")
	}
}

// roots adds the marks to the keys of the record itself, and notes which of those lead to each field.
func (b *projecting) roots() {
	p := b.p
	for i, m := range b.named {
		found := int32(-1)
		for k := range p.keys {
			if p.keys[k].key == m.key {
				found = int32(k) //nolint:gosec // fewer than that
			}
		}
		if found < 0 {
			found = int32(len(p.keys)) //nolint:gosec // fewer than that
			p.keys = append(p.keys, wanted(m))
		}
		p.marks[i] = found
	}
	p.tops = len(p.keys)
	for k := range p.keys {
		seen := make(map[matcher.FieldID]bool)
		b.leads(p.keys[k].node, func(f matcher.FieldID) {
			if !seen[f] {
				seen[f] = true
				p.topsOf[f] = append(p.topsOf[f], int32(k)) //nolint:gosec // fewer than that
			}
		})
	}
}

// shortcuts finds the fields that are a single key, and the keys whose values are to be remembered.
func (b *projecting) shortcuts(anchors []matcher.FieldID) {
	p := b.p
	p.anchors = anchors
	p.direct, p.remembered = make([]int32, len(p.fields)), make([]bool, p.tops)
	for f := range p.fields {
		p.direct[f] = -1
		if tops := p.topsOf[f]; len(tops) == 1 && p.keys[tops[0]].key == p.fields[f].Paths[0] {
			p.direct[f] = tops[0]
		}
	}
	for _, f := range anchors {
		for _, top := range p.topsOf[f] {
			p.remembered[top] = p.remembered[top] || p.direct[f] < 0
		}
	}
}

// leads calls found with every field at or below a node.
func (b *projecting) leads(at int32, found func(matcher.FieldID)) {
	for _, f := range b.p.nodes[at].fields {
		found(f)
	}
	for _, next := range b.steps[at] {
		b.leads(next, found)
	}
}

// keyTable finds the number of a wanted key by its text.
type keyTable struct {
	slots []int32 // 1 + number; 0: free
	mask  uint32
}

func newKeyTable(keys []wanted, first int) keyTable {
	if first == len(keys) {
		return keyTable{}
	}
	size := 4
	for size < 2*(len(keys)-first) {
		size *= 2
	}
	t := keyTable{slots: make([]int32, size), mask: uint32(size - 1)} //nolint:gosec // fewer than that
	for k := first; k < len(keys); k++ {
		i := hashKey([]byte(keys[k].key)) & t.mask
		for t.slots[i] != 0 {
			i = (i + 1) & t.mask
		}
		t.slots[i] = int32(k + 1) //nolint:gosec // fewer than that
	}
	return t
}

// find returns the number of the key, or -1.
func (t *keyTable) find(keys []wanted, key []byte) int32 {
	if t.slots == nil {
		return -1
	}
	for i := hashKey(key) & t.mask; t.slots[i] != 0; i = (i + 1) & t.mask {
		if k := t.slots[i] - 1; string(key) == keys[k].key {
			return k
		}
	}
	return -1
}

// hashKey looks at the length and at the first and last eight bytes alone.
func hashKey(key []byte) uint32 {
	var first, last uint64
	if n := len(key); n >= 8 {
		first, last = binary.LittleEndian.Uint64(key), binary.LittleEndian.Uint64(key[n-8:])
	} else {
		for i, c := range key {
			first |= uint64(c) << (8 * i)
		}
	}
	h := (first ^ uint64(len(key))) * 0x9e3779b97f4a7c15
	h = (h ^ h>>32 ^ last) * 0xe7037ed1a0b428db
	return uint32(h >> 32) //nolint:gosec // the upper half
}
