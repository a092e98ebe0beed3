package chunk

import "slices"

// Edit is a change of a map. Where a key is named that stands there more than once, Drop and Rename mean every one of its members, Change the last one,
// which is the one that readers keep. What it says of keys that are not there is nothing. A key stands in one of the lists only.
type Edit struct {
	// Drop names keys whose members are left out.
	Drop []string
	// Rename gives members another key.
	Rename []Rename
	// Change changes values.
	Change []Change
	// Append is added behind the members.
	Append []Pair
}

// Rename gives the members under From the key To.
type Rename struct{ From, To string }

// Change changes the value under Key: by Inside where that is set and the value is a map, and else by Extend.
type Change struct {
	Key string
	// Inside changes the members of the map.
	Inside *Edit
	// Extend is values, each encoded, that are added to an array behind its elements. A value that is no array becomes one of itself and them.
	Extend [][]byte
}

// Empty reports whether e changes nothing.
func (e *Edit) Empty() bool {
	return len(e.Drop)+len(e.Rename)+len(e.Change)+len(e.Append) == 0
}

// Rewrite appends the event ev of data to dst with its body edited, and returns the result. ev must be a Log that a Walker found in data. The framing, the
// time, the metadata and whatever e does not name are copied as they came; headers change by as much as they must.
func Rewrite(dst, data []byte, ev *Event, e *Edit) []byte {
	dst = append(dst, data[ev.Start:ev.BodyStart]...)
	dst = e.appendMap(dst, data, ev.BodyStart)
	return append(dst, data[ev.BodyEnd:ev.End]...)
}

// appendMap appends the map at pos as e changes it.
func (e *Edit) appendMap(dst, data []byte, pos int) []byte {
	h, _ := ReadHead(data, pos)
	var room [64]member
	members := readMembers(room[:0], data, h)
	kept := 0
	for _, m := range members {
		if !slices.ContainsFunc(e.Drop, func(key string) bool { return m.named(data, key) }) {
			members[kept] = m
			kept++
		}
	}
	members = members[:kept]
	dst = AppendMapHeaderLike(dst, data[pos], kept+len(e.Append))
	for i, m := range members {
		dst = e.appendMember(dst, data, m, members[i+1:])
	}
	return appendPairs(dst, e.Append)
}

// appendMember appends a member behind which later ones stand.
func (e *Edit) appendMember(dst, data []byte, m member, later []member) []byte {
	for _, r := range e.Rename {
		if m.named(data, r.From) {
			return append(AppendStr(dst, r.To), data[m.valueStart:m.end]...)
		}
	}
	for i := range e.Change {
		c := &e.Change[i]
		again := func(l member) bool { return l.named(data, c.Key) }
		if m.named(data, c.Key) && !slices.ContainsFunc(later, again) {
			return c.appendValue(append(dst, data[m.start:m.valueStart]...), data, m.valueStart, m.end)
		}
	}
	return append(dst, data[m.start:m.end]...)
}

// appendValue appends the value at pos as c changes it.
func (c *Change) appendValue(dst, data []byte, pos, end int) []byte {
	h, _ := ReadHead(data, pos)
	switch {
	case c.Inside != nil && h.Type == Map:
		return c.Inside.appendMap(dst, data, pos)
	case len(c.Extend) == 0:
		return append(dst, data[pos:end]...)
	case h.Type == Array:
		dst = append(AppendArrayHeader(dst, h.Len+len(c.Extend)), data[h.Next:end]...)
	default:
		dst = append(AppendArrayHeader(dst, 1+len(c.Extend)), data[pos:end]...)
	}
	for _, value := range c.Extend {
		dst = append(dst, value...)
	}
	return dst
}

// readMembers appends the members of the map with the header h, as far as they are sound.
func readMembers(dst []member, data []byte, h Head) []member {
	pos := h.Next
	for range h.Len {
		m, ok := readMember(data, pos)
		if !ok {
			break
		}
		dst = append(dst, m)
		pos = m.end
	}
	return dst
}
