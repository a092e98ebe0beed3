package rulegen

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// shapes counts what records are made of.
type shapes map[string]int

// value notes what stands at pos, and returns where it ends.
func (s shapes) value(data []byte, pos, depth int) int {
	h, _ := chunk.ReadHead(data, pos)
	if c := data[pos]; c >= 0xc0 && c <= 0xdf {
		s[fmt.Sprintf("header %x", c)]++
	}
	if depth > record.MaxDepth {
		s["too deep"]++
	}
	switch h.Type {
	case chunk.Str, chunk.Bin, chunk.Ext:
		if h.Len > math.MaxUint16 {
			s["beyond 16 bits"]++
		}
		return h.Next + h.Len
	case chunk.Array, chunk.Map:
		if h.Len == 0 {
			s["empty container"]++
		}
		if h.Type == chunk.Map {
			return s.members(data, h, depth)
		}
		pos = h.Next
		for range h.Len {
			pos = s.value(data, pos, depth+1)
		}
		return pos
	case chunk.Float:
		if f := h.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			s["NaN or infinity"]++
		}
	}
	return h.Next
}

func (s shapes) members(data []byte, h chunk.Head, depth int) int {
	seen := make(map[string]bool)
	pos := h.Next
	for range h.Len {
		key, _ := chunk.ReadHead(data, pos)
		value, _ := chunk.Skip(data, pos)
		pos = s.value(data, pos, depth+1)
		if key.Type != chunk.Str {
			s[fmt.Sprintf("key of type %d", key.Type)]++
		} else {
			s.key(string(key.Content(data)), data, value, depth, seen)
		}
		pos = s.value(data, pos, depth+1)
	}
	return pos
}

// key notes a key that is a text, whose value is at pos.
func (s shapes) key(name string, data []byte, pos, depth int, seen map[string]bool) {
	switch {
	case seen[name] && depth == 0:
		s["duplicate key "+name]++
		s["duplicate key"]++
	case seen[name]:
		s["inner duplicate key"]++
	}
	seen[name] = true
	switch name {
	case "requestParameters.a", "a.b", "b.c", "a.b.c", "list.x", "userIdentity.type", "requestParameters.list.x":
		s["dotted key "+name]++
	case "eventName", "userIdentity", "requestParameters":
		h, _ := chunk.ReadHead(data, pos)
		s[fmt.Sprintf("%s of type %d", name, h.Type)]++
	}
}

// TestShapes holds that records take every shape that a sender may give them.
func TestShapes(t *testing.T) {
	got := make(shapes)
	const many = 20_000
	for seed := range uint64(many) {
		got.value(RecordFromBytes(Seed(seed)), 0, 0)
	}
	wanted := []string{
		"too deep", "beyond 16 bits", "empty container", "NaN or infinity", "duplicate key eventName", "duplicate key userIdentity", "inner duplicate key",
		"dotted key requestParameters.a", "dotted key a.b", "dotted key b.c", "dotted key a.b.c", "dotted key list.x", "dotted key userIdentity.type",
	}
	for c := 0xc0; c <= 0xdf; c++ {
		switch c {
		case 0xc1, 0xc8, 0xc9, 0xd5, 0xd6, 0xd8: // unused, and extensions of other lengths
		default:
			wanted = append(wanted, fmt.Sprintf("header %x", c))
		}
	}
	for _, of := range []string{"eventName", "userIdentity", "requestParameters"} {
		for _, kind := range []chunk.Type{chunk.Nil, chunk.Bool, chunk.Int, chunk.Str, chunk.Array, chunk.Map} {
			wanted = append(wanted, fmt.Sprintf("%s of type %d", of, kind))
		}
	}
	for _, kind := range []chunk.Type{chunk.Nil, chunk.Bool, chunk.Int, chunk.Float, chunk.Bin, chunk.Array, chunk.Map, chunk.Ext} {
		wanted = append(wanted, fmt.Sprintf("key of type %d", kind))
	}
	for _, shape := range wanted {
		if got[shape] == 0 {
			t.Errorf("no record has %s", shape)
		}
	}
	for _, shape := range slices.Sorted(maps.Keys(got)) {
		t.Logf("%-32s %7d", shape, got[shape])
	}
}
