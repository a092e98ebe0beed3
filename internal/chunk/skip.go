package chunk

import "encoding/binary"

// Skip returns the offset after the msgpack value at pos, whatever its depth. It is the bare walk against which the cost of everything else
// is measured: one loop, no recursion, no allocation. ok is false where the value is cut short or holds the unused byte 0xc1.
//
//nolint:cyclop,funlen // one flat loop is what makes it fast
func Skip(data []byte, pos int) (end int, ok bool) {
	// Values still to be walked over. Every value takes a byte at least, so more of them than bytes left means that data is cut short; that
	// also keeps the sum of hostile lengths from overflowing.
	left := 1
	if pos < 0 {
		return 0, false
	}
	for left > 0 {
		if pos >= len(data) {
			return 0, false
		}
		left--
		c := data[pos]
		pos++
		if c-0xa0 < 0x20 { // fixstr
			pos += int(c & 0x1f)
			continue
		}
		if c == 0xd9 { // str8
			if pos >= len(data) {
				return 0, false
			}
			pos += 1 + int(data[pos])
			continue
		}
		switch c {
		case 0xc0, 0xc2, 0xc3: // nil, booleans
		case 0xc1:
			return 0, false
		case 0xcc, 0xd0: // 8 bits
			pos++
		case 0xcd, 0xd1, 0xd4: // 16 bits, fixext 1
			pos += 2
		case 0xd5:
			pos += 3
		case 0xca, 0xce, 0xd2: // 32 bits
			pos += 4
		case 0xd6:
			pos += 5
		case 0xcb, 0xcf, 0xd3: // 64 bits
			pos += 8
		case 0xd7:
			pos += 9
		case 0xd8:
			pos += 17
		case 0xc4, 0xc7: // bin8, ext8
			if pos >= len(data) {
				return 0, false
			}
			pos += 1 + int(data[pos])
			if c == 0xc7 {
				pos++
			}
		case 0xc5, 0xda, 0xc8: // bin16, str16, ext16
			if pos+2 > len(data) {
				return 0, false
			}
			pos += 2 + int(binary.BigEndian.Uint16(data[pos:]))
			if c == 0xc8 {
				pos++
			}
		case 0xc6, 0xdb, 0xc9: // bin32, str32, ext32
			if pos+4 > len(data) {
				return 0, false
			}
			pos += 4 + int(binary.BigEndian.Uint32(data[pos:]))
			if c == 0xc9 {
				pos++
			}
		case 0xdc, 0xde: // array16, map16
			if pos+2 > len(data) {
				return 0, false
			}
			left += int(binary.BigEndian.Uint16(data[pos:])) << (c >> 1 & 1)
			pos += 2
		case 0xdd, 0xdf: // array32, map32
			if pos+4 > len(data) {
				return 0, false
			}
			left += int(binary.BigEndian.Uint32(data[pos:])) << (c >> 1 & 1)
			pos += 4
		default:
			switch {
			case c <= 0x7f || c >= 0xe0: // fixint
			case c <= 0x8f: // fixmap
				left += 2 * int(c&0x0f)
			default: // fixarray
				left += int(c & 0x0f)
			}
		}
		if left > len(data)-pos {
			return 0, false
		}
	}
	return pos, pos <= len(data)
}
