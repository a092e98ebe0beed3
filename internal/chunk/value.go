package chunk

import (
	"encoding/binary"
	"math"
	"strconv"

	"sigmatrail/matcher"
)

// addValue adds the value at pos to the field of rec that has been begun: the elements of an array instead of it, and for an object, if inside is set,
// what is below it.
func (r *Projector) addValue(rec *matcher.Record, pos, depth int, inside bool) (end int) {
	if start, end := shortText(r.data, pos); end > 0 {
		rec.Add(matcher.Value{Kind: matcher.String, Text: r.data[start:end]})
		return end
	}
	h, _ := ReadHead(r.data, pos)
	switch {
	case h.Type == Map && depth < MaxDepth:
		r.addObject(rec, pos, depth, inside, "")
	case h.Type == Array && depth < MaxDepth:
		pos = h.Next
		for range h.Len {
			pos = r.behind(pos, r.addValue(rec, pos, depth+1, inside))
		}
		return pos
	default:
		rec.Add(r.scalar(h))
	}
	return -1
}

// shortText returns where the content of a text of up to 255 bytes stands, or 0 where the value at pos is none.
func shortText(data []byte, pos int) (start, end int) {
	switch c := data[pos]; {
	case c-0xa0 < 0x20:
		return pos + 1, pos + 1 + int(c&0x1f)
	case c == 0xd9:
		return pos + 2, pos + 2 + int(data[pos+1])
	}
	return 0, 0
}

// addObject adds a map, what is below it and its JSON text, without the member under the key without.
func (r *Projector) addObject(rec *matcher.Record, pos, depth int, inside bool, without string) {
	if !inside {
		end := r.behind(pos, -1)
		rec.Add(matcher.Value{Kind: matcher.Object, Unread: true, Text: r.data[pos:end]})
		return
	}
	rec.Add(matcher.Value{Kind: matcher.Object})
	r.addMembers(rec, pos, depth, without)
	start := len(r.arena)
	r.arena, _ = r.appendObject(r.arena, pos, depth, without)
	rec.Add(matcher.Value{Kind: matcher.JSON, Text: r.arena[start:len(r.arena):len(r.arena)]})
}

// addMembers adds every scalar below the map at pos.
func (r *Projector) addMembers(rec *matcher.Record, pos, depth int, without string) {
	base := len(r.member)
	r.pairs(pos, without)
	for i := base; i < len(r.member); i++ { // the walk below appends behind these, and takes its own off again
		r.addInside(rec, r.member[i].value, depth+1)
	}
	r.member = r.member[:base]
}

// addInside adds the scalars at and below a value that stands in an object.
func (r *Projector) addInside(rec *matcher.Record, pos, depth int) (end int) {
	h, _ := ReadHead(r.data, pos)
	switch {
	case h.Type == Map && depth < MaxDepth:
		r.addMembers(rec, pos, depth, "")
	case h.Type == Array && depth < MaxDepth:
		pos = h.Next
		for range h.Len {
			pos = r.behind(pos, r.addInside(rec, pos, depth+1))
		}
		return pos
	default:
		v := r.scalar(h)
		v.Inside = true
		if v.Kind != matcher.Null && v.Kind != matcher.Opaque { // they match nothing
			rec.Add(v)
		}
	}
	return -1
}

// scalar returns the value with the header h. A container is nested too deep to be looked into.
func (r *Projector) scalar(h Head) matcher.Value {
	switch h.Type {
	case Nil:
		return matcher.Value{Kind: matcher.Null}
	case Bool:
		text := "false"
		if h.Bits == 1 {
			text = "true"
		}
		return matcher.Value{Kind: matcher.Bool, Text: r.keep(append(r.arena, text...))}
	case Str, Bin:
		return matcher.Value{Kind: matcher.String, Text: h.Content(r.data)}
	case Int, Uint, Float:
		if text, ok := appendNumber(r.arena, h); ok {
			return matcher.Value{Kind: matcher.Number, Text: r.keep(text)}
		}
	}
	return matcher.Value{Kind: matcher.Opaque}
}

// keep makes grown, the arena with something behind it, the arena, and returns what is new.
func (r *Projector) keep(grown []byte) []byte {
	start := len(r.arena)
	r.arena = grown
	return grown[start:len(grown):len(grown)]
}

// appendNumber appends the canonical text of a number: digits alone where it is whole and below 1e21, else as encoding/json writes it. ok is false for
// infinities and NaN, which JSON lacks.
func appendNumber(dst []byte, h Head) (out []byte, ok bool) {
	switch h.Type {
	case Int:
		return strconv.AppendInt(dst, h.Int(), 10), true
	case Uint:
		return strconv.AppendUint(dst, h.Bits, 10), true
	}
	f := h.Float()
	size := math.Abs(f)
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return dst, false
	case f == 0:
		return append(dst, '0'), true // also for -0
	case size >= 1e-6 && size < 1e21:
		return strconv.AppendFloat(dst, f, 'f', -1, 64), true
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if n := len(dst); n >= 4 && dst[n-4] == 'e' && dst[n-2] == '0' { // 1e-07
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst, true
}

// appendJSON appends the value at pos as compact JSON, members in the record's order. Strings are escaped only where JSON demands it; bytes that are
// not UTF-8 stay as they are. What JSON lacks is written as null.
func (r *Projector) appendJSON(dst []byte, pos, depth int) (out []byte, end int) {
	h, _ := ReadHead(r.data, pos)
	switch {
	case h.Type == Map && depth < MaxDepth:
		return r.appendObject(dst, pos, depth, "")
	case h.Type == Array && depth < MaxDepth:
		dst = append(dst, '[')
		pos = h.Next
		for i := range h.Len {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst, end = r.appendJSON(dst, pos, depth+1)
			pos = r.behind(pos, end)
		}
		return append(dst, ']'), pos
	case h.Type == Bool:
		return strconv.AppendBool(dst, h.Bits == 1), -1
	case h.Type == Str || h.Type == Bin:
		return appendString(dst, h.Content(r.data)), -1
	case h.Type == Int || h.Type == Uint || h.Type == Float:
		if dst, ok := appendNumber(dst, h); ok {
			return dst, -1
		}
	}
	return append(dst, "null"...), -1
}

func (r *Projector) appendObject(dst []byte, pos, depth int, without string) (out []byte, end int) {
	base := len(r.member)
	end = r.pairs(pos, without)
	dst = append(dst, '{')
	for i := base; i < len(r.member); i++ {
		if i > base {
			dst = append(dst, ',')
		}
		m := r.member[i]
		dst = append(appendString(dst, r.data[m.key:m.keyEnd]), ':')
		dst, _ = r.appendJSON(dst, m.value, depth+1)
	}
	r.member = r.member[:base]
	return append(dst, '}'), end
}

func appendString(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i, c := range text {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		}
	}
	return append(append(dst, text[from:]...), '"')
}

// pairAt is where a member of a map stands.
type pairAt struct{ key, keyEnd, value int }

// pairs appends to r.member the members of the map at pos whose keys are texts, without those that a later one with the same key replaces and without
// the key without, if that is not empty. It returns the offset behind the map.
func (r *Projector) pairs(pos int, without string) (end int) {
	h, _ := ReadHead(r.data, pos)
	base := len(r.member)
	pos = h.Next
	for range h.Len {
		key, _ := ReadHead(r.data, pos)
		value := r.behind(pos, -1)
		pos = r.behind(value, -1)
		if key.Type != Str && key.Type != Bin {
			continue
		}
		m := pairAt{key: key.Next, keyEnd: key.Next + key.Len, value: value}
		if without == "" || string(r.data[m.key:m.keyEnd]) != without {
			r.member = append(r.member, m)
		}
	}
	r.withoutReplaced(base)
	return pos
}

// withoutReplaced takes off the members from base on that a later one replaces.
func (r *Projector) withoutReplaced(base int) {
	list := r.member[base:]
	const searchedByHash = 16
	if len(list) < 2 {
		return
	}
	replaced := false
	if len(list) < searchedByHash {
		for i := range list {
			for j := i + 1; j < len(list) && list[i].value >= 0; j++ {
				if r.sameKey(list[i], list[j]) {
					list[i].value, replaced = -1, true
				}
			}
		}
	} else {
		replaced = r.markReplaced(list)
	}
	if !replaced {
		return
	}
	kept := base
	for _, m := range list {
		if m.value >= 0 {
			r.member[kept] = m
			kept++
		}
	}
	r.member = r.member[:kept]
}

func (r *Projector) sameKey(a, b pairAt) bool {
	return a.keyEnd-a.key == b.keyEnd-b.key && string(r.data[a.key:a.keyEnd]) == string(r.data[b.key:b.keyEnd])
}

// markReplaced gives members that a later one replaces a value of -1, by a table of hashes: a hostile map may have very many.
func (r *Projector) markReplaced(list []pairAt) (replaced bool) {
	size := 64
	for size < 2*len(list) {
		size *= 2
	}
	if cap(r.table) < size {
		r.table = make([]int32, size)
	}
	slots := r.table[:size]
	clear(slots)
	for i := len(list) - 1; i >= 0; i-- {
		at := hashWhole(r.data[list[i].key:list[i].keyEnd]) & uint32(size-1) //nolint:gosec // a power of two
		for slots[at] != 0 && !r.sameKey(list[slots[at]-1], list[i]) {
			at = (at + 1) & uint32(size-1) //nolint:gosec // a power of two
		}
		if slots[at] != 0 {
			list[i].value, replaced = -1, true
		} else {
			slots[at] = int32(i + 1) //nolint:gosec // fewer than that
		}
	}
	return replaced
}

// hashWhole looks at every byte.
func hashWhole(key []byte) uint32 {
	h := uint64(len(key))
	for len(key) >= 8 {
		h = (h ^ binary.LittleEndian.Uint64(key)) * 0x9e3779b97f4a7c15
		h ^= h >> 29
		key = key[8:]
	}
	for _, c := range key {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	h *= 0xe7037ed1a0b428db
	return uint32(h >> 32)
}
