package chunk

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"
)

// member is one pair of a map as raw bytes.
type rawMember struct {
	key        Head
	name       string
	pair, data []byte
}

func rawMembers(t *testing.T, data []byte, pos int) []rawMember {
	t.Helper()
	h, _ := ReadHead(data, pos)
	pos = h.Next
	var list []rawMember
	for range h.Len {
		m, ok := readMember(data, pos)
		if !ok {
			t.Fatal("the map is damaged")
		}
		raw := rawMember{key: m.key, pair: data[pos:m.end], data: data[m.valueStart:m.end]}
		if m.key.Type == Str || m.key.Type == Bin {
			raw.name = string(m.key.Content(data))
		}
		list = append(list, raw)
		pos = m.end
	}
	return list
}

// checkSplice holds that only what the edit says has changed.
func checkSplice(t *testing.T, data []byte, ev *Event, e *Edit) {
	t.Helper()
	prefix := []byte("before")
	out := Rewrite(bytes.Clone(prefix), data, ev, e)
	if len(e.Drop) == 0 {
		spliced := Splice(bytes.Clone(prefix), data, ev, e.Append)
		if size := SpliceSize(data, ev, e.Append); len(spliced)-len(prefix) != size {
			t.Fatalf("SpliceSize says %d, Splice appended %d", size, len(spliced)-len(prefix))
		}
		if !bytes.Equal(out, spliced) {
			t.Fatalf("Splice: %x, Rewrite: %x", spliced, out)
		}
	}
	if !bytes.HasPrefix(out, prefix) {
		t.Fatal("dst was written over")
	}
	out = out[len(prefix):]
	got := parts(out)
	if len(got) != 1 || got[0].Kind != Log || got[0].Seconds != ev.Seconds || got[0].Nanos != ev.Nanos {
		t.Fatalf("the result walks to %+v", got)
	}
	if frame := data[ev.Start:ev.BodyStart]; !bytes.Equal(out[:got[0].BodyStart], frame) {
		t.Fatalf("the frame changed: %x, was %x", out[:got[0].BodyStart], frame)
	}
	var want [][]byte
	for _, m := range rawMembers(t, data, ev.BodyStart) {
		isText := m.key.Type == Str || m.key.Type == Bin
		dropped := false
		for _, d := range e.Drop {
			dropped = dropped || (isText && m.name == d)
		}
		if !dropped {
			want = append(want, m.pair)
		}
	}
	for _, p := range e.Append {
		want = append(want, append(AppendStr(nil, p.Key), p.Value...))
	}
	var have [][]byte
	for _, m := range rawMembers(t, out, got[0].BodyStart) {
		have = append(have, m.pair)
	}
	if !slices.EqualFunc(want, have, bytes.Equal) {
		t.Fatalf("the members are %x, want %x", have, want)
	}
}

func bodyOf(w width, n int) []byte {
	body := mapHeader(w, n)
	for range n {
		body = append(body, 0xa1, 'k', 0x01)
	}
	return body
}

func TestSplice(t *testing.T) {
	value := str("v")
	edits := map[string]Edit{
		"one":       {Append: []Pair{{"sigma", value}}},
		"three":     {Append: []Pair{{"sigma", value}, {"b", value}, {"c", value}}},
		"drop":      {Drop: []string{"k"}},
		"replace":   {Drop: []string{"k", "zz"}, Append: []Pair{{"k", value}}},
		"drop none": {Drop: []string{"zz"}, Append: []Pair{{"a long key that is longer than thirty-one bytes", value}}},
		"nothing":   {},
	}
	for _, f := range framings() {
		for _, body := range [][]byte{bodyOf(fix, 0), bodyOf(fix, 1), bodyOf(fix, 14), bodyOf(fix, 15), bodyOf(wide16, 2), bodyOf(wide16, 20), bodyOf(wide16, 65535), bodyOf(wide32, 2), bodyOf(wide32, 65536)} {
			data := f.make(stamp(1, 2), body)
			ev := parts(data)[0]
			for name, e := range edits {
				t.Run(f.name+" "+name, func(t *testing.T) { checkSplice(t, data, &ev, &e) })
			}
		}
	}
}

func TestSpliceKeepsHeaderWidth(t *testing.T) {
	f := func(body []byte, want byte) {
		t.Helper()
		data := framings()[2].make(stamp(1, 0), body)
		ev := parts(data)[0]
		out := Splice(nil, data, &ev, []Pair{{"s", []byte{0xc0}}})
		if got := out[ev.BodyStart]; got != want {
			t.Errorf("header %#x became %#x, want %#x", body[0], got, want)
		}
	}
	f(bodyOf(fix, 3), 0x84)
	f(bodyOf(fix, 15), 0xde)
	f(bodyOf(wide16, 3), 0xde)
	f(bodyOf(wide16, 65535), 0xdf)
	f(bodyOf(wide32, 3), 0xdf)
}

func TestDropEveryDuplicate(t *testing.T) {
	for _, key := range [][]byte{
		{0xa5, 's', 'i', 'g', 'm', 'a'},
		{0xd9, 5, 's', 'i', 'g', 'm', 'a'},
		{0xda, 0, 5, 's', 'i', 'g', 'm', 'a'},
		{0xdb, 0, 0, 0, 5, 's', 'i', 'g', 'm', 'a'},
		{0xc4, 5, 's', 'i', 'g', 'm', 'a'},
	} {
		body := join(mapHeader(fix, 4), key, []byte{1}, str("a"), []byte{2}, key, []byte{3}, []byte{7}, []byte{4})
		data := framings()[0].make(stamp(1, 0), body)
		ev := parts(data)[0]
		checkSplice(t, data, &ev, &Edit{Drop: []string{"sigma"}, Append: []Pair{{"sigma", []byte{9}}}})
		start, end, ok := Lookup(data, ev.BodyStart, "sigma")
		if !ok || !bytes.Equal(data[start:end], []byte{3}) {
			t.Errorf("key %x: found %x, %v; the last one wins", key, data[start:end], ok)
		}
	}
}

func TestLookupMissing(t *testing.T) {
	for _, data := range [][]byte{{}, {0xc0}, {0x81, 0xa1}, {0x81, 0xa1, 'k'}, join(mapHeader(fix, 1), str("other"), []byte{1})} {
		if _, _, ok := Lookup(data, 0, "k"); ok {
			t.Errorf("%x: found", data)
		}
	}
}

// TestIndependentDecoder reads the result with a decoder that is not ours.
func TestIndependentDecoder(t *testing.T) {
	in := map[string]any{"eventName": "StopLogging", "n": int8(3), "list": []any{"a", nil, true}}
	body, err := msgpack.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	data := framings()[4].make(stamp(1, 0), body)
	ev := parts(data)[0]
	out := Rewrite(nil, data, &ev, &Edit{Drop: []string{"n"}, Append: []Pair{{"sigma", str("hit")}}})
	var got map[string]any
	if err := msgpack.Unmarshal(out[ev.BodyStart:], &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"eventName": "StopLogging", "list": []any{"a", nil, true}, "sigma": "hit"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSkipAgreesWithIndependentDecoder(t *testing.T) {
	values := []any{
		nil, true, false, int64(-1), int64(-33), int64(-129), int64(-32769), int64(-1 << 40), uint64(1 << 63), 3, 300, 70000, float32(1.5), 2.5,
		"", "short", string(make([]byte, 40)), string(make([]byte, 300)), string(make([]byte, 70000)),
		[]byte{1, 2},
		make([]byte, 300), make([]byte, 70000),
		[]any{1, "a", []any{nil}},
		make([]int, 20), make([]int, 70000),
		map[string]any{"a": map[string]any{"b": []any{1.5}}},
	}
	for _, v := range values {
		data, err := msgpack.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if end, ok := Skip(append(data, 0xc0), 0); !ok || end != len(data) {
			t.Errorf("%T: skipped to %d (%v) of %d", v, end, ok, len(data))
		}
		if _, ok := Skip(data[:len(data)-1], 0); ok {
			t.Errorf("%T: skipped over a value that is cut short", v)
		}
	}
	if err := msgpack.Unmarshal([]byte{0xc1}, new(any)); err == nil || errors.Is(err, nil) {
		t.Error("the independent decoder takes 0xc1")
	}
}

func TestReadHeadScalars(t *testing.T) {
	f := func(data []byte, typ Type, check func(Head) bool) {
		t.Helper()
		h, ok := ReadHead(data, 0)
		if !ok || h.Type != typ || h.Next != len(data) || !check(h) {
			t.Errorf("%x: %+v %v", data, h, ok)
		}
	}
	integer := func(n int64) func(Head) bool { return func(h Head) bool { return h.Int() == n } }
	f([]byte{0x7f}, Int, integer(127))
	f([]byte{0xff}, Int, integer(-1))
	f([]byte{0xd0, 0x80}, Int, integer(-128))
	f([]byte{0xd1, 0x80, 0}, Int, integer(-32768))
	f([]byte{0xd2, 0x80, 0, 0, 0}, Int, integer(-1<<31))
	f([]byte{0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0}, Int, integer(-1<<63))
	f([]byte{0xcc, 0xff}, Int, integer(255))
	f([]byte{0xcf, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, Int, integer(1<<63-1))
	f([]byte{0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0}, Uint, func(h Head) bool { return h.Bits == 1<<63 })
	f([]byte{0xca, 0x3f, 0xc0, 0, 0}, Float, func(h Head) bool { return h.Float() == 1.5 })
	f(float64Bytes(-2.25), Float, func(h Head) bool { return h.Float() == -2.25 })
	f([]byte{0xc3}, Bool, func(h Head) bool { return h.Bits == 1 })
}
