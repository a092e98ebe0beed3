package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"testing"
)

// FuzzCut: whatever a body is, all of it is given once, in its order, but for white space and the brackets and commas of arrays; and what is given as an event
// is one.
func FuzzCut(f *testing.F) {
	for _, body := range []string{
		"", "{}\n{}", "[{},{}]", "[\n{},\n{bad},\n{}]\n", "{\n}\n{}", "{}{}x\n[1,[2]]", `{"a":"b` + "\n" + `{"a":1}`, "\xef\xbb\xbf{}", "[{}\n[{}", "]\n,[,{}", `{"a":[` + "\n{}\n]}",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var given []byte
		line := 1
		take := func(text []byte, at int) {
			if len(text) == 0 || at < line || at > 1+bytes.Count(body, []byte("\n")) {
				t.Errorf("%q in line %d, behind line %d", text, at, line)
			}
			line = at
			given = append(given, text...)
		}
		cutter{
			event: func(text []byte, at int) error {
				if !json.Valid(text) || text[0] != '{' {
					return errors.New("no object")
				}
				take(text, at)
				return nil
			},
			broken: func(text []byte, at int, err error) {
				if err == nil {
					t.Errorf("%q: no reason", text)
				}
				take(text, at)
			},
		}.body(body)
		if want, got := essence(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))), essence(given); !bytes.Equal(want, got) {
			t.Errorf("%q: given are %q", body, given)
		}
	})
}

// essence returns text without what may be left out.
func essence(text []byte) []byte {
	return slices.DeleteFunc(bytes.Clone(text), func(b byte) bool { return bytes.IndexByte([]byte(space+"[],"), b) >= 0 })
}
