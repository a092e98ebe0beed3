package pipeline

import (
	"bytes"
	"slices"

	"sigmatrail/enrich"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// plan works out how the members that a format writes change a record's map: what stands there already is looked at in msgpack, values are written in
// the encoding of the door.
type plan struct {
	data []byte // where the map stands
	enc  *encoding
	// again is set where an earlier pass of ours has written on the event: then what is replaced was ours.
	again bool
	// moved counts values of others that had to make room.
	moved uint64
}

// branch is a key of what is to be written: with a member, or with branches below it.
type branch struct {
	key    string
	member *enrich.Member
	below  []*branch
	done   bool
}

// branches puts members together by the keys of their paths.
func branches(members []enrich.Member) []*branch {
	var roots []*branch
	for i := range members {
		list := &roots
		var at *branch
		for _, key := range members[i].Path {
			at = find(*list, key)
			if at == nil {
				at = &branch{key: key}
				*list = append(*list, at)
			}
			list = &at.below
		}
		at.member = &members[i]
	}
	return roots
}

func find[T string | []byte](list []*branch, key T) *branch {
	for _, b := range list {
		if b.key == string(key) {
			return b
		}
	}
	return nil
}

// edit returns the change of the map at pos that writes the branches.
func (p *plan) edit(pos int, list []*branch) chunk.Edit {
	var e chunk.Edit
	h, _ := chunk.ReadHead(p.data, pos)
	at := h.Next
	for range h.Len {
		key, ok := chunk.ReadHead(p.data, at)
		value, sound := chunk.Skip(p.data, at)
		end, closed := chunk.Skip(p.data, value)
		if !ok || !sound || !closed {
			break
		}
		if key.Type == chunk.Str {
			p.meet(&e, pos, key.Content(p.data), list)
		}
		at = end
	}
	for _, b := range list {
		if !b.done {
			if value, some := p.fresh(nil, b); some {
				e.Append = append(e.Append, chunk.Pair{Key: b.key, Value: value})
			}
		}
	}
	return e
}

// meet changes what stands in the map at pos under key, which may be several keys with dots between them, if a branch is about it.
func (p *plan) meet(e *chunk.Edit, pos int, key []byte, list []*branch) {
	b := find(list, key)
	for rest := key; b == nil; {
		head, tail, dotted := bytes.Cut(rest, []byte("."))
		next := find(list, head)
		if next == nil || !dotted {
			return
		}
		rest, list = tail, next.below
		b = find(list, rest)
	}
	if b.done { // a duplicate
		return
	}
	b.done = true
	name := string(key)
	value := p.last(pos, name)
	if b.member == nil {
		p.inside(e, pos, name, value, b)
	} else {
		p.leaf(e, pos, name, value, b.member)
	}
}

// last returns where the last value under key stands: the one that counts.
func (p *plan) last(pos int, key string) int {
	start, _, _ := chunk.Lookup(p.data, pos, key)
	return start
}

// inside writes branches into the map at value, which stands under key.
func (p *plan) inside(e *chunk.Edit, pos int, key string, value int, b *branch) {
	h, _ := chunk.ReadHead(p.data, value)
	if h.Type == chunk.Map {
		inner := p.edit(value, b.below)
		if !inner.Empty() {
			e.Change = append(e.Change, chunk.Change{Key: key, Inside: &inner})
		}
		return
	}
	p.replace(e, pos, key, h, p.object(b))
}

// leaf writes a member where its key has a value already.
func (p *plan) leaf(e *chunk.Edit, pos int, key string, value int, m *enrich.Member) {
	h, _ := chunk.ReadHead(p.data, value)
	switch {
	case m.Mode == enrich.Keep:
	case m.Mode == enrich.Unite && h.Type != chunk.Map && h.Type != chunk.Nil:
		if missing := p.missing(value, m.Value); len(missing) > 0 {
			e.Change = append(e.Change, chunk.Change{Key: key, Extend: missing})
		}
	case same(p.data, value, m):
	default:
		p.replace(e, pos, key, h, p.enc.member(m, nil))
	}
}

// replace puts a value in the place of another one, which is kept under another key unless it is null or was ours.
func (p *plan) replace(e *chunk.Edit, pos int, key string, old chunk.Head, value []byte) {
	if old.Type == chunk.Nil || p.again {
		e.Drop = append(e.Drop, key)
	} else {
		p.moved++
		e.Rename = append(e.Rename, chunk.Rename{From: key, To: spare(key, func(name string) bool { return p.last(pos, name) > 0 })})
	}
	e.Append = append(e.Append, chunk.Pair{Key: key, Value: value})
}

// missing returns, encoded, those of the texts v that are not among the texts at pos.
func (p *plan) missing(pos int, v any) [][]byte {
	have, _ := record.Decode(p.data, pos)
	list, isList := have.([]any)
	if !isList {
		list = []any{have}
	}
	texts, many := v.([]string)
	if !many {
		text, _ := v.(string)
		texts = []string{text}
	}
	var out [][]byte
	for _, text := range texts {
		if !slices.Contains(list, any(text)) {
			out = append(out, p.enc.text(nil, text))
		}
	}
	return out
}

// fresh appends the value of a branch that stands nowhere yet. some is false where nothing of it is left to write.
func (p *plan) fresh(dst []byte, b *branch) (value []byte, some bool) {
	if b.member != nil {
		return p.enc.member(b.member, dst), true
	}
	for _, below := range b.below {
		if !below.done {
			return append(dst, p.object(b)...), true
		}
	}
	return dst, false
}

// object encodes what is below a branch.
func (p *plan) object(b *branch) []byte {
	pairs := make([]chunk.Pair, 0, len(b.below))
	for _, below := range b.below {
		if below.done {
			continue
		}
		if value, some := p.fresh(nil, below); some {
			pairs = append(pairs, chunk.Pair{Key: below.key, Value: value})
		}
	}
	return p.enc.object(nil, pairs)
}

// spare returns the first free name for a displaced value: <key>_original, or that with more underscores where somebody has it already.
func spare(key string, taken func(name string) bool) string {
	name := key + "_original"
	for taken(name) {
		name += "_"
	}
	return name
}
