package pipeline

import (
	"bytes"
	"slices"
	"strings"

	"sigmatrail/enrich"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// facts are what a record says of itself, looked up as it is asked.
type facts struct {
	verdict *Verdict
	members []top // of the record's map
	// whole is the decoded record, of another form or with dots in its keys, where its fields cannot be looked up one by one.
	whole *record.Found
}

// hit returns the first record that was hit, and how many were.
func (j *Judgement) hit() (first *Verdict, n int) {
	for i := range j.Verdicts {
		if len(j.Verdicts[i].Hits) > 0 {
			if first == nil {
				first = &j.Verdicts[i]
			}
			n++
		}
	}
	return first, n
}

// facts returns what the record says of itself, for those who write about it.
func (v *Verdict) facts() enrich.Record {
	f := &facts{verdict: v}
	if v.form != nil || !f.read() {
		found := v.Found()
		f.whole = &found
	}
	return f.text
}

// text returns the first text that the record has for a field, or "". Bytes that are not UTF-8 are replaced: stores refuse them, and in the record itself
// they stay.
func (f *facts) text(field string) string {
	text := ""
	if f.whole != nil {
		text = f.whole.Text(field)
	} else {
		key, rest, _ := strings.Cut(field, ".")
		for _, m := range slices.Backward(f.members) {
			if string(m.key) == key {
				text = textAt(f.verdict.place.Data, m.value, rest)
				break
			}
		}
	}
	return strings.ToValidUTF8(text, "\ufffd")
}

// top is a member of a map: its key and where its value stands.
type top struct {
	key   []byte
	value int
}

// read notes the members of the record. It returns false where a key has a dot in it.
func (f *facts) read() bool {
	data, pos := f.verdict.place.Data, f.verdict.place.Pos
	h, _ := chunk.ReadHead(data, pos)
	f.members = make([]top, 0, min(h.Len, 64))
	pos = h.Next
	for range h.Len {
		key, ok := chunk.ReadHead(data, pos)
		value, sound := chunk.Skip(data, pos)
		end, closed := chunk.Skip(data, value)
		if !ok || !sound || !closed {
			break
		}
		if key.Type == chunk.Str || key.Type == chunk.Bin {
			if bytes.IndexByte(key.Content(data), '.') >= 0 {
				return false
			}
			f.members = append(f.members, top{key: key.Content(data), value: value})
		}
		pos = end
	}
	return true
}

// textAt returns the first text at a path below the value at pos. The path runs through arrays.
func textAt(data []byte, pos int, path string) string {
	h, ok := chunk.ReadHead(data, pos)
	switch {
	case !ok:
		return ""
	case h.Type == chunk.Array:
		at := h.Next
		for range h.Len {
			if text := textAt(data, at, path); text != "" {
				return text
			}
			if at, ok = chunk.Skip(data, at); !ok {
				return ""
			}
		}
		return ""
	case path == "":
		if h.Type == chunk.Str || h.Type == chunk.Bin {
			return string(h.Content(data))
		}
		return ""
	}
	key, rest, _ := strings.Cut(path, ".")
	start, _, found := chunk.Lookup(data, pos, key)
	if !found {
		return ""
	}
	return textAt(data, start, rest)
}
