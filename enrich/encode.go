package enrich

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// AppendMsgpack appends the annotation of hits as one msgpack map, format sigma: level, rules, tactics, techniques. hits must not be
// empty and is not kept.
func (t *Table) AppendMsgpack(dst []byte, hits []Hit) ([]byte, error) {
	a := t.collect(hits)
	buf := bytes.NewBuffer(dst)
	w := packer{enc: msgpack.NewEncoder(buf)}
	w.mapLen(4)
	w.text("level", a.level.String())
	w.key("rules")
	w.arrayLen(len(a.hits))
	for _, h := range a.hits {
		w.rule(&t.entries[h.Rule], h.EventIDs)
	}
	w.list("tactics", a.tactics)
	w.list("techniques", a.techniques)
	if w.err != nil {
		return dst, fmt.Errorf("encode annotation: %w", w.err)
	}
	return buf.Bytes(), nil
}

// packer writes msgpack and keeps the first error.
type packer struct {
	enc *msgpack.Encoder
	err error
}

func (w *packer) note(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *packer) mapLen(n int)          { w.note(w.enc.EncodeMapLen(n)) }
func (w *packer) arrayLen(n int)        { w.note(w.enc.EncodeArrayLen(n)) }
func (w *packer) key(key string)        { w.note(w.enc.EncodeString(key)) }
func (w *packer) text(key, text string) { w.key(key); w.note(w.enc.EncodeString(text)) }

func (w *packer) list(key string, list []string) {
	w.key(key)
	w.arrayLen(len(list))
	for _, text := range list {
		w.note(w.enc.EncodeString(text))
	}
}

func (w *packer) rule(e *entry, eventIDs []string) {
	n := len(e.members)
	if len(eventIDs) > 0 {
		n++
	}
	w.mapLen(n)
	for _, m := range e.members {
		if m.list != nil {
			w.list(m.key, m.list)
		} else {
			w.text(m.key, m.text)
		}
	}
	if len(eventIDs) > 0 {
		w.list("event_ids", eventIDs)
	}
}

// AppendJSON appends the same annotation as AppendMsgpack writes, as compact JSON.
func (t *Table) AppendJSON(dst []byte, hits []Hit) []byte {
	a := t.collect(hits)
	entries := make([]json.RawMessage, 0, len(a.hits))
	for _, h := range a.hits {
		entries = append(entries, t.entries[h.Rule].json(h.EventIDs))
	}
	return appendAnnotation(dst, a.level.String(), entries, a.tactics, a.techniques)
}

func appendAnnotation(dst []byte, level string, entries []json.RawMessage, tactics, techniques []string) []byte {
	dst = append(dst, `{"level":`...)
	dst = appendText(dst, level)
	dst = append(dst, `,"rules":[`...)
	for i, e := range entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, e...)
	}
	dst = append(dst, `],"tactics":`...)
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
