package chunk

import (
	"bytes"
	"testing"
)

func seeds(f *testing.F) {
	f.Helper()
	body := join(mapHeader(wide16, 3), str("sigma"), []byte{1}, str("a"), arrayHeader(fix, 1), []byte{0xc0}, []byte{0xc4, 1, 'b'}, mapHeader(fix, 0))
	for _, frame := range framings() {
		f.Add(bytes.Repeat(frame.make(stamp(1700000000, 1), body), 2))
	}
	f.Add(framings()[2].make(stamp(groupStartSeconds, 0), mapHeader(fix, 0)))
	f.Add([]byte{0xdd, 0xff, 0xff, 0xff, 0xff, 0xc1})
}

// FuzzWalk holds that the parts of any bytes cover them, and that every sound part is one value.
func FuzzWalk(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		all := parts(data)
		if err := covers(data, all); err != nil {
			t.Fatal(err)
		}
		for i, ev := range all {
			end, ok := Skip(data, ev.Start)
			if damaged := ev.Kind == Damaged; ok == damaged || (ok && end != ev.End) || (damaged && i != len(all)-1) {
				t.Fatalf("part %d %+v: Skip says %d %v", i, ev, end, ok)
			}
		}
	})
}

// FuzzSplice holds that an edit changes what it says and nothing else, on whatever events the bytes hold.
func FuzzSplice(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		for _, ev := range parts(data) {
			if ev.Kind == Log {
				checkSplice(t, data, &ev, &Edit{Append: []Pair{{"sigma", []byte{0xc0}}}})
				checkSplice(t, data, &ev, &Edit{Drop: []string{"sigma", ""}, Append: []Pair{{"sigma", []byte{0xc0}}, {"", []byte{1}}}})
			}
		}
		if !bytes.Equal(before, data) {
			t.Fatal("the input was written to")
		}
	})
}
