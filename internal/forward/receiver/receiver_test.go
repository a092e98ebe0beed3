package receiver

import (
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"
)

// TestForms: entries that are an array, as Fluent Bit's own output sends them, and bytes arrive as the same, and are acknowledged.
func TestForms(t *testing.T) {
	answered := make(chan Message, 2)
	r, err := Listen(Options{Answered: func(m Message) { answered <- m }})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	c, err := net.Dial("tcp", r.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // nothing is left to be read
	packed := []byte("\x92\x01\x81\xa1a\x01\x92\x02\x81\xa1a\x02")
	want := [][]byte{packed[:6], packed[6:]}
	out, in := msgpack.NewEncoder(c), msgpack.NewDecoder(c)
	for name, entries := range map[string]any{"array": []msgpack.RawMessage{want[0], want[1]}, "bytes": packed} {
		if err := out.Encode([]any{"tag", entries, map[string]any{"size": 2, "chunk": name}}); err != nil {
			t.Fatal(err)
		}
		var answer map[string]string
		if err := in.Decode(&answer); err != nil || answer["ack"] != name {
			t.Fatalf("%s: %v %v, %v", name, answer, err, r.Faults())
		}
		if diff := cmp.Diff(want, (<-answered).Entries); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
