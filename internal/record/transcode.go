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
	p := packer{text: text, dst: dst}
	if p.document() {
		return p.dst, nil
	}
	return dst, explainJSON(text)
}

// explainJSON says why a text that the packer has refused is refused: the packer itself only knows that it is.
func explainJSON(text []byte) *SyntaxError {
	if offset, deep := tooDeep(text); deep {
		return &SyntaxError{Offset: int64(offset), Reason: fmt.Sprintf("containers are nested more than %d deep", MaxDepth)}
	}
	if syntax := syntaxError(text); syntax != nil {
		return &SyntaxError{Offset: syntax.Offset, Reason: syntax.Error()}
	}
	return &SyntaxError{Reason: "invalid JSON"} // unreachable: FuzzAppendMsgpack
}

// syntaxError returns where encoding/json finds a mistake, or nil.
func syntaxError(text []byte) *json.SyntaxError {
	var raw json.RawMessage
	if syntax, wrong := errors.AsType[*json.SyntaxError](json.Unmarshal(text, &raw)); wrong {
		return syntax
	}
	return nil
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
