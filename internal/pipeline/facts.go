package pipeline

import (
	"bytes"
	"strings"

	"sigmatrail/enrich"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// facts are what a record says of itself, looked up as it is asked.
type facts struct {
	verdict *Verdict
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
	if v.form != nil || hasDots(v.place) {
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
		text = textAt(f.verdict.place.Data, f.verdict.place.Pos, field)
	}
	return strings.ToValidUTF8(text, "\ufffd")
}

// hasDots reports whether any key of the map at p has a dot in it.
func hasDots(p record.Place) bool {
	h, _ := chunk.ReadHead(p.Data, p.Pos)
	pos := h.Next
	for range h.Len {
		key, ok := chunk.ReadHead(p.Data, pos)
		value, sound := chunk.Skip(p.Data, pos)
		end, closed := chunk.Skip(p.Data, value)
		if !ok || !sound || !closed {
			return false
		}
		if key.Type == chunk.Str && bytes.IndexByte(key.Content(p.Data), '.') >= 0 {
			return true
		}
		pos = end
	}
	return false
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
