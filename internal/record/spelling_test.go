package record

import (
	"maps"
	"slices"
	"testing"

	"sigmatrail/internal/chunk"

	"github.com/google/go-cmp/cmp"
)

func TestSpelling(t *testing.T) {
	const text = ` { "a" : [ 1.0 , {"b":1e3, "b" : "\u00e9"} , [ ] , null ], "c":{"d" : 12345678901234567890123,"e":true}, "f": -0 } `
	packed, err := AppendMsgpack(nil, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	spelt := func(from, to int) (list []string) {
		found := Spelling([]byte(text), packed, from, to)
		for _, pos := range slices.Sorted(maps.Keys(found)) {
			list = append(list, found[pos])
		}
		return list
	}
	if diff := cmp.Diff([]string{"1.0", "1e3", `"\u00e9"`, "null", "12345678901234567890123", "true", "-0"}, spelt(0, len(packed))); diff != "" {
		t.Error(diff)
	}
	for key, want := range map[string][]string{"a": {"1.0", "1e3", `"\u00e9"`, "null"}, "c": {"12345678901234567890123", "true"}, "f": {"-0"}} {
		start, end, _ := chunk.Lookup(packed, 0, key)
		if diff := cmp.Diff(want, spelt(start, end)); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
}
