package chunk

import (
	"encoding/binary"
	"math/bits"
)

// keyTable finds the number of a wanted key by its text: a small one by its length, which few keys share, a large one by a hash.
type keyTable struct {
	lengths uint64  // of the keys, one bit each; all long ones are one
	few     []int32 // the numbers, in the order of the lengths; nil in a large table
	starts  []uint8 // few: where each length begins
	slots   []int32 // 1 + number; 0: free
	mask    uint32
}

// Limits of a small table.
const (
	mostFew = 32
	lengths = 64
)

func newKeyTable(keys []wanted, first int) keyTable {
	var t keyTable
	for _, k := range keys[first:] {
		t.lengths |= lengthBit(len(k.key))
	}
	switch n := len(keys) - first; {
	case n == 0:
	case n <= mostFew:
		t.byLength(keys, first)
	default:
		t.byHash(keys, first)
	}
	return t
}

// lengthBit stands for a length in a set of lengths.
func lengthBit(n int) uint64 { return 1 << min(n, lengths-1) }

func (t *keyTable) byLength(keys []wanted, first int) {
	t.starts = make([]uint8, lengths+1)
	for n := range lengths {
		t.starts[n] = uint8(len(t.few)) //nolint:gosec // 32 at most
		for k := first; k < len(keys); k++ {
			if min(len(keys[k].key), lengths-1) == n {
				t.few = append(t.few, int32(k)) //nolint:gosec // fewer than that
			}
		}
	}
	t.starts[lengths] = uint8(len(t.few)) //nolint:gosec // 32 at most
}

func (t *keyTable) byHash(keys []wanted, first int) {
	size := 4
	for size < 2*(len(keys)-first) {
		size *= 2
	}
	t.slots, t.mask = make([]int32, size), uint32(size-1) //nolint:gosec // fewer than that
	for k := first; k < len(keys); k++ {
		i := hashKey([]byte(keys[k].key)) & t.mask
		for t.slots[i] != 0 {
			i = (i + 1) & t.mask
		}
		t.slots[i] = int32(k + 1) //nolint:gosec // fewer than that
	}
}

// empty reports whether the table has no keys.
func (t *keyTable) empty() bool { return t.lengths == 0 }

// find returns the number of the key, or -1.
func (t *keyTable) find(keys []wanted, key []byte) int32 {
	if t.lengths&lengthBit(len(key)) == 0 {
		return -1
	}
	if t.few != nil {
		n := min(len(key), lengths-1)
		for _, k := range t.few[t.starts[n]:t.starts[n+1]] {
			if string(key) == keys[k].key {
				return k
			}
		}
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
	n := len(key)
	if n >= 8 {
		first, last = binary.LittleEndian.Uint64(key), binary.LittleEndian.Uint64(key[n-8:])
	} else {
		for i, c := range key {
			first |= uint64(c) << (8 * i)
		}
	}
	h := (first ^ bits.RotateLeft64(last, 29) ^ uint64(n)) * 0x9e3779b97f4a7c15
	return uint32(h >> 40)
}
