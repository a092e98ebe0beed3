package chunk

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestWalkFramings(t *testing.T) {
	bodies := map[string][]byte{}
	for name, w := range map[string]width{"fixmap": fix, "map16": wide16, "map32": wide32} {
		bodies[name] = join(mapHeader(w, 2), str("eventName"), str("StopLogging"), str("n"), []byte{0x2a})
	}
	times := map[string]struct {
		bytes []byte
		sec   int64
		nsec  uint32
	}{
		"fixext8": {stamp(1700000000, 5), 1700000000, 5},
		"ext8":    {append([]byte{0xc7, 8, 0}, stamp(7, 9)[2:]...), 7, 9},
		"fixint":  {[]byte{0x07}, 7, 0},
		"uint32":  {[]byte{0xce, 0x65, 0x53, 0xf1, 0x00}, 1700000000, 0},
		"float64": {float64Bytes(12.5), 12, 500000000},
	}
	for _, f := range framings() {
		for bodyName, body := range bodies {
			for timeName, when := range times {
				data := f.make(when.bytes, body)
				want := []Event{{
					Kind: Log, End: len(data), BodyStart: len(data) - len(body), BodyEnd: len(data),
					Seconds: when.sec, Nanos: when.nsec, HasTime: true,
				}}
				if diff := cmp.Diff(want, parts(data)); diff != "" {
					t.Errorf("%s, %s, %s: %s", f.name, bodyName, timeName, diff)
				}
			}
		}
	}
}

func TestWalkKinds(t *testing.T) {
	v2 := framings()[2].make
	empty := mapHeader(fix, 0)
	f := func(name string, data []byte, want Kind) {
		t.Helper()
		got := parts(append(data, framings()[2].make(stamp(1, 0), empty)...))
		if got[0].Kind != want {
			t.Errorf("%s: kind %d, want %d", name, got[0].Kind, want)
		}
		if want != Damaged && (len(got) != 2 || got[0].End != len(data) || got[1].Kind != Log) {
			t.Errorf("%s: the event behind it is lost: %+v", name, got)
		}
	}
	f("group start", v2(stamp(groupStartSeconds, 0), empty), GroupStart)
	f("group end", v2(stamp(groupEndSeconds, 0), empty), GroupEnd)
	f("last second that is no marker", v2(stamp(groupEndSeconds-1, 0), empty), Log)
	f("legacy framing has no markers", framings()[0].make(stamp(groupStartSeconds, 0), empty), Log)
	f("marker as a number", v2([]byte{0xce, 0xff, 0xff, 0xff, 0xff}, empty), Log)
	f("nil", []byte{0xc0}, Foreign)
	f("map", join(mapHeader(fix, 1), str("a"), str("b")), Foreign)
	f("array of three", join(arrayHeader(fix, 3), stamp(1, 0), empty, empty), Foreign)
	f("body is text", framings()[0].make(stamp(1, 0), str("x")), Foreign)
	f("body is an array", v2(stamp(1, 0), arrayHeader(fix, 0)), Foreign)
	f("time is text", framings()[0].make(str("now"), empty), Foreign)
	f("time is nil in v2", v2([]byte{0xc0}, empty), Foreign)
	f("time is another extension", framings()[0].make([]byte{0xd7, 1, 0, 0, 0, 0, 0, 0, 0, 0}, empty), Foreign)
	f("metadata is no map", join(arrayHeader(fix, 2), arrayHeader(fix, 2), stamp(1, 0), str("m"), empty), Foreign)
	f("header of three", join(arrayHeader(fix, 2), arrayHeader(fix, 3), stamp(1, 0), empty, empty, empty), Foreign)
	f("unused byte", []byte{0xc1}, Damaged)
	f("unused byte in a body", framings()[0].make(stamp(1, 0), join(mapHeader(fix, 1), str("a"), []byte{0xc1})), Damaged)
	f("array that promises too much", []byte{0xdd, 0xff, 0xff, 0xff, 0xff}, Damaged)
	f("map that promises too much", []byte{0xdf, 0xff, 0xff, 0xff, 0xff}, Damaged)
	f("text that promises too much", []byte{0xdb, 0xff, 0xff, 0xff, 0xff}, Damaged)
}

// covers reports whether the parts touch each other and make up all of the data.
func covers(data []byte, all []Event) error {
	at := 0
	for i, ev := range all {
		if ev.Start != at || ev.End <= ev.Start || ev.End > len(data) {
			return fmt.Errorf("part %d reaches from %d to %d after %d of %d", i, ev.Start, ev.End, at, len(data))
		}
		at = ev.End
	}
	if at != len(data) {
		return fmt.Errorf("the parts end at %d of %d", at, len(data))
	}
	return nil
}

func TestTruncatedAtEveryByte(t *testing.T) {
	cuts := 0
	for _, f := range framings() {
		body := join(mapHeader(wide32, 3), str("a"), arrayHeader(wide16, 2), []byte{1, 0xc3}, str("b"), []byte{0xd9, 3}, []byte("xyz"), str("c"), float64Bytes(1))
		event := f.make(stamp(9, 9), body)
		data := bytes.Repeat(event, 3)
		whole := parts(data)
		for cut := range len(data) {
			got := parts(data[:cut])
			if err := covers(data[:cut], got); err != nil {
				t.Fatalf("%s cut at %d: %v", f.name, cut, err)
			}
			n := cut / len(event)
			if diff := cmp.Diff(whole[:n], got[:min(n, len(got))], cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%s cut at %d: the events before the cut changed: %s", f.name, cut, diff)
			}
			if cut%len(event) != 0 && got[n].Kind != Damaged {
				t.Fatalf("%s cut at %d: the rest is kind %d", f.name, cut, got[n].Kind)
			}
			cuts++
		}
	}
	if cuts < 500 {
		t.Errorf("only %d cuts", cuts)
	}
}

func TestDeepAndLong(t *testing.T) {
	f := func(name string, value []byte) {
		t.Helper()
		data := framings()[2].make(stamp(1, 0), join(mapHeader(fix, 1), str("k"), value))
		got := parts(data)
		if len(got) != 1 || got[0].Kind != Log || got[0].End != len(data) {
			t.Errorf("%s: %+v", name, got)
		}
		if rest := parts(data[:len(data)-1]); rest[0].Kind != Damaged {
			t.Errorf("%s, cut: kind %d", name, rest[0].Kind)
		}
	}
	f("100 deep", append(bytes.Repeat([]byte{0x91}, 100), 0xc0))
	f("100,000 deep", append(bytes.Repeat([]byte{0x91}, 100_000), 0xc0))
	f("100,000 maps deep", append(bytes.Repeat([]byte{0x81, 0xa0}, 100_000), 0xc0))
	f("16 MB text", str(string(make([]byte, 16<<20))))
}

func TestAnyBytesAreCovered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOf(rapid.Byte()).Draw(t, "data")
		if err := covers(data, parts(data)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWalkingDoesNotAllocate(t *testing.T) {
	body := join(mapHeader(fix, 1), str("eventName"), str("StopLogging"))
	data := bytes.Repeat(framings()[2].make(stamp(1, 0), body), 100)
	var ev Event
	if n := testing.AllocsPerRun(10, func() {
		for w := NewWalker(data); w.Next(&ev); {
			if _, _, ok := Lookup(data, ev.BodyStart, "eventName"); !ok {
				t.Fatal("lost the key")
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
