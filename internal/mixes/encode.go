package mixes

import (
	"encoding/binary"
	"math"
	"math/bits"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// appendValue appends a value of a record as the host's encoder does: the shortest form of each.
func appendValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return chunk.AppendStr(dst, v)
	case []any:
		dst = chunk.AppendArrayHeader(dst, len(v))
		for _, e := range v {
			dst = appendValue(dst, e)
		}
		return dst
	case *record.Object:
		dst = chunk.AppendMapHeader(dst, len(v.Members()))
		for _, m := range v.Members() {
			dst = appendValue(chunk.AppendStr(dst, m.Key), m.Value)
		}
		return dst
	case bool:
		if v {
			return append(dst, 0xc3)
		}
		return append(dst, 0xc2)
	case int64:
		return appendInt(dst, v)
	case uint64:
		return binary.BigEndian.AppendUint64(append(dst, 0xcf), v)
	case float64:
		return binary.BigEndian.AppendUint64(append(dst, 0xcb), math.Float64bits(v))
	}
	return append(dst, 0xc0) // null: JSON has nothing else
}

// appendInt appends n in as few bytes as hold it, unsigned where it is not negative.
func appendInt(dst []byte, n int64) []byte {
	if n >= -32 && n <= 127 {
		return append(dst, byte(n)) //nolint:gosec // the byte is the number
	}
	code, size := byte(0xcc), bits.Len64(uint64(n)) //nolint:gosec // only used where n is not negative
	if n < 0 {
		code, size = 0xd0, 1+bits.Len64(uint64(^n)) //nolint:gosec // not negative
	}
	for width := 1; ; width *= 2 {
		if size <= 8*width {
			all := binary.BigEndian.AppendUint64(nil, uint64(n)) //nolint:gosec // the bits are the number
			return append(append(dst, code), all[8-width:]...)
		}
		code++
	}
}
