package rulegen

import (
	"encoding/binary"
	"slices"
)

// neighbours makes a chunk of records that are like each other.
func neighbours(c choices) []byte {
	o := recordTree(c)
	e := encoder{c, !c.percent(15)}
	framing := c.next(5)
	var data []byte
	for i := range c.between(2, 10) {
		if i > 0 {
			o = neighbour(c, o)
		}
		if c.percent(15) {
			framing = c.next(5)
		}
		data = e.value(append(data, frame(c, framing)...), o)
	}
	return data
}

// frame makes what stands before a body: one of the framings that Fluent Bit has had, and a time.
func frame(c choices, framing int) []byte {
	seconds, nanos := uint32(1_700_000_000+c.next(1000)), uint32(c.next(1000)) //nolint:gosec // small
	time := binary.BigEndian.AppendUint32([]byte{0xd7, 0}, seconds)
	time = binary.BigEndian.AppendUint32(time, nanos)
	if c.percent(10) {
		time = binary.BigEndian.AppendUint32([]byte{0xce}, seconds)
	}
	switch framing {
	case 0: // [[time, metadata], body]
		return append(append([]byte{0x92, 0x92}, time...), 0x80)
	case 1:
		return append([]byte{0x92}, time...)
	case 2:
		return append(append([]byte{0xdd, 0, 0, 0, 2, 0xdd, 0, 0, 0, 2}, time...), 0xdf, 0, 0, 0, 0)
	case 3:
		return append(append([]byte{0xdc, 0, 2, 0xdc, 0, 2}, time...), 0x81, 0xa1, 'k', 0xa1, 'v')
	default:
		return append([]byte{0xdd, 0, 0, 0, 2}, time...)
	}
}

// neighbour makes a record that differs a little from o, or not at all.
func neighbour(c choices, o *object) *object {
	o = o.clone()
	all := o.objects(nil)
	at := pick(c, all)
	identity := o.child("userIdentity")
	switch c.next(12) {
	case 0:
		return o
	case 1:
		return recordTree(c)
	case 2, 3: // one byte of userIdentity
		if identity != nil {
			nudgeText(c, pick(c, identity.objects(nil)))
		}
	case 4: // the same userIdentity, everything else new
		return withIdentity(c, o)
	case 5: // a longer userIdentity
		if identity != nil {
			identity.put(c, []string{"sessionContext", "attributes", "mfaAuthenticated"}, scalarOf(c, "true"))
		}
	case 6, 7:
		twist(c, at)
	case 8:
		if n := len(at.members); n > 1 {
			i := c.next(n - 1)
			at.members[i], at.members[i+1] = at.members[i+1], at.members[i]
		}
	case 9:
		if n := len(at.members); n > 0 {
			i := c.next(n)
			at.members = slices.Delete(at.members, i, i+1)
		}
	case 10:
		disturb(c, o)
	default:
		path := pick(c, fields())
		o.set(path, fieldValue(c, path)) // where there are dots it is one key
	}
	return o
}

// withIdentity makes a new record with the userIdentity of o, before or behind its other members.
func withIdentity(c choices, o *object) *object {
	next := recordTree(c)
	i := o.find("userIdentity")
	if i < 0 {
		return next
	}
	next.members = slices.DeleteFunc(next.members, func(m member) bool { return m.key == any("userIdentity") })
	next.members = slices.Insert(next.members, c.next(len(next.members)+1), o.members[i])
	return next
}

// nudgeText changes one byte of a text that stands in o.
func nudgeText(c choices, o *object) {
	for i := range o.members {
		text, ok := o.members[i].value.(string)
		if ok && text != "" && c.percent(60) {
			o.members[i].value = nudged(text, c.next(len(text)))
			return
		}
	}
}

// nudged returns text with another byte at i.
func nudged(text string, i int) string {
	other := byte('q')
	if text[i] == other {
		other = 'Q'
	}
	return text[:i] + string([]byte{other}) + text[i+1:]
}

// twist gives a key another name of the same length: where it is long, with the same first and last eight bytes; or lets two keys of the same
// length change places, or a value its type.
func twist(c choices, o *object) {
	if len(o.members) == 0 {
		return
	}
	i := c.next(len(o.members))
	key, ok := o.members[i].key.(string)
	if !ok {
		return
	}
	switch long := longKeys(); {
	case slices.Contains(long, key) || c.percent(20):
		o.members[i].key = pick(c, long)
	case c.percent(40) && len(key) > 0:
		o.members[i].key = nudged(key, c.next(len(key)))
	case c.percent(50):
		for j, m := range o.members {
			if other, ok := m.key.(string); ok && j != i && len(other) == len(key) {
				o.members[i].key, o.members[j].key = other, key
				return
			}
		}
	default:
		o.members[i].value = anyValue(c, 2)
	}
}

// longKeys are keys of one length that a look at their first and last eight bytes cannot tell apart. Rules name the first.
func longKeys() []string {
	const first, last = "requestP", "rameters"
	return []string{first + "a" + last, first + "A" + last, first + "\xff" + last, first + "b" + last}
}
