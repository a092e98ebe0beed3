package record

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"sigmatrail/internal/chunk"

	"github.com/tidwall/gjson"
)

// SyntaxError says where a JSON text stops being one.
type SyntaxError struct {
	// Offset is the number of bytes before the mistake.
	Offset int64
	// Reason says what is wrong there.
	Reason string
}

// Error returns the reason and the offset.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.Reason, e.Offset) }

// AppendMsgpack appends the JSON text as msgpack: the one way from JSON to the record view that rules judge. The text must be strict JSON
// (RFC 8259) with containers nested at most MaxDepth deep, else the error is a *SyntaxError and dst comes back as it was. Duplicate keys are kept.
// Whole numbers in the range of 64 bits stay whole; longer ones, and numbers beyond float64, become text with their digits, so that they
// keep every one. Unpaired surrogate escapes become U+FFFD; bytes that are not UTF-8 stay as they are.
func AppendMsgpack(dst, text []byte) ([]byte, error) {
	if err := checkJSON(text); err != nil {
		return dst, err
	}
	return appendResult(dst, gjson.ParseBytes(text)), nil
}

// checkJSON accepts what encoding/json accepts, but for the depth. gjson's own check recurses, hence the look at the depth before it.
func checkJSON(text []byte) error {
	if offset, deep := tooDeep(text); deep {
		return &SyntaxError{Offset: int64(offset), Reason: fmt.Sprintf("containers are nested more than %d deep", MaxDepth)}
	}
	if gjson.ValidBytes(text) {
		return nil
	}
	var raw json.RawMessage
	var syntax *json.SyntaxError
	if err := json.Unmarshal(text, &raw); errors.As(err, &syntax) {
		return &SyntaxError{Offset: syntax.Offset, Reason: syntax.Error()}
	}
	return &SyntaxError{Reason: "invalid JSON"}
}

// tooDeep returns where the nesting of text first exceeds MaxDepth. It need not know JSON beyond brackets and strings.
func tooDeep(text []byte) (offset int, deep bool) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			if depth++; depth > MaxDepth {
				return i, true
			}
		case '}', ']':
			depth--
		}
	}
	return 0, false
}

func appendResult(dst []byte, v gjson.Result) []byte {
	switch v.Type {
	case gjson.True:
		return append(dst, 0xc3)
	case gjson.False:
		return append(dst, 0xc2)
	case gjson.Number:
		return appendNumber(dst, v.Raw)
	case gjson.String:
		return chunk.AppendStr(dst, v.Str)
	case gjson.JSON:
		return appendContainer(dst, v)
	default:
		return append(dst, 0xc0)
	}
}

// appendContainer leaves room for a header of 32 bits, as the number of elements is known only at the end.
func appendContainer(dst []byte, v gjson.Result) []byte {
	const array32, map32 = 0xdd, 0xdf
	at, n := len(dst), uint32(0)
	code := byte(array32)
	if v.IsObject() {
		code = map32
	}
	dst = append(dst, code, 0, 0, 0, 0)
	v.ForEach(func(key, value gjson.Result) bool {
		if code == map32 {
			dst = chunk.AppendStr(dst, key.Str)
		}
		dst = appendResult(dst, value)
		n++
		return true
	})
	binary.BigEndian.PutUint32(dst[at+1:], n)
	return dst
}

func appendNumber(dst []byte, text string) []byte {
	if !strings.ContainsAny(text, ".eE") {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return binary.BigEndian.AppendUint64(append(dst, 0xd3), uint64(n)) //nolint:gosec // the bits are the number
		}
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			return binary.BigEndian.AppendUint64(append(dst, 0xcf), n)
		}
		return chunk.AppendStr(dst, text)
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return chunk.AppendStr(dst, text)
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xcb), math.Float64bits(n))
}
