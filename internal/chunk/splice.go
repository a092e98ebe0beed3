package chunk

import "encoding/binary"

// Pair is a key and its value to be added to a map.
type Pair struct {
	Key string
	// Value is one msgpack value, borrowed for the call.
	Value []byte
}

// Splice appends the event ev of data to dst with pairs behind the members of its body, and returns the result. ev must be a Log that a Walker found
// in data. Only the body's map header changes, by as much as it must: everything else is copied as it came. A header grows only where the new
// number of pairs does not fit into its width.
func Splice(dst, data []byte, ev *Event, pairs []Pair) []byte {
	body, _ := ReadHead(data, ev.BodyStart)
	dst = append(dst, data[ev.Start:ev.BodyStart]...)
	dst = AppendMapHeaderLike(dst, data[ev.BodyStart], body.Len+len(pairs))
	dst = append(dst, data[body.Next:ev.BodyEnd]...)
	return append(appendPairs(dst, pairs), data[ev.BodyEnd:ev.End]...)
}

// SpliceSize returns exactly how many bytes Splice appends.
func SpliceSize(data []byte, ev *Event, pairs []Pair) int {
	body, _ := ReadHead(data, ev.BodyStart)
	old, now := body.Next-ev.BodyStart, mapHeaderSize(data[ev.BodyStart], body.Len+len(pairs))
	size := ev.End - ev.Start - old + now
	for _, p := range pairs {
		size += strSize(p.Key) + len(p.Value)
	}
	return size
}

func appendPairs(dst []byte, pairs []Pair) []byte {
	for _, p := range pairs {
		dst = AppendStr(dst, p.Key)
		dst = append(dst, p.Value...)
	}
	return dst
}

// Lookup returns where the value of key stands in the map whose header is at pos: of the last one, if the key is there more than once, as
// that is the one that readers keep. ok is false where the key is missing or data does not hold a sound map.
func Lookup(data []byte, pos int, key string) (start, end int, ok bool) {
	h, sound := ReadHead(data, pos)
	if !sound || h.Type != Map {
		return 0, 0, false
	}
	pos = h.Next
	for range h.Len {
		m, sound := readMember(data, pos)
		if !sound {
			return 0, 0, false
		}
		if m.named(data, key) {
			start, end, ok = m.valueStart, m.end, true
		}
		pos = m.end
	}
	return start, end, ok
}

// member is one pair of a map: where its key and its value stand.
type member struct {
	key                    Head
	start, valueStart, end int
}

func readMember(data []byte, pos int) (member, bool) {
	key, ok := ReadHead(data, pos)
	if !ok {
		return member{}, false
	}
	valueStart, ok := Skip(data, pos)
	if !ok {
		return member{}, false
	}
	end, ok := Skip(data, valueStart)
	return member{key: key, start: pos, valueStart: valueStart, end: end}, ok
}

// named reports whether the member's key is the text name, as a string or as binary.
func (m member) named(data []byte, name string) bool {
	return (m.key.Type == Str || m.key.Type == Bin) && string(m.key.Content(data)) == name
}

const (
	fixmapMax = 15
	map16Max  = 0xffff
)

// AppendMapHeaderLike appends the header of a map with n pairs, as wide as the header that begins with old, or wider where n does not fit.
func AppendMapHeaderLike(dst []byte, old byte, n int) []byte {
	switch mapHeaderSize(old, n) {
	case 1:
		return append(dst, 0x80|byte(n)) //nolint:gosec // mapHeaderSize compared
	case 3:
		return binary.BigEndian.AppendUint16(append(dst, 0xde), uint16(n)) //nolint:gosec // mapHeaderSize compared
	default:
		return binary.BigEndian.AppendUint32(append(dst, 0xdf), uint32(n)) //nolint:gosec // no chunk holds 2^32 pairs
	}
}

func mapHeaderSize(old byte, n int) int {
	switch {
	case old == 0xdf || n > map16Max:
		return 5
	case old == 0xde || n > fixmapMax:
		return 3
	default:
		return 1
	}
}
