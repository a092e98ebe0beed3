package enrich

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"sigmatrail/rules"

	"github.com/vmihailenco/msgpack/v5"
)

// AppendMsgpack appends the annotation of hits as one msgpack map: level, notify where hits are suppressed, summary if it is not empty, rules and, in the
// format Sigma, tactics and techniques. hits must not be empty and is not kept. Everything but the names of events was encoded when the Table was made.
func (t *Table) AppendMsgpack(dst []byte, hits []Hit, summary string) []byte {
	var room [16]Hit
	var words [64]*word
	a := t.collect(append(room[:0], hits...), words[:0:32], words[32:32])
	members := 2
	if t.options.Format == Sigma {
		members += 2
	}
	if a.notify.some {
		members++
	}
	if summary != "" {
		members++
	}
	dst = append(append(appendLen(dst, fixmap, map16, members), t.keys.level...), t.levels[a.level]...)
	if a.notify.some {
		dst = append(append(dst, t.keys.notify...), t.levels[a.notify.level]...)
	}
	if summary != "" {
		dst = append(append(dst, t.keys.summary...), pack(summary)...)
	}
	dst = appendArrayLen(append(dst, t.keys.rules...), len(a.hits))
	for _, h := range a.hits {
		dst = t.entries[h.Rule].appendMsgpack(dst, &h)
	}
	if t.options.Format != Sigma {
		return dst
	}
	dst = appendWords(append(dst, t.keys.tactics...), a.tactics)
	return appendWords(append(dst, t.keys.techniques...), a.techniques)
}

// fixed are the keys of annotations, encoded.
type fixed struct{ level, notify, summary, rules, tactics, techniques []byte }

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

func (e *entry) appendMsgpack(dst []byte, h *Hit) []byte {
	dst = append(appendLen(dst, fixmap, map16, len(e.members)+h.extras()), e.packed...)
	h.eachExtra(func(key string, value any) {
		dst = append(append(dst, pack(key)...), pack(value)...)
	})
	return dst
}

// packMembers encodes the members of the rule's map, without its header.
func (e *entry) packMembers() {
	for _, m := range e.members {
		e.packed = AppendMsgpackValue(append(e.packed, pack(m.key)...), m.value)
	}
}

// AppendJSON appends the same annotation as AppendMsgpack writes, as compact JSON.
func (t *Table) AppendJSON(dst []byte, hits []Hit, summary string) []byte {
	a := t.collect(slices.Clone(hits), nil, nil)
	entries := make([]json.RawMessage, 0, len(a.hits))
	for _, h := range a.hits {
		entries = append(entries, t.entries[h.Rule].json(&h))
	}
	outline := Outline{Level: a.level, Notify: a.notify.String(), Summary: summary}
	return t.appendAnnotation(dst, outline, entries, texts(a.tactics), texts(a.techniques))
}

func (t *Table) appendAnnotation(dst []byte, outline Outline, entries []json.RawMessage, tactics, techniques []string) []byte {
	dst = append(dst, `{"level":`...)
	dst = appendText(dst, outline.Level.String())
	if outline.Notify != "" {
		dst = appendText(append(dst, `,"notify":`...), outline.Notify)
	}
	if outline.Summary != "" {
		dst = appendText(append(dst, `,"summary":`...), outline.Summary)
	}
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

func (e *entry) json(h *Hit) []byte {
	dst := []byte{'{'}
	for i, m := range e.members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendJSONValue(append(appendText(dst, m.key), ':'), m.value)
	}
	h.eachExtra(func(key string, value any) {
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = AppendJSONValue(append(appendText(dst, key), ':'), value)
	})
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

// AppendMsgpackValue appends the value of a Member, or of an attribute of a rule, as msgpack.
func AppendMsgpackValue(dst []byte, v any) []byte {
	if tree, ok := v.(rules.Tree); ok {
		return append(dst, packTree(tree)...)
	}
	return append(dst, pack(v)...)
}

// AppendJSONValue appends the value of a Member, or of an attribute of a rule, as JSON.
func AppendJSONValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendText(dst, v)
	case []string:
		return appendList(dst, v)
	case rules.Tree:
		return append(dst, v...)
	case []Evidence:
		return appendEvidence(dst, v)
	case []Correlation:
		return appendCorrelations(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case bool:
		return strconv.AppendBool(dst, v)
	}
	return append(dst, "null"...) // unreachable: nothing else is written
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
