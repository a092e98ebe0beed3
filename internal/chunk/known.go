package chunk

import "encoding/binary"

// known are the keys that records have had, each with the keys that came behind it: records of one kind have the same keys in the same order, so that
// a key is most often found by comparing it with one or two.
type known struct {
	begin *knownKey   // stands for the beginning of a record, and for keys that are not known
	table []*knownKey // by hash, with open addressing: twice as many as there may be keys
	count int
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
	// size is the length of raw where that is within a window, else 0; then words are what the window holds under the masks.
	size         int
	words, masks [window / 8]uint64
	top          int32 // where the place of its value is noted
	apart        bool  // it is dotted, or has a memo
	dotted       bool  // wanted, and with a dot in it
	then         [2]*knownKey
	memo         *memo // of its values, where that is worth while
}

// Limits of what is remembered: how many keys, and how long ones.
const (
	mostKnown    = 512
	longestKnown = 64
)

// window is how many bytes are compared at once.
const window = 32

func newKnown(most int) known {
	k := known{begin: newKnownKey(""), table: make([]*knownKey, 2*most)}
	k.begin.then = [2]*knownKey{k.begin, k.begin}
	return k
}

// newKnownKey returns a key of which it is known how it begins.
func newKnownKey(raw string) *knownKey {
	k := &knownKey{raw: raw}
	if len(raw) > window {
		return k
	}
	var b, m [window]byte
	k.size = copy(b[:], raw)
	for i := range k.size {
		m[i] = 0xff
	}
	for i := range k.words {
		k.words[i], k.masks[i] = binary.LittleEndian.Uint64(b[8*i:]), binary.LittleEndian.Uint64(m[8*i:])
	}
	return k
}

// fits reports whether a window begins with the key, which must have a size.
func (k *knownKey) fits(w []byte) bool {
	_ = w[window-1]
	return (binary.LittleEndian.Uint64(w)&k.masks[0]^k.words[0])|(binary.LittleEndian.Uint64(w[8:])&k.masks[1]^k.words[1])|
		(binary.LittleEndian.Uint64(w[16:])&k.masks[2]^k.words[2])|(binary.LittleEndian.Uint64(w[24:])&k.masks[3]^k.words[3]) == 0
}

// begins reports whether rest begins with the key. It is exact.
func (k *knownKey) begins(rest []byte) bool {
	if k.size > 0 && len(rest) >= window {
		return k.fits(rest)
	}
	n := len(k.raw)
	return n > 0 && n <= len(rest) && string(rest[:n]) == k.raw
}

// other finds the known key with which rest begins, behind the key last, where that is not the one that stood there most recently; nil where there is none.
func (k *known) other(rest []byte, last *knownKey) *knownKey {
	if second := last.then[1]; second.begins(rest) {
		last.then[0], last.then[1] = second, last.then[0]
		return second
	}
	found := k.find(rest)
	if found == nil {
		return nil
	}
	k.unlucky()
	last.follow(found)
	return found
}

// unlucky notes that a guess was wrong.
func (k *known) unlucky() {
	if k.luck -= wrongLuck; k.luck < 0 {
		k.luck = -mostLuck
	}
}

// walked notes that a map of so many keys was walked over. Where keys have no order it is tried again after a while.
func (k *known) walked(n int) {
	if k.luck < 0 {
		k.luck++
	} else {
		k.luck = min(k.luck+n, mostLuck)
	}
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
	for i := k.slot(rest[:n]); ; i++ {
		key := k.table[i&(len(k.table)-1)]
		if key == nil || key.begins(rest) {
			return key
		}
	}
}

// slot returns where the search for a key begins.
func (k *known) slot(raw []byte) int { return int(hashKey(raw)) }

// findLong returns the known key raw, whatever its header.
func (k *known) findLong(raw []byte) *knownKey {
	for i := k.slot(raw); ; i++ {
		key := k.table[i&(len(k.table)-1)]
		if key == nil || key.raw == string(raw) {
			return key
		}
	}
}

// full reports whether as many keys are known as there may be.
func (k *known) full() bool { return 2*k.count >= len(k.table) }

// learn makes raw, of which find knows nothing, a known key behind last; there must be room.
func (k *known) learn(raw []byte, last *knownKey) *knownKey {
	i := k.slot(raw)
	for k.table[i&(len(k.table)-1)] != nil {
		i++
	}
	key := newKnownKey(string(raw))
	k.count++
	k.table[i&(len(k.table)-1)] = key
	key.then = [2]*knownKey{k.begin, k.begin}
	last.follow(key)
	return key
}

// follow notes that now came behind k.
func (k *knownKey) follow(now *knownKey) { k.then[0], k.then[1] = now, k.then[0] }
