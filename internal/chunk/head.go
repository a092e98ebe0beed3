// Package chunk knows the msgpack that Fluent Bit hands to a plugin: how events are framed in a chunk, how to walk over their values
// without copying any, and how to splice pairs into a body while every other byte stays as it came. All input is borrowed for the call,
// read-only and untrusted: nothing here reads out of bounds, recurses over it or allocates for it. It knows nothing of Sigma or CloudTrail.
package chunk

import (
	"encoding/binary"
	"math"
)

// Type is the kind of one msgpack value.
type Type uint8

// The kinds of msgpack values. Integers are Int when they fit into int64 and Uint above.
const (
	Invalid Type = iota
	Nil
	Bool
	Int
	Uint
	Float
	Str
	Bin
	Array
	Map
	Ext
)

// Head is one decoded msgpack header.
type Head struct {
	Type Type
	// Len is the number of bytes of a Str, Bin or Ext, of elements of an Array, of pairs of a Map.
	Len int
	// Bits holds a scalar: 0 or 1 of a Bool, the two's complement of an Int, a Uint, or the IEEE 754 bits (64) of a Float.
	Bits uint64
	// ExtType is the application's type number of an Ext.
	ExtType int8
	// Next is the offset after the header: of the content of Str, Bin and Ext, of the first element of an Array or Map, of the next value
	// after a scalar.
	Next int
}

// Int returns the value of an Int.
func (h Head) Int() int64 { return int64(h.Bits) } //nolint:gosec // the bits are the number

// Float returns the value of a Float.
func (h Head) Float() float64 { return math.Float64frombits(h.Bits) }

// Content returns the bytes of a Str, Bin or Ext whose header was read from data; it is a part of data.
func (h Head) Content(data []byte) []byte { return data[h.Next : h.Next+h.Len] }

// ReadHead decodes the msgpack header at pos. ok is false where data ends too early (for Str, Bin and Ext also inside the content) or the
// byte is the unused 0xc1. Arrays and maps may still be cut short: Skip finds out.
func ReadHead(data []byte, pos int) (h Head, ok bool) {
	if pos < 0 || pos >= len(data) {
		return Head{}, false
	}
	c := data[pos]
	switch {
	case c <= 0x7f:
		return Head{Type: Int, Bits: uint64(c), Next: pos + 1}, true
	case c >= 0xe0:
		return Head{Type: Int, Bits: uint64(int64(int8(c))), Next: pos + 1}, true //nolint:gosec // sign extension is meant
	case c <= 0x8f:
		return Head{Type: Map, Len: int(c & 0x0f), Next: pos + 1}, true
	case c <= 0x9f:
		return Head{Type: Array, Len: int(c & 0x0f), Next: pos + 1}, true
	case c <= 0xbf:
		return sized(data, Head{Type: Str, Len: int(c & 0x1f), Next: pos + 1})
	}
	return readWideHead(data, pos, c)
}

// readWideHead decodes the headers 0xc0 to 0xdf.
func readWideHead(data []byte, pos int, c byte) (Head, bool) {
	switch c {
	case 0xc0:
		return Head{Type: Nil, Next: pos + 1}, true
	case 0xc1:
		return Head{}, false
	case 0xc2, 0xc3:
		return Head{Type: Bool, Bits: uint64(c & 1), Next: pos + 1}, true
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8:
		return readExt(data, pos+1, 1<<(c-0xd4))
	}
	width := wideWidth(c)
	bits, ok := bigEndian(data, pos+1, width)
	if !ok {
		return Head{}, false
	}
	next := pos + 1 + width
	switch c {
	case 0xc4, 0xc5, 0xc6:
		return sized(data, Head{Type: Bin, Len: int(bits), Next: next}) //nolint:gosec // at most 32 bits
	case 0xc7, 0xc8, 0xc9:
		return readExt(data, next, int(bits)) //nolint:gosec // at most 32 bits
	case 0xca:
		return Head{Type: Float, Bits: math.Float64bits(float64(math.Float32frombits(uint32(bits)))), Next: next}, true //nolint:gosec // 32 bits
	case 0xcb:
		return Head{Type: Float, Bits: bits, Next: next}, true
	case 0xcc, 0xcd, 0xce, 0xcf:
		return Head{Type: unsignedType(bits), Bits: bits, Next: next}, true
	case 0xd0, 0xd1, 0xd2, 0xd3:
		shift := 64 - 8*width
		return Head{Type: Int, Bits: uint64(int64(bits<<shift) >> shift), Next: next}, true //nolint:gosec // sign extension is meant
	case 0xd9, 0xda, 0xdb:
		return sized(data, Head{Type: Str, Len: int(bits), Next: next}) //nolint:gosec // at most 32 bits
	case 0xdc, 0xdd:
		return Head{Type: Array, Len: int(bits), Next: next}, true //nolint:gosec // at most 32 bits
	default: // 0xde, 0xdf
		return Head{Type: Map, Len: int(bits), Next: next}, true //nolint:gosec // at most 32 bits
	}
}

// wideWidth returns how many bytes of length or number follow the header c.
func wideWidth(c byte) int {
	switch c {
	case 0xc4, 0xc7, 0xcc, 0xd0, 0xd9:
		return 1
	case 0xc5, 0xc8, 0xcd, 0xd1, 0xda, 0xdc, 0xde:
		return 2
	case 0xcb, 0xcf, 0xd3:
		return 8
	default:
		return 4
	}
}

func unsignedType(bits uint64) Type {
	if bits > math.MaxInt64 {
		return Uint
	}
	return Int
}

// readExt decodes what follows the length of an extension: its type number, then size bytes.
func readExt(data []byte, pos, size int) (Head, bool) {
	if pos >= len(data) {
		return Head{}, false
	}
	return sized(data, Head{Type: Ext, Len: size, ExtType: int8(data[pos]), Next: pos + 1}) //nolint:gosec // type numbers are signed
}

// sized checks that the content of h lies within data.
func sized(data []byte, h Head) (Head, bool) {
	if h.Len > len(data)-h.Next {
		return Head{}, false
	}
	return h, true
}

func bigEndian(data []byte, pos, width int) (uint64, bool) {
	if width > len(data)-pos {
		return 0, false
	}
	b := data[pos : pos+width]
	switch width {
	case 1:
		return uint64(b[0]), true
	case 2:
		return uint64(binary.BigEndian.Uint16(b)), true
	case 4:
		return uint64(binary.BigEndian.Uint32(b)), true
	default:
		return binary.BigEndian.Uint64(b), true
	}
}
