package record

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"testing"

	"sigmatrail/internal/chunk"

	"github.com/tidwall/gjson"
)

func referencePack(dst []byte, v gjson.Result) []byte {
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
		return referenceContainer(dst, v)
	default:
		return append(dst, 0xc0)
	}
}

// referenceContainer leaves room for a header of 32 bits, as the number of elements is known only at the end.
func referenceContainer(dst []byte, v gjson.Result) []byte {
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
		dst = referencePack(dst, value)
		n++
		return true
	})
	binary.BigEndian.PutUint32(dst[at+1:], n)
	return dst
}

// comparePacked holds the packer to encoding/json, which says what JSON is, and to gjson, which says what it means.
func comparePacked(t *testing.T, text []byte) {
	t.Helper()
	kept := []byte("kept")
	packed, err := AppendMsgpack(kept, text)
	_, deep := tooDeep(text)
	if want := json.Valid(text) && !deep; want != (err == nil) {
		t.Fatalf("%q: %v, encoding/json: %v", text, err, want)
	}
	if err != nil {
		if !bytes.Equal(packed, kept) {
			t.Fatalf("%q: %q is left", text, packed)
		}
		return
	}
	if want := referencePack(kept, gjson.ParseBytes(text)); !bytes.Equal(want, packed) {
		t.Fatalf("%q:\n%q, want\n%q", text, packed, want)
	}
}

// TestPacker cuts and changes texts at every byte.
func TestPacker(t *testing.T) {
	for _, text := range []string{
		` {"a" : [1, -0, 0.5, -1.5e+10, 2E5, 1e-7, true , false,null,"x\u00e9\n\"\\\/\b\f\r\t"], "":{}, "b":[ ] } `,
		`["\ud83d\ude00","\ud83d","\ude00\ud83d","\ud83d\u0041","\ud83d\ud83d\ude00","\uD83D\uDE0","é\xff"]`,
		`[01]`, `[-]`, `[1.]`, `[.5]`, `[1e]`, `[1e+]`, `[+1]`, `[--1]`, `[1,]`, `[,1]`, `{"a":1,}`, `{,}`, `{1:2}`, `{"a"}`, `{"a":}`, `[1 2]`, `1 2`,
		`[9223372036854775807,-9223372036854775808,18446744073709551615,18446744073709551616,1e999,0123]`,
	} {
		comparePacked(t, []byte(text))
		for i := range text {
			comparePacked(t, []byte(text[:i]))
			for _, c := range []byte("{}[],:\"\\ue0-+.19tx \n\x00\x1f\xff") {
				changed := []byte(text)
				changed[i] = c
				comparePacked(t, changed)
			}
		}
	}
}

func BenchmarkAppendMsgpack(b *testing.B) {
	text, err := os.ReadFile("../../testdata/events/cloudtrail.ndjson")
	if err != nil {
		b.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	var packed []byte
	for b.Loop() {
		for _, line := range lines {
			if packed, err = AppendMsgpack(packed[:0], line); err != nil {
				b.Fatal(err)
			}
		}
	}
}
