package chunk

// Skip returns the offset after the msgpack value at pos, whatever its depth. It is the bare walk against which the cost of everything else
// is measured: one loop, no recursion, no allocation. ok is false where the value is cut short or holds the unused byte 0xc1.
//
//nolint:cyclop // one flat loop is what makes it fast
func Skip(data []byte, pos int) (end int, ok bool) {
	// Values still to be walked over. Every value takes a byte at least, so more of them than bytes left means that data is cut short; that
	// also keeps the sum of hostile lengths from overflowing.
	left := 1
	for left > 0 {
		if pos >= len(data) || pos < 0 {
			return 0, false
		}
		left--
		c := data[pos]
		switch {
		case c >= 0xa0 && c <= 0xbf: // fixstr
			pos += 1 + int(c&0x1f)
		case c <= 0x7f || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3: // fixint, nil, booleans
			pos++
		case c == 0xd9: // str8
			if pos+1 >= len(data) {
				return 0, false
			}
			pos += 2 + int(data[pos+1])
		case c <= 0x8f: // fixmap
			left += 2 * int(c&0x0f)
			pos++
		case c <= 0x9f: // fixarray
			left += int(c & 0x0f)
			pos++
		default:
			h, sound := ReadHead(data, pos)
			if !sound {
				return 0, false
			}
			pos, left = h.after(left)
		}
		if left > len(data)-pos {
			return 0, false
		}
	}
	return pos, pos <= len(data)
}

// after returns where the walk goes on behind the header h, and how many values are left then.
func (h Head) after(left int) (pos, values int) {
	switch h.Type {
	case Map:
		return h.Next, left + 2*h.Len
	case Array:
		return h.Next, left + h.Len
	default:
		return h.Next + h.Len, left
	}
}
