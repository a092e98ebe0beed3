package record

import (
	"bytes"
	"encoding/json"
	"testing"

	"sigmatrail/internal/chunk"
)

func TestAppendEdited(t *testing.T) {
	pair := []chunk.Pair{{Key: "sigma", Value: []byte(`{"a":1}`)}}
	for _, test := range []struct {
		object string
		drop   []string
		pairs  []chunk.Pair
		want   string
	}{
		{`{}`, nil, nil, `{}`},
		{`{}`, nil, pair, `{"sigma":{"a":1}}`},
		{` { } `, nil, pair, `{"sigma":{"a":1}}`},
		{`{"a":1.0,"b":1e2}`, nil, pair, `{"a":1.0,"b":1e2,"sigma":{"a":1}}`},
		{`{"a": "x\u00e9" , "b":[ 1 ]  }`, nil, pair, `{"a": "x\u00e9" , "b":[ 1 ],"sigma":{"a":1}}`},
		{"{\n  \"a\": 1\n}", nil, pair, `{"a":1,"sigma":{"a":1}}`},
		{`{"sigma":1,"a":2,"sigma":3}`, []string{"sigma"}, pair, `{"a":2,"sigma":{"a":1}}`},
		{`{"sigma":1}`, []string{"sigma"}, nil, `{}`},
		{`{"\u0073igma":1,"b":{"sigma":2}}`, []string{"sigma"}, pair, `{"b":{"sigma":2},"sigma":{"a":1}}`},
		{`{"a":1}`, nil, []chunk.Pair{{Key: "é\"", Value: []byte(`2`)}, {Key: "c", Value: []byte(`3`)}}, `{"a":1,"é\"":2,"c":3}`},
	} {
		got, err := AppendEdited([]byte("kept "), []byte(test.object), &chunk.Edit{Drop: test.drop, Append: test.pairs})
		if err != nil || string(got) != "kept "+test.want {
			t.Errorf("%s: %s, %v", test.object, got, err)
		}
	}
	for _, text := range []string{`[1]`, `"a"`, ``} {
		if got, err := AppendEdited(nil, []byte(text), &chunk.Edit{Append: pair}); err == nil {
			t.Errorf("%q: %s", text, got)
		}
	}
}

func TestLookupJSON(t *testing.T) {
	for object, want := range map[string]string{
		`{"a":1,"k": {"x":1} }`: `{"x":1}`, `{"k":1,"k":2}`: `2`, `{"\u006b":3}`: `3`, `{"a":{"k":1}}`: ``, `{}`: ``,
	} {
		got, ok := LookupJSON([]byte(object), "k")
		if string(got) != want || ok != (want != "") {
			t.Errorf("%s: %s %v", object, got, ok)
		}
	}
}

// TestAppendEditedInside changes what is inside members.
func TestAppendEditedInside(t *testing.T) {
	for _, test := range []struct {
		object string
		edit   chunk.Edit
		want   string
	}{
		{`{"a":1.0,"b":2,"a":1e2}`, chunk.Edit{Rename: []chunk.Rename{{From: "a", To: "c"}}}, `{"c":1.0,"b":2,"c":1e2}`},
		{
			`{"a": {"b":1.0} ,"c":[ ]}`,
			chunk.Edit{Change: []chunk.Change{{Key: "a", Inside: &chunk.Edit{Append: []chunk.Pair{{Key: "d", Value: []byte(`2`)}}}}, {Key: "c", Extend: [][]byte{[]byte(`3`)}}}},
			`{"a":{"b":1.0,"d":2},"c":[3]}`,
		},
		{
			`{"a":{},"b":"x","c":[1, 2 ],"a":{"y":1}}`,
			chunk.Edit{Change: []chunk.Change{
				{Key: "a", Inside: &chunk.Edit{Drop: []string{"y"}, Append: []chunk.Pair{{Key: "d", Value: []byte(`2`)}}}},
				{Key: "b", Extend: [][]byte{[]byte(`"y"`)}},
				{Key: "c", Extend: [][]byte{[]byte(`3`), []byte(`4`)}},
				{Key: "none", Extend: [][]byte{[]byte(`3`)}},
			}},
			`{"a":{},"b":["x","y"],"c":[1, 2,3,4],"a":{"d":2}}`,
		},
		{`{"a":7}`, chunk.Edit{Change: []chunk.Change{{Key: "a", Inside: &chunk.Edit{Drop: []string{"y"}}}}}, `{"a":7}`},
	} {
		got, err := AppendEdited(nil, []byte(test.object), &test.edit)
		if err != nil || string(got) != test.want {
			t.Errorf("%s: %s, %v", test.object, got, err)
		}
	}
}

// FuzzAppendEdited holds that whatever members an object has, they stay, and what is added is there.
func FuzzAppendEdited(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":[1,{"b":2}]}`, "{\r\n\"k\":1,\"k\":{} }", `{"a":"}","b":"\\"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		if refCheckJSON(object) != nil || !bytes.HasPrefix(bytes.TrimSpace(object), []byte("{")) {
			return
		}
		got, err := AppendEdited(nil, object, &chunk.Edit{Drop: []string{"k"}, Append: []chunk.Pair{{Key: "k", Value: []byte(`7`)}}})
		if err != nil || !json.Valid(got) || bytes.ContainsAny(got, "\r\n") {
			t.Fatalf("%s: %s %v", object, got, err)
		}
		if !validStrings(object) {
			return // encoding/json would make different keys equal
		}
		var before, after map[string]json.RawMessage
		if json.Unmarshal(object, &before) != nil || json.Unmarshal(got, &after) != nil {
			t.Fatalf("%s", got)
		}
		before["k"] = []byte(`7`)
		for k, v := range before {
			var a, b bytes.Buffer
			if json.Compact(&a, v) != nil || json.Compact(&b, after[k]) != nil || a.String() != b.String() {
				t.Fatalf("%s: %q was %s and is %s", object, k, v, after[k])
			}
		}
		if len(after) != len(before) {
			t.Fatalf("%s: %d members of %d", got, len(after), len(before))
		}
	})
}
