package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"sigmatrail/internal/chunk"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"
)

func value(t testing.TB, text string) any {
	t.Helper()
	packed, err := AppendMsgpack(nil, []byte(text))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	v, ok := Decode(packed, 0)
	if !ok {
		t.Fatalf("%s becomes unsound msgpack %x", text, packed)
	}
	return v
}

func TestScalars(t *testing.T) {
	for text, want := range map[string]any{
		`null`: nil, `true`: true, `false`: false, `""`: "", `"é"`: "é", `"\u00e9\n\"\\\/"`: "é\n\"\\/",
		`"\ud83d\ude00"`: "😀", `"\ud83d"`: "\uFFFD", `"\u0000"`: "\x00",
		`0`: int64(0), `-0`: int64(0), `22`: int64(22), `-9223372036854775808`: int64(math.MinInt64), `9223372036854775807`: int64(math.MaxInt64),
		`18446744073709551615`: uint64(math.MaxUint64), `18446744073709551616`: "18446744073709551616", `-9223372036854775809`: "-9223372036854775809",
		`1.0`: 1.0, `1e3`: 1000.0, `1.10`: 1.1, `1e999`: "1e999", `-1e-400`: math.Copysign(0, -1),
		`" 	"`: " 	",
	} {
		if strings.Contains(text, "\t") {
			continue // a raw tab is not allowed in a JSON string
		}
		if diff := cmp.Diff(want, value(t, text)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestNumberText(t *testing.T) {
	for text, want := range map[string]string{
		`22`: "22", `22.0`: "22", `2.2e1`: "22", `-0.0`: "0", `1.10`: "1.1", `1e20`: "100000000000000000000", `1e21`: "1e+21", `0.0000001`: "1e-7",
		`18446744073709551615`: "18446744073709551615", `0.1`: "0.1",
	} {
		if got, ok := NumberText(value(t, text)); !ok || got != want {
			t.Errorf("%s: %q %v", text, got, ok)
		}
	}
	for _, v := range []any{nil, true, "1", math.Inf(1), math.NaN(), Opaque{}} {
		if text, ok := NumberText(v); ok {
			t.Errorf("%v has the number text %q", v, text)
		}
	}
}

func TestDuplicateKeys(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":1,"b":2,"a":3}`: `{"b":2,"a":3}`,
		`{"a":1,"a":null}`:    `{"a":null}`,
		`{"a":{"x":1,"x":2}}`: `{"a":{"x":2}}`,
	} {
		if got := string(AppendJSON(nil, value(t, text))); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
	many := `{"k":0`
	for range 40 {
		many += `,"k":1,"x":2`
	}
	o := value(t, many+`,"k":7}`).(*Object)
	if v, _ := o.Get("k"); v != int64(7) || len(o.Members()) != 2 {
		t.Errorf("%v of %d members", v, len(o.Members()))
	}
	if _, ok := o.Get("y"); ok {
		t.Error("a key that is not there")
	}
}

// TestDepth: what is nested deeper than MaxDepth is opaque from msgpack and an error in JSON.
func TestDepth(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	value(t, nested(MaxDepth))
	var syntax *SyntaxError
	if _, err := AppendMsgpack(nil, []byte(nested(MaxDepth+1))); !errors.As(err, &syntax) || syntax.Offset != MaxDepth {
		t.Errorf("%v", err)
	}
	packed := append(bytes.Repeat([]byte{0x91}, 100_000), 0xc0)
	v, ok := Decode(packed, 0)
	if !ok {
		t.Fatal("deep nesting is sound")
	}
	for range MaxDepth {
		v = v.([]any)[0]
	}
	if v != (Opaque{}) {
		t.Errorf("%T", v)
	}
}

func TestDecodeTruncated(t *testing.T) {
	packed, _ := AppendMsgpack(nil, []byte(`{"a":[1,"text",{"b":null,"c":2.5}],"d":18446744073709551615}`))
	if _, ok := Decode(packed, 0); !ok {
		t.Fatal("the whole is sound")
	}
	for n := range packed {
		if _, ok := Decode(packed[:n], 0); ok {
			t.Errorf("sound after %d of %d bytes", n, len(packed))
		}
	}
}

// TestDecodeOther has what JSON does not: bin, ext, keys that are no text, NaN.
func TestDecodeOther(t *testing.T) {
	packed := []byte("\x85\xa1a\xc4\x01x\xa1b\xd4\x05z\x07\xa1c\xa1d\xca\x7f\xc0\x00\x00\xc4\x01e\x01")
	v, ok := Decode(packed, 0)
	if !ok {
		t.Fatal("unsound")
	}
	o := v.(*Object)
	if got := len(o.Members()); got != 4 { // the key 7 cannot be named
		t.Fatalf("%d members", got)
	}
	if o.Text("a") != "x" {
		t.Error("bin is not text")
	}
	if b, _ := o.Get("b"); b != (Opaque{}) {
		t.Errorf("ext is %v", b)
	}
	if e, _ := o.Get("e"); e != int64(1) {
		t.Errorf("a key of type bin: %v", e)
	}
	if got := string(AppendJSON(nil, o)); got != `{"a":"x","b":null,"d":null,"e":1}` {
		t.Error(got)
	}
}

// FuzzAppendMsgpack holds the transcoder against encoding/json and an independent msgpack decoder.
func FuzzAppendMsgpack(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,2.5,"x",null,true,{"b":{}}],"a":-0.0}`, `"\ud83d\ude00\ud83d"`, `18446744073709551616`, `[[[[]]]]`, `{"":""}`, `1e999`, "{\"a\xff\":\"\xfe\"}", ` [ 1 , 2 ] `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		comparePacked(t, text)
		packed, err := AppendMsgpack([]byte("kept"), text)
		if !bytes.HasPrefix(packed, []byte("kept")) {
			t.Fatal("dst was changed")
		}
		if packed = packed[4:]; err != nil {
			if len(packed) > 0 {
				t.Fatal("something was appended despite the error")
			}
			return
		}
		if end, ok := chunk.Skip(packed, 0); !ok || end != len(packed) {
			t.Fatalf("Skip: %d of %d, %v", end, len(packed), ok)
		}
		v, ok := Decode(packed, 0)
		if !ok {
			t.Fatal("unsound msgpack")
		}
		var independent any
		if err := msgpack.Unmarshal(packed, &independent); err != nil {
			t.Fatal(err)
		}
		// What is written as JSON reads as the same again, but that whole floats beyond 64 bits come back as text.
		again := AppendJSON(nil, v)
		if !json.Valid(again) {
			t.Fatalf("%s is not JSON", again)
		}
		packedAgain, err := AppendMsgpack(nil, again)
		if err != nil {
			t.Fatal(err)
		}
		second, _ := Decode(packedAgain, 0)
		if diff := cmp.Diff(plain(v), plain(second)); diff != "" {
			t.Fatalf("%s read again:\n%s", again, diff)
		}
		compareWithJSON(t, text, v)
	})
}

// compareWithJSON compares v with what encoding/json reads.
func compareWithJSON(t *testing.T, text []byte, v any) {
	t.Helper()
	if !validStrings(text) {
		return // encoding/json replaces what we keep
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var want any
	if err := d.Decode(&want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plain(want), plain(v)); diff != "" {
		t.Fatalf("(-encoding/json +ours)\n%s", diff)
	}
}

func validStrings(text []byte) bool { return bytes.Equal(bytes.ToValidUTF8(text, nil), text) }

// plain makes values of both worlds comparable: maps, slices and the texts of numbers.
func plain(v any) any {
	switch v := v.(type) {
	case *Object:
		m := make(map[string]any)
		for _, member := range v.Members() {
			m[member.Key] = plain(member.Value)
		}
		return m
	case map[string]any:
		m := make(map[string]any)
		for k, e := range v {
			m[k] = plain(e)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = plain(e)
		}
		return list
	case json.Number:
		packed := appendNumber(nil, v.String())
		number, _ := Decode(packed, 0)
		return plain(number)
	case float64:
		text, _ := NumberText(v)
		return text
	case int64, uint64:
		text, _ := NumberText(v)
		return text
	}
	return v
}
