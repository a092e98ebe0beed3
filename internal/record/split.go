package record

import (
	"bytes"
	"cmp"
	"slices"

	"sigmatrail/internal/chunk"
)

// List is the array in which a Locator has found the records of an event, and the map that holds it: in the event itself, at any depth, or the
// whole of a JSON text that stands there.
type List struct {
	data   []byte // the map, as msgpack
	holder int    // where the map begins
	pos    int    // where the array begins
	text   int    // where the JSON text stands in the event, or 0
}

// List returns the array in which the last call of Find has found records. ok is false where they stood in none, or in one that an event cannot be
// taken apart at: in a text inside another text, or below other things in a text. It is valid until the next call of Find.
func (l *Locator) List() (list List, ok bool) { return l.list, l.list.data != nil }

// Splitter makes an event of its own of each element of a List. It is memory for one goroutine.
type Splitter struct {
	others []other
	sorted []int32 // the others with names, by these
	text   []byte
}

// other is a member of the map that holds a list, beside the list.
type other struct {
	name  []byte // nil where the key is no text
	raw   []byte // key and value, as they stand there
	taken int    // the number of the last element that has a member of that name
}

// Append appends, for each element of list, the bytes of event from start to end, with the element in the place of the map that holds the list: its own
// members, and behind them those of the map's other members whose names the element has not. All bytes are copied as they are; what stands in a
// JSON text becomes a JSON text. n is how many there are; it is 0, and nothing is appended, if the list is empty or has an element that is no map,
// or if that would take more than most bytes.
func (s *Splitter) Append(dst, event []byte, start, end int, list List, most int) (out []byte, n int) {
	from := list.holder
	if list.text > 0 {
		from = list.text
	}
	behind, _ := chunk.Skip(event, from)
	w := writer{Splitter: s, list: list}
	if list.text > 0 {
		h, _ := chunk.ReadHead(event, list.text)
		w.json, w.kind = h.Content(event), h.Type
	}
	w.read()
	base := len(dst)
	h, _ := chunk.ReadHead(list.data, list.pos)
	at := h.Next
	for n < h.Len {
		element, _ := chunk.ReadHead(list.data, at)
		if element.Type != chunk.Map {
			return dst[:base], 0
		}
		n++
		next, _ := chunk.Skip(list.data, at)
		dst = append(dst, event[start:from]...)
		dst = w.element(dst, at, next, n)
		dst = append(dst, event[behind:end]...)
		if len(dst)-base > most {
			return dst[:base], 0
		}
		at = next
	}
	return dst, n
}

// Bytes is about how much memory has grown with the lists that the Splitter has seen.
func (s *Splitter) Bytes() int {
	const perOther, perName = 56, 4
	return cap(s.text) + perOther*cap(s.others) + perName*cap(s.sorted)
}

// writer writes the elements of one list.
type writer struct {
	*Splitter

	list List
	json []byte     // the text in which the list stands, or nil
	kind chunk.Type // of that text
	next int        // where the next element stands in json
}

// read reads the members beside the list. Of those with the same name the last one counts: the work for an element then is bounded by what it has and
// what is written.
func (w *writer) read() {
	data := w.list.data
	w.others, w.sorted = w.others[:0], w.sorted[:0]
	h, _ := chunk.ReadHead(data, w.list.holder)
	name := w.name(h)
	text := jsonCursor{w.json, 0}
	text.step() // the bracket
	for at, i := h.Next, 0; i < h.Len; i++ {
		value, _ := chunk.Skip(data, at)
		end, _ := chunk.Skip(data, value)
		o := other{name: keyText(data, at), raw: data[at:end]}
		if w.json != nil {
			from := text.space()
			text.value()
			text.step() // the colon
			if inside := text.space() + 1; value == w.list.pos {
				w.next = inside
			}
			o.raw = w.json[from:text.value()]
			text.step() // the comma
		}
		if o.name == nil || !bytes.Equal(o.name, name) {
			w.others = append(w.others, o)
		}
		at = end
	}
	w.sort()
	superseded := false
	for i := 1; i < len(w.sorted); i++ {
		if o, last := &w.others[w.sorted[i-1]], &w.others[w.sorted[i]]; bytes.Equal(o.name, last.name) {
			o.raw, superseded = nil, true
		}
	}
	if superseded {
		w.others = slices.DeleteFunc(w.others, func(o other) bool { return o.raw == nil })
		w.sort()
	}
}

// sort sorts the others that have names by these, and equal ones by their order.
func (w *writer) sort() {
	w.sorted = w.sorted[:0]
	for i, o := range w.others {
		if o.name != nil {
			w.sorted = append(w.sorted, int32(i))
		}
	}
	slices.SortFunc(w.sorted, func(i, j int32) int {
		return cmp.Or(bytes.Compare(w.others[i].name, w.others[j].name), cmp.Compare(i, j))
	})
}

// name returns the name of the list, a member of the map with the header h.
func (w *writer) name(h chunk.Head) []byte {
	at := h.Next
	for range h.Len {
		value, _ := chunk.Skip(w.list.data, at)
		if value == w.list.pos {
			return keyText(w.list.data, at)
		}
		at, _ = chunk.Skip(w.list.data, value)
	}
	return nil
}

// keyText returns the text of a key, or nil if it is none.
func keyText(data []byte, pos int) []byte {
	h, _ := chunk.ReadHead(data, pos)
	if h.Type != chunk.Str && h.Type != chunk.Bin {
		return nil
	}
	return h.Content(data)
}

// element appends the n-th element, which stands from at to end, with the other members that it has not.
func (w *writer) element(dst []byte, at, end, n int) []byte {
	data := w.list.data
	h, _ := chunk.ReadHead(data, at)
	kept := len(w.others)
	if kept > 0 {
		kept -= w.take(h, n)
	}
	if w.json != nil {
		return w.elementText(dst, h.Len, kept, n)
	}
	dst = chunk.AppendMapHeaderLike(dst, data[at], h.Len+kept)
	dst = append(dst, data[h.Next:end]...)
	for i := range w.others {
		if o := &w.others[i]; o.taken != n {
			dst = append(dst, o.raw...)
		}
	}
	return dst
}

// take marks the other members whose names the n-th element has, which has the header h, and returns how many there are.
func (w *writer) take(h chunk.Head, n int) (taken int) {
	data, at := w.list.data, h.Next
	for range h.Len {
		if name := keyText(data, at); name != nil {
			i, found := slices.BinarySearchFunc(w.sorted, name, func(i int32, name []byte) int { return bytes.Compare(w.others[i].name, name) })
			if found && w.others[w.sorted[i]].taken != n {
				w.others[w.sorted[i]].taken = n
				taken++
			}
		}
		at, _ = chunk.Skip(data, at)
		at, _ = chunk.Skip(data, at)
	}
	return taken
}

// elementText does as element does with an element of a JSON text that has own members.
func (w *writer) elementText(dst []byte, own, kept, n int) []byte {
	text := jsonCursor{w.json, w.next}
	from := text.space()
	element := w.json[from:text.value()]
	text.space()
	text.step() // the comma
	w.next = text.pos
	if kept > 0 {
		w.text = append(w.text[:0], bytes.TrimRight(element[:len(element)-1], " \t\r\n")...)
		for i := range w.others {
			o := &w.others[i]
			if o.taken == n {
				continue
			}
			if own > 0 {
				w.text = append(w.text, ',')
			}
			own++
			w.text = append(w.text, o.raw...)
		}
		element = append(w.text, '}')
		w.text = element
	}
	if w.kind == chunk.Bin {
		return chunk.AppendBin(dst, element)
	}
	return chunk.AppendStr(dst, element)
}

// jsonCursor goes over a JSON text that is known to be sound.
type jsonCursor struct {
	text []byte
	pos  int
}

// space steps over white space and returns where it ends.
func (c *jsonCursor) space() int {
	for c.pos < len(c.text) && isSpace(c.text[c.pos]) {
		c.pos++
	}
	return c.pos
}

// step steps over white space and the character behind it.
func (c *jsonCursor) step() {
	c.space()
	c.pos = min(c.pos+1, len(c.text))
}

// value steps over a value and returns where it ends.
func (c *jsonCursor) value() int {
	depth := 0
	for c.space(); c.pos < len(c.text); {
		switch c.text[c.pos] {
		case '"':
			c.quoted()
		case '{', '[':
			depth++
			c.pos++
		case '}', ']':
			depth--
			c.pos++
		case ',', ':', ' ', '\t', '\r', '\n':
			c.pos++
		default:
			c.word()
		}
		if depth == 0 {
			return c.pos
		}
	}
	return c.pos
}

// quoted steps over a text in quotation marks.
func (c *jsonCursor) quoted() {
	for c.pos++; c.pos < len(c.text) && c.text[c.pos] != '"'; c.pos++ {
		if c.text[c.pos] == '\\' {
			c.pos++
		}
	}
	c.pos = min(c.pos+1, len(c.text))
}

// word steps over a number, true, false or null.
func (c *jsonCursor) word() {
	if n := bytes.IndexAny(c.text[c.pos:], ",:]} \t\r\n"); n >= 0 {
		c.pos += n
	} else {
		c.pos = len(c.text)
	}
}
