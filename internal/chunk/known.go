package chunk

import (
	"encoding/binary"
	"strings"
)

// known are the keys that records have had, each with the keys that came behind it: records of one kind have the same keys in the same order, so that
// a key is most often found by comparing it with one or two.
type known struct {
	begin *knownKey   // stands for the beginning of a record, and for keys that are not known
	keys  []*knownKey // behind begin
	table []int32     // 1 + index
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
	// size is the length of raw where that is within a window, else 0; then first, middle and last are what the window holds under the masks.
	size                int
	first, middle, last uint64
	maskMiddle, maskEnd uint64
	top                 int32 // where the place of its value is noted
	apart               bool  // it is dotted, or has a memo
	dotted              bool  // wanted, and with a dot in it
	then                [2]*knownKey
	memo                *memo // of its values, where that is worth while
}

// Limits of what is remembered: how many keys, and how long ones.
const (
	mostKnown    = 512
	longestKnown = 64
)

// window is how many bytes are compared at once.
const window = 24

func newKnown() known {
	k := known{begin: newKnownKey(""), keys: make([]*knownKey, 0, 64), table: make([]int32, 2*mostKnown)}
	k.begin.then = [2]*knownKey{k.begin, k.begin}
	return k
}

// newKnownKey returns a key of which it is known how it begins.
func newKnownKey(raw string) *knownKey {
	k := &knownKey{raw: raw}
	if len(raw) < 8 || len(raw) > window {
		return k
	}
	var b, m [window]byte
	copy(b[:], raw)
	for i := range raw {
		m[i] = 0xff
	}
	k.size = len(raw)
	k.first, k.middle, k.last = binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:])
	k.maskMiddle, k.maskEnd = binary.LittleEndian.Uint64(m[8:]), binary.LittleEndian.Uint64(m[16:])
	return k
}

// fits reports whether a window begins with the key, which must have a size.
func (k *knownKey) fits(w []byte) bool {
	_ = w[window-1]
	return (binary.LittleEndian.Uint64(w)^k.first)|(binary.LittleEndian.Uint64(w[8:])&k.maskMiddle^k.middle)|(binary.LittleEndian.Uint64(w[16:])&k.maskEnd^k.last) == 0
}

// begins reports whether rest begins with the key. It is exact.
func (k *knownKey) begins(rest []byte) bool {
	if k.size > 0 && len(rest) >= window {
		return k.fits(rest)
	}
	n := len(k.raw)
	return n > 0 && n <= len(rest) && string(rest[:n]) == k.raw
}

// other finds the known key with which rest begins, behind the key last, where that is not the one that stood there most recently, or where guessing is no
// use; nil where there is none.
func (k *known) other(rest []byte, last *knownKey) *knownKey {
	if k.luck < 0 {
		found := k.find(rest)
		if found == last.then[0] {
			k.luck++
		} else {
			k.luck = max(k.luck-1, -mostLuck)
			if found != nil {
				last.then[0] = found
			}
		}
		return found
	}
	if second := last.then[1]; second.begins(rest) {
		last.then[0], last.then[1] = second, last.then[0]
		return second
	}
	found := k.find(rest)
	if found == nil {
		return nil
	}
	if k.luck -= wrongLuck; k.luck < 0 {
		k.luck = -mostLuck
	}
	last.follow(found)
	return found
}

// find returns the known key with which rest begins, if it is one with the shortest header; else nil.
func (k *known) find(rest []byte) *knownKey {
	if len(rest) == 0 || rest[0]-0xa0 >= 0x20 {
		return nil
	}
	n := 1 + int(rest[0]&0x1f)
	if n > len(rest) {
		return nil
	}
	for i := hashKey(rest[:n]) & (2*mostKnown - 1); k.table[i] != 0; i = (i + 1) & (2*mostKnown - 1) {
		if key := k.keys[k.table[i]-1]; key.begins(rest) {
			return key
		}
	}
	return nil
}

// look reads a key that is not known by its first bytes. It returns where the place of its value is noted; the known key that it is or becomes, or begin;
// and where its value stands.
func (r *Projector) look(pos int, last *knownKey) (top int32, now *knownKey, at int, ok bool) {
	k := &r.known
	h, ok := ReadHead(r.data, pos)
	if !ok {
		return 0, nil, 0, false
	}
	if h.Type != Str && h.Type != Bin {
		at, ok = Skip(r.data, pos)
		return r.placeOf(-1), k.begin, at, ok
	}
	at = h.Next + h.Len
	raw := r.data[pos:at]
	if len(raw) > longestKnown {
		return r.unknown(r.p.all.nodes[0].keys.find(r.p.all.keys, h.Content(r.data)), raw), k.begin, at, true
	}
	i := hashKey(raw) & (2*mostKnown - 1)
	for ; k.table[i] != 0; i = (i + 1) & (2*mostKnown - 1) {
		if now = k.keys[k.table[i]-1]; now.raw == string(raw) {
			last.follow(now)
			return now.top, now, at, true
		}
	}
	top = r.p.all.nodes[0].keys.find(r.p.all.keys, h.Content(r.data))
	if len(k.keys) >= mostKnown {
		return r.unknown(top, raw), k.begin, at, true
	}
	now = r.newKey(string(raw), top)
	k.keys = append(k.keys, now)
	k.table[i] = int32(len(k.keys)) //nolint:gosec // 512 at most
	last.follow(now)
	return now.top, now, at, true
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

// newKey returns a key that becomes known.
func (r *Projector) newKey(raw string, top int32) *knownKey {
	k := newKnownKey(raw)
	k.top, k.dotted, k.then = r.placeOf(top), isDotted(top, raw), [2]*knownKey{r.known.begin, r.known.begin}
	if top >= 0 && r.p.remembered[top] {
		k.memo = r.newMemo()
	}
	k.apart = k.dotted || k.memo != nil
	return k
}

// follow notes that now came behind k.
func (k *knownKey) follow(now *knownKey) { k.then[0], k.then[1] = now, k.then[0] }
