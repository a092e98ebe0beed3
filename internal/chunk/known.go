package chunk

import (
	"encoding/binary"
	"strings"
)

// known are the keys that records have had, each with the keys that came behind it: records of one kind have the same keys in the same order, so that
// a key is most often found by comparing it with one or two.
type known struct {
	keys  []knownKey // the first stands for the beginning of a record
	table []int32    // 1 + index
	// luck is below 0 where keys have no order, so that it is no use to guess.
	luck int
}

// How often the guess must have been right, or wrong, before that changes; a wrong one counts more.
const (
	mostLuck  = 64
	wrongLuck = 4
)

// knownKey is a key as it stands in records, header and all.
type knownKey struct {
	raw string
	// first, middle and last are eight bytes of it each, the middle ones at middleAt: together all of it, up to 24.
	first, middle, last uint64
	middleAt            int
	top                 int32 // where the place of its value is noted
	then                [2]int32
	dotted              bool  // wanted, and with a dot in it
	memo                *memo // of its values, where that is worth while
}

// Limits of what is remembered: how many keys, and how long ones.
const (
	mostKnown    = 512
	longestKnown = 64
)

func newKnown() known {
	return known{keys: append(make([]knownKey, 0, 64), knownKey{}), table: make([]int32, 2*mostKnown)}
}

// begins reports whether rest begins with the key. It is exact.
func (k *knownKey) begins(rest []byte) bool {
	n := len(k.raw)
	if n < 8 || n > len(rest) {
		return n > 0 && n <= len(rest) && string(rest[:n]) == k.raw
	}
	return (binary.LittleEndian.Uint64(rest)^k.first)|(binary.LittleEndian.Uint64(rest[n-8:])^k.last)|(binary.LittleEndian.Uint64(rest[k.middleAt:])^k.middle) == 0 &&
		(n <= 24 || string(rest[:n]) == k.raw)
}

// other finds the known key with which rest begins, behind the known key last, where that is not the one that stood there most recently, or where
// guessing is no use.
func (k *known) other(rest []byte, last int32, now *int32) bool {
	then := &k.keys[last].then
	if k.luck < 0 {
		*now = k.find(rest)
		if *now == then[0] {
			k.luck++
		} else {
			k.luck = max(k.luck-1, -mostLuck)
			then[0] = *now
		}
		return *now > 0
	}
	if second := then[1]; k.keys[second].begins(rest) {
		then[0], then[1] = second, then[0]
		*now = second
		return true
	}
	found := k.find(rest)
	if found == 0 {
		return false
	}
	if k.luck -= wrongLuck; k.luck < 0 {
		k.luck = -mostLuck
	}
	k.follow(last, found)
	*now = found
	return true
}

// find returns the known key with which rest begins, if it is one with the shortest header; else 0.
func (k *known) find(rest []byte) int32 {
	if len(rest) == 0 || rest[0]-0xa0 >= 0x20 {
		return 0
	}
	n := 1 + int(rest[0]&0x1f)
	if n > len(rest) {
		return 0
	}
	for i := hashKey(rest[:n]) & (2*mostKnown - 1); k.table[i] != 0; i = (i + 1) & (2*mostKnown - 1) {
		if now := k.table[i] - 1; k.keys[now].begins(rest) {
			return now
		}
	}
	return 0
}

// look reads a key that is not known by its first bytes. It returns where the place of its value is noted; the known key that it is or becomes, or 0; and
// where its value stands.
func (r *Projector) look(pos int, last int32) (top, now int32, at int, ok bool) {
	h, ok := ReadHead(r.data, pos)
	if !ok {
		return 0, 0, 0, false
	}
	if h.Type != Str && h.Type != Bin {
		at, ok = Skip(r.data, pos)
		return r.placeOf(-1), 0, at, ok
	}
	at = h.Next + h.Len
	raw := r.data[pos:at]
	if len(raw) > longestKnown {
		return r.unknown(r.p.all.nodes[0].keys.find(r.p.all.keys, h.Content(r.data)), raw), 0, at, true
	}
	k := &r.known
	i := hashKey(raw) & (2*mostKnown - 1)
	for ; k.table[i] != 0; i = (i + 1) & (2*mostKnown - 1) {
		if now = k.table[i] - 1; k.keys[now].raw == string(raw) {
			k.follow(last, now)
			return k.keys[now].top, now, at, true
		}
	}
	top = r.p.all.nodes[0].keys.find(r.p.all.keys, h.Content(r.data))
	if len(k.keys) >= mostKnown {
		return r.unknown(top, raw), 0, at, true
	}
	now = int32(len(k.keys)) //nolint:gosec // 512 at most
	k.keys = append(k.keys, r.newKnownKey(string(raw), top))
	k.table[i] = now + 1
	k.follow(last, now)
	return r.placeOf(top), now, at, true
}

// unknown returns where the place of the value of a key is noted that does not become known.
func (r *Projector) unknown(top int32, raw []byte) int32 {
	r.dotted = r.dotted || isDotted(top, string(raw))
	return r.placeOf(top)
}

func isDotted(top int32, raw string) bool { return top >= 0 && strings.Contains(raw, ".") }

// placeOf returns where the place of a key's value is noted: keys that are not wanted have one together, so that no branch need tell them apart.
func (r *Projector) placeOf(top int32) int32 {
	if top < 0 {
		return int32(r.p.tops) //nolint:gosec // fewer than that
	}
	return top
}

func (r *Projector) newKnownKey(raw string, top int32) knownKey {
	k := knownKey{raw: raw, top: r.placeOf(top), dotted: isDotted(top, raw)}
	if len(raw) >= 8 {
		b := []byte(raw)
		k.middleAt = min(8, len(b)-8)
		k.first, k.middle, k.last = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[k.middleAt:]), binary.LittleEndian.Uint64(b[len(b)-8:])
	}
	if top >= 0 && r.p.remembered[top] {
		k.memo = r.newMemo()
	}
	return k
}

// follow notes that now came behind last.
func (k *known) follow(last, now int32) {
	then := &k.keys[last].then
	then[0], then[1] = now, then[0]
}
