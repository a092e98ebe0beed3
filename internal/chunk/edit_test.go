package chunk_test

import (
	"bytes"
	"testing"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// pack encodes a JSON text as msgpack.
func pack(t *testing.T, text string) []byte {
	t.Helper()
	packed, err := record.AppendMsgpack(nil, []byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return packed
}

// TestRewrite changes JSON objects, as msgpack.
func TestRewrite(t *testing.T) {
	value := func(text string) []byte { return pack(t, text) }
	for _, test := range []struct {
		name, before string
		edit         chunk.Edit
		want         string
	}{
		{"nothing", `{"a":1,"b":[2]}`, chunk.Edit{}, `{"a":1,"b":[2]}`},
		{"drop", `{"a":1,"b":2,"a":3}`, chunk.Edit{Drop: []string{"a", "z"}}, `{"b":2}`},
		{"rename", `{"a":1.5,"b":2}`, chunk.Edit{Rename: []chunk.Rename{{From: "a", To: "a_original"}, {From: "z", To: "y"}}}, `{"a_original":1.5,"b":2}`},
		{
			"inside", `{"a":{"b":{"c":1,"d":2}},"e":3}`,
			chunk.Edit{Change: []chunk.Change{{Key: "a", Inside: &chunk.Edit{Change: []chunk.Change{{
				Key: "b", Inside: &chunk.Edit{Drop: []string{"d"}, Append: []chunk.Pair{{Key: "f", Value: value(`["g"]`)}}},
			}}}}}},
			`{"a":{"b":{"c":1,"f":["g"]}},"e":3}`,
		},
		{"inside of no map", `{"a":7}`, chunk.Edit{Change: []chunk.Change{{Key: "a", Inside: &chunk.Edit{Drop: []string{"b"}}}}}, `{"a":7}`},
		{"extend a list", `{"a":[1,"b"]}`, chunk.Edit{Change: []chunk.Change{{Key: "a", Extend: [][]byte{value(`"c"`), value(`{}`)}}}}, `{"a":[1,"b","c",{}]}`},
		{"extend a text", `{"a":"b","c":1}`, chunk.Edit{Change: []chunk.Change{{Key: "a", Extend: [][]byte{value(`"c"`)}}}}, `{"a":["b","c"],"c":1}`},
		{"extend nothing", `{}`, chunk.Edit{Change: []chunk.Change{{Key: "a", Extend: [][]byte{value(`"c"`)}}}}, `{}`},
		{
			"all at once", `{"a":1,"b":2,"c":{},"d":[]}`,
			chunk.Edit{
				Drop: []string{"a"}, Rename: []chunk.Rename{{From: "b", To: "e"}},
				Change: []chunk.Change{{Key: "c", Inside: &chunk.Edit{Append: []chunk.Pair{{Key: "x", Value: value(`1`)}}}}, {Key: "d", Extend: [][]byte{value(`2`)}}},
				Append: []chunk.Pair{{Key: "b", Value: value(`9`)}},
			},
			`{"e":2,"c":{"x":1},"d":[2],"b":9}`,
		},
	} {
		data := append(append([]byte{0x92, 0xce, 0, 0, 0, 1}, pack(t, test.before)...), 0xc0)
		var ev chunk.Event
		w := chunk.NewWalker(data)
		if !w.Next(&ev) || ev.Kind != chunk.Log {
			t.Fatal("no event")
		}
		out := chunk.Rewrite(nil, data, &ev, &test.edit)
		tree, ok := record.Decode(out, ev.BodyStart)
		if got := string(record.AppendJSON(nil, tree)); !ok || got != test.want || !bytes.Equal(out[:ev.BodyStart], data[:ev.BodyStart]) {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
		if test.edit.Empty() != (test.name == "nothing") {
			t.Errorf("%s: Empty says %v", test.name, test.edit.Empty())
		}
	}
}

// TestRewriteDuplicates: of members with the same key the last one is changed, all are renamed.
func TestRewriteDuplicates(t *testing.T) {
	data := []byte{0x92, 1, 0x83, 0xa1, 'a', 1, 0xa1, 'b', 2, 0xa1, 'a', 3}
	var ev chunk.Event
	w := chunk.NewWalker(data)
	w.Next(&ev)
	for _, test := range []struct {
		edit chunk.Edit
		want []byte
	}{
		{chunk.Edit{Change: []chunk.Change{{Key: "a", Extend: [][]byte{{4}}}}}, []byte{0x83, 0xa1, 'a', 1, 0xa1, 'b', 2, 0xa1, 'a', 0x92, 3, 4}},
		{chunk.Edit{Rename: []chunk.Rename{{From: "a", To: "c"}}}, []byte{0x83, 0xa1, 'c', 1, 0xa1, 'b', 2, 0xa1, 'c', 3}},
	} {
		if got := chunk.Rewrite(nil, data, &ev, &test.edit); !bytes.Equal(got[2:], test.want) {
			t.Errorf("%x, want %x", got[2:], test.want)
		}
	}
}
