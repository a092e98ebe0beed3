package chunk

import "encoding/binary"

// AppendMapHeader appends the shortest header of a map with n pairs.
func AppendMapHeader(dst []byte, n int) []byte {
	if n <= 15 {
		return append(dst, 0x80|byte(n)) //nolint:gosec // 15 at most
	}
	return appendLength(dst, 0xde, n)
}

// AppendMap appends a map of pairs.
func AppendMap(dst []byte, pairs []Pair) []byte {
	return appendPairs(AppendMapHeader(dst, len(pairs)), pairs)
}

// AppendArrayHeader appends the shortest header of an array with n elements.
func AppendArrayHeader(dst []byte, n int) []byte {
	if n <= 15 {
		return append(dst, 0x90|byte(n)) //nolint:gosec // 15 at most
	}
	return appendLength(dst, 0xdc, n)
}

// AppendStr appends text with the shortest header.
func AppendStr[T string | []byte](dst []byte, text T) []byte {
	return append(AppendStrHeader(dst, len(text)), text...)
}

// AppendStrHeader appends what stands before a text of n bytes.
func AppendStrHeader(dst []byte, n int) []byte {
	switch {
	case n <= 31:
		return append(dst, 0xa0|byte(n)) //nolint:gosec // just compared
	case n <= 0xff:
		return append(dst, 0xd9, byte(n))
	default:
		return appendLength(dst, 0xda, n)
	}
}

// AppendBin appends data as binary with the shortest header.
func AppendBin(dst, data []byte) []byte {
	if n := len(data); n <= 0xff {
		dst = append(dst, 0xc4, byte(n))
	} else {
		dst = appendLength(dst, 0xc5, n)
	}
	return append(dst, data...)
}

// appendLength appends the header code with a length of 16 bits, or the one after it with 32.
func appendLength(dst []byte, code byte, n int) []byte {
	if n <= 0xffff {
		return binary.BigEndian.AppendUint16(append(dst, code), uint16(n)) //nolint:gosec // just compared
	}
	return binary.BigEndian.AppendUint32(append(dst, code+1), uint32(n)) //nolint:gosec // msgpack has no longer ones; callers' texts are short
}

// strSize returns how many bytes AppendStr appends.
func strSize(text string) int {
	switch n := len(text); {
	case n <= 31:
		return 1 + n
	case n <= 0xff:
		return 2 + n
	case n <= 0xffff:
		return 3 + n
	default:
		return 5 + n
	}
}
