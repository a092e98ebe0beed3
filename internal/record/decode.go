package record

import "sigmatrail/internal/chunk"

// MaxDepth is how many containers may be nested in each other for their contents to be looked at. CloudTrail's own records stay below 20.
const MaxDepth = chunk.MaxDepth

// Decode turns the msgpack value at pos into values as Member lists them. It copies what it keeps. Containers nested deeper than MaxDepth
// become Opaque. ok is false where data does not hold a whole value.
func Decode(data []byte, pos int) (v any, ok bool) {
	d := decoder{data: data, pos: pos}
	v = d.value(0)
	return v, !d.bad
}

type decoder struct {
	data []byte
	pos  int
	bad  bool
}

func (d *decoder) value(depth int) any {
	h, ok := chunk.ReadHead(d.data, d.pos)
	if !ok {
		d.bad = true
		return nil
	}
	if depth >= MaxDepth && (h.Type == chunk.Array || h.Type == chunk.Map) {
		d.skip()
		return Opaque{}
	}
	d.pos = h.Next
	switch h.Type {
	case chunk.Bool:
		return h.Bits == 1
	case chunk.Int:
		return h.Int()
	case chunk.Uint:
		return h.Bits
	case chunk.Float:
		return h.Float()
	case chunk.Str, chunk.Bin:
		d.pos += h.Len
		return string(h.Content(d.data))
	case chunk.Ext:
		d.pos += h.Len
		return Opaque{}
	case chunk.Array:
		return d.array(h.Len, depth+1)
	case chunk.Map:
		return d.object(h.Len, depth+1)
	default: // nil
		return nil
	}
}

func (d *decoder) skip() {
	end, ok := chunk.Skip(d.data, d.pos)
	d.pos, d.bad = end, !ok
}

func (d *decoder) array(n, depth int) any {
	list := make([]any, 0, d.room(n))
	for range n {
		v := d.value(depth)
		if d.bad {
			return nil
		}
		list = append(list, v)
	}
	return list
}

func (d *decoder) object(n, depth int) any {
	members := make([]Member, 0, d.room(2*n)/2)
	for range n {
		key := d.value(depth)
		if d.bad {
			return nil
		}
		v := d.value(depth)
		if d.bad {
			return nil
		}
		if name, ok := key.(string); ok { // a key that is no text cannot be named by any rule
			members = append(members, Member{Key: name, Value: v})
		}
	}
	return NewObject(members...)
}

// room bounds what a header makes us allocate by what the bytes left can hold.
func (d *decoder) room(n int) int { return min(n, len(d.data)-d.pos) }
