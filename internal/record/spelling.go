package record

import (
	"sigmatrail/internal/chunk"

	"github.com/tidwall/gjson"
)

// Spelling returns how the scalars between from and to of packed, which AppendMsgpack has made of text, are written in text: their JSON texts, which are
// parts of text, by the offsets at which they stand in packed.
func Spelling(text, packed []byte, from, to int) map[int]string {
	s := speller{packed: packed, from: from, to: to, texts: make(map[int]string)}
	s.value(gjson.ParseBytes(text), 0)
	return s.texts
}

// speller walks over both forms of a value together: they have the same members in the same order.
type speller struct {
	packed   []byte
	from, to int
	texts    map[int]string
}

// value takes the value v, which stands at pos, and returns where it ends.
func (s *speller) value(v gjson.Result, pos int) (end int) {
	end, ok := chunk.Skip(s.packed, pos)
	if !ok || end <= s.from || pos >= s.to {
		return end
	}
	h, _ := chunk.ReadHead(s.packed, pos)
	if h.Type != chunk.Map && h.Type != chunk.Array {
		s.texts[pos] = v.Raw
		return end
	}
	at := h.Next
	v.ForEach(func(_, inner gjson.Result) bool {
		if h.Type == chunk.Map {
			at, _ = chunk.Skip(s.packed, at)
		}
		at = s.value(inner, at)
		return true
	})
	return end
}
