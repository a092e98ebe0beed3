package enrich

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"sigmatrail/rules"

	"github.com/vmihailenco/msgpack/v5"
)

// AppendMsgpack appends the annotation of hits as one msgpack map: level, rules and, in the format Sigma, tactics and techniques. hits must not be
// empty and is not kept. Everything but the names of events was encoded when the Table was made.
func (t *Table) AppendMsgpack(dst []byte, hits []Hit) []byte {
	var room [16]Hit
	var words [64]*word
	a := t.collect(append(room[:0], hits...), words[:0:32], words[32:32])
	dst = append(append(dst, t.keys.level...), t.levels[a.level]...)
	dst = appendArrayLen(append(dst, t.keys.rules...), len(a.hits))
	for _, h := range a.hits {
		dst = t.entries[h.Rule].appendMsgpack(dst, h.EventIDs)
	}
	if t.options.Format != Sigma {
		return dst
	}
	dst = appendWords(append(dst, t.keys.tactics...), a.tactics)
	return appendWords(append(dst, t.keys.techniques...), a.techniques)
}

// fixed are the parts of every annotation, encoded; level begins with the map's header.
type fixed struct{ level, rules, tactics, techniques []byte }

// pack encodes a value. What is given to it always encodes.
func pack(v any) []byte {
	b, err := msgpack.Marshal(v)
	if err != nil {
		return []byte{0xc0} // unreachable: texts and lists of them always encode
	}
	return b
}

// Headers of msgpack arrays and maps: of up to 15 elements, and of up to 65535.
const (
	fixarray, array16 = 0x90, 0xdc
	fixmap, map16     = 0x80, 0xde
	fixMost           = 15
)

func appendArrayLen(dst []byte, n int) []byte { return appendLen(dst, fixarray, array16, n) }

// appendLen appends a header. No event has more hits, and no rule more members, than 16 bits hold.
func appendLen(dst []byte, fix, wide byte, n int) []byte {
	if n <= fixMost {
		return append(dst, fix|byte(n)) //nolint:gosec // just compared
	}
	return append(dst, wide, byte(n>>8), byte(n)) //nolint:gosec // the two bytes of the number
}

func appendWords(dst []byte, list []*word) []byte {
	dst = appendArrayLen(dst, len(list))
	for _, w := range list {
		dst = append(dst, w.packed...)
	}
	return dst
}

func (e *entry) appendMsgpack(dst []byte, eventIDs []string) []byte {
	if len(eventIDs) == 0 {
		return append(appendLen(dst, fixmap, map16, len(e.members)), e.packed...)
	}
	dst = append(appendLen(dst, fixmap, map16, len(e.members)+1), e.packed...)
	return append(append(dst, pack("event_ids")...), pack(eventIDs)...)
}

// packMembers encodes the members of the rule's map, without its header.
func (e *entry) packMembers() {
	for _, m := range e.members {
		e.packed = append(e.packed, pack(m.key)...)
		if m.list != nil {
			e.packed = append(e.packed, pack(m.list)...)
		} else {
			e.packed = append(e.packed, pack(m.text)...)
		}
	}
}

// AppendJSON appends the same annotation as AppendMsgpack writes, as compact JSON.
func (t *Table) AppendJSON(dst []byte, hits []Hit) []byte {
	a := t.collect(slices.Clone(hits), nil, nil)
	entries := make([]json.RawMessage, 0, len(a.hits))
	for _, h := range a.hits {
		entries = append(entries, t.entries[h.Rule].json(h.EventIDs))
	}
	return t.appendAnnotation(dst, a.level, entries, texts(a.tactics), texts(a.techniques))
}

func (t *Table) appendAnnotation(dst []byte, level rules.Level, entries []json.RawMessage, tactics, techniques []string) []byte {
	dst = append(dst, `{"level":`...)
	dst = appendText(dst, level.String())
	dst = append(dst, `,"rules":[`...)
	for i, e := range entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, e...)
	}
	dst = append(dst, ']')
	if t.options.Format != Sigma {
		return append(dst, '}')
	}
	dst = append(dst, `,"tactics":`...)
	dst = appendList(dst, tactics)
	dst = append(dst, `,"techniques":`...)
	dst = appendList(dst, techniques)
	return append(dst, '}')
}

func (e *entry) json(eventIDs []string) []byte {
	dst := []byte{'{'}
	for i, m := range e.members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendText(dst, m.key), ':')
		if m.list != nil {
			dst = appendList(dst, m.list)
		} else {
			dst = appendText(dst, m.text)
		}
	}
	if len(eventIDs) > 0 {
		if len(e.members) > 0 {
			dst = append(dst, ',')
		}
		dst = appendList(append(dst, `"event_ids":`...), eventIDs)
	}
	return append(dst, '}')
}

func appendList(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, text := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(dst, text)
	}
	return append(dst, ']')
}

// AppendMsgpackValue appends the value of a Member as msgpack.
func AppendMsgpackValue(dst []byte, v any) []byte { return append(dst, pack(v)...) }

// AppendJSONValue appends the value of a Member as JSON.
func AppendJSONValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendText(dst, v)
	case []string:
		return appendList(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case bool:
		return strconv.AppendBool(dst, v)
	}
	return append(dst, "null"...) // unreachable: members have no other values
}

// appendText appends text as a JSON string, without the HTML escapes that encoding/json would add: people read these.
func appendText(dst []byte, text string) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		return append(dst, `""`...) // unreachable: a string always encodes
	}
	return append(dst, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}
