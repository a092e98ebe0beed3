package chunk

import "encoding/binary"

// Pair is a key and its value to be added to a map.
type Pair struct {
	Key string
	// Value is one msgpack value, borrowed for the call.
	Value []byte
}

// Edit is a change of a body's own members.
type Edit struct {
	// Drop names keys whose members, all duplicates, are left out.
	Drop []string
	// Append is added behind the members that stay.
	Append []Pair
}

// Splice appends the event ev of data to dst with its body edited, and returns the result. ev must be a Log that a Walker found in data.
// Only the body's map header changes, by as much as it must: the framing, the time, the metadata and every member that stays are copied
// as they came. A header grows only where the new number of pairs does not fit into its width.
func Splice(dst, data []byte, ev *Event, e *Edit) []byte {
	body, _ := ReadHead(data, ev.BodyStart)
	dst = append(dst, data[ev.Start:ev.BodyStart]...)
	members := e.members(data, ev, body)
	dst = AppendMapHeaderLike(dst, data[ev.BodyStart], members.count+len(e.Append))
	for start, end, ok := members.next(); ok; start, end, ok = members.next() {
		dst = append(dst, data[start:end]...)
	}
	for _, p := range e.Append {
		dst = AppendStr(dst, p.Key)
		dst = append(dst, p.Value...)
	}
	return append(dst, data[ev.BodyEnd:ev.End]...)
}

// SpliceSize returns exactly how many bytes Splice appends.
func SpliceSize(data []byte, ev *Event, e *Edit) int {
	body, _ := ReadHead(data, ev.BodyStart)
	members := e.members(data, ev, body)
	size := ev.BodyStart - ev.Start + mapHeaderSize(data[ev.BodyStart], members.count+len(e.Append)) + ev.End - ev.BodyEnd
	for start, end, ok := members.next(); ok; start, end, ok = members.next() {
		size += end - start
	}
	for _, p := range e.Append {
		size += strSize(p.Key) + len(p.Value)
	}
	return size
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

// runs yields the members that stay, as runs that can be copied whole.
type runs struct {
	data  []byte
	drop  []string
	pos   int
	end   int
	count int // pairs that stay
}

// members prepares to walk over the members of the body of ev that e keeps.
func (e *Edit) members(data []byte, ev *Event, body Head) runs {
	r := runs{data: data, drop: e.Drop, pos: body.Next, end: ev.BodyEnd, count: body.Len}
	if len(e.Drop) > 0 {
		r.count = r.countKept(body)
	}
	return r
}

func (r *runs) countKept(body Head) int {
	kept, pos := 0, body.Next
	for range body.Len {
		m, ok := readMember(r.data, pos)
		if !ok {
			break
		}
		if !r.dropped(m) {
			kept++
		}
		pos = m.end
	}
	return kept
}

// next returns the next run; ok is false when there is none.
func (r *runs) next() (start, end int, ok bool) {
	if r.pos >= r.end {
		return 0, 0, false
	}
	if len(r.drop) == 0 {
		start, r.pos = r.pos, r.end
		return start, r.end, true
	}
	start = r.pos
	for r.pos < r.end {
		m, sound := readMember(r.data, r.pos)
		if !sound {
			return 0, 0, false
		}
		if r.dropped(m) {
			end, r.pos = r.pos, m.end
			if end > start {
				return start, end, true
			}
			start = m.end
			continue
		}
		r.pos = m.end
	}
	return start, r.end, r.end > start
}

func (r *runs) dropped(m member) bool {
	for _, key := range r.drop {
		if m.named(r.data, key) {
			return true
		}
	}
	return false
}

// member is one pair of a map: where its key's content and its value stand.
type member struct {
	key             Head
	valueStart, end int
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
	return member{key: key, valueStart: valueStart, end: end}, ok
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
