package rulegen

import (
	"encoding/binary"
	"math"
	"math/bits"

	"sigmatrail/internal/record"
)

// encoder writes values as msgpack. A tidy one takes the shortest header of each, as Fluent Bit does, so that equal values are equal bytes;
// else some headers are wider than they need be, and some texts are bin.
type encoder struct {
	choices
	tidy bool
}

// extra returns how many steps wider than necessary a header is.
func (e encoder) extra() int {
	if e.tidy || !e.percent(15) {
		return 0
	}
	return 1 + e.next(3)
}

func (e encoder) value(dst []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		if !e.tidy && e.percent(2) {
			return e.bin(dst, v)
		}
		return e.str(dst, v)
	case binaryText:
		return e.bin(dst, string(v))
	case raw:
		return append(dst, v...)
	case []any:
		dst = e.container(dst, len(v), 0x90, 0xdc)
		for _, element := range v {
			dst = e.value(dst, element)
		}
		return dst
	case *object:
		dst = e.container(dst, len(v.members), 0x80, 0xde)
		for _, m := range v.members {
			dst = e.value(e.value(dst, m.key), m.value)
		}
		return dst
	default:
		return e.scalar(dst, v)
	}
}

// scalar writes what has no length.
func (e encoder) scalar(dst []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		if v {
			return append(dst, 0xc3)
		}
		return append(dst, 0xc2)
	case int64:
		return e.integer(dst, v)
	case uint64:
		return binary.BigEndian.AppendUint64(append(dst, 0xcf), v)
	case float32:
		return binary.BigEndian.AppendUint32(append(dst, 0xca), math.Float32bits(v))
	case float64:
		return binary.BigEndian.AppendUint64(append(dst, 0xcb), math.Float64bits(v))
	default:
		return append(dst, 0xc0)
	}
}

// integer writes n, in one of its signed or unsigned forms.
func (e encoder) integer(dst []byte, n int64) []byte {
	width := e.extra()
	if n >= -32 && n <= 127 {
		if width == 0 {
			return append(dst, byte(n)) //nolint:gosec // the byte is the number
		}
		width-- // 8 bits are one step wider
	}
	signed := n < 0 || (!e.tidy && e.percent(30))
	size := bits.Len64(uint64(n)) //nolint:gosec // not negative where it counts
	if signed {
		size = 1 + bits.Len64(uint64(n^(n>>63))) //nolint:gosec // without its sign
	}
	step := 0 // of 8, 16, 32, 64 bits
	for 8<<step < size {
		step++
	}
	step = min(3, step+width)
	code := 0xcc + step
	if signed {
		code = 0xd0 + step
	}
	return appendBig(append(dst, byte(code)), uint64(n), 1<<step) //nolint:gosec // the bits are the number
}

// appendBig appends the last size bytes of n.
func appendBig(dst []byte, n uint64, size int) []byte {
	return append(dst, binary.BigEndian.AppendUint64(nil, n)[8-size:]...)
}

func (e encoder) str(dst []byte, text string) []byte {
	step := e.extra() // fix, 8, 16, 32 bits
	switch n := len(text); {
	case n > math.MaxUint16:
		step = 3
	case n > math.MaxUint8:
		step = min(3, max(2, step))
	case n > 31:
		step = min(3, max(1, step))
	}
	if step == 0 {
		return append(append(dst, 0xa0|byte(len(text))), text...) //nolint:gosec // 31 at most
	}
	return append(appendSize(append(dst, 0xd8+byte(step)), len(text), step), text...)
}

func (e encoder) bin(dst []byte, text string) []byte {
	step := min(3, 1+e.extra())
	if len(text) > math.MaxUint8 {
		step = 3
	}
	return append(appendSize(append(dst, 0xc3+byte(step)), len(text), step), text...)
}

// appendSize appends a length of 8, 16 or 32 bits, as step says.
func appendSize(dst []byte, n, step int) []byte {
	return appendBig(dst, uint64(n), 1<<(step-1)) //nolint:gosec // lengths are not negative
}

func (e encoder) container(dst []byte, n int, fixed, code byte) []byte {
	step := min(2, e.extra()) // fix, 16, 32 bits
	switch {
	case n > math.MaxUint16:
		step = 2
	case n > 15:
		step = max(1, step)
	}
	if step == 0 {
		return append(dst, fixed|byte(n)) //nolint:gosec // 15 at most
	}
	return appendBig(append(dst, code+byte(step-1)), uint64(n), 2*step) //nolint:gosec // lengths are not negative
}

// jsonText returns v as JSON; duplicate keys stay, keys that are no texts go, and what JSON lacks is null.
func jsonText(dst []byte, v any) []byte {
	switch v := v.(type) {
	case *object:
		dst = append(dst, '{')
		first := true
		for _, m := range v.members {
			key, ok := m.key.(string)
			if !ok {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = jsonText(append(record.AppendJSON(dst, key), ':'), m.value)
		}
		return append(dst, '}')
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = jsonText(dst, e)
		}
		return append(dst, ']')
	}
	return record.AppendJSON(dst, v)
}
