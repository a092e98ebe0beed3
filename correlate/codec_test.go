package correlate

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// anyGroup makes up a group.
func anyGroup(t *rapid.T) *group {
	hashes := rapid.Custom(func(t *rapid.T) hash { return hash(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes")) })
	times := rapid.OneOf(rapid.Int64(), rapid.Int64Range(1e15, 1e15+1e7))
	g := &group{
		key: hashes.Draw(t, "key"), texts: anyTexts(t), touched: rapid.Uint64().Draw(t, "touched"), held: rapid.Bool().Draw(t, "held"),
		from: rapid.OneOf(rapid.Just(int64(never)), times).Draw(t, "from"), judgedAt: rapid.OneOf(rapid.Just(int64(never)), times).Draw(t, "judged at"),
		lost: rapid.OneOf(rapid.Just(int64(never)), times).Draw(t, "lost"), settled: rapid.OneOf(rapid.Just(int64(never)), times).Draw(t, "settled"),
	}
	if g.settled != never {
		g.upTo = rapid.Int64().Draw(t, "up to")
	}
	for _, at := range slices.Sorted(slices.Values(rapid.SliceOfN(times, -1, 8).Draw(t, "times"))) {
		e := event{at: at, mask: rapid.Uint64().Draw(t, "mask"), fired: rapid.Bool().Draw(t, "fired"), unjudged: rapid.Bool().Draw(t, "unjudged")}
		e.holds, e.led, e.burst = rapid.Bool().Draw(t, "holds"), rapid.Bool().Draw(t, "led"), rapid.SampledFrom([]burst{unknown, begins, goesOn}).Draw(t, "burst")
		for range rapid.IntRange(0, 2).Draw(t, "faces") {
			f := make(face, rapid.IntRange(0, 3).Draw(t, "fields"))
			for i := range f {
				f[i] = anyTexts(t)
			}
			e.extend().faces = append(e.extend().faces, f)
		}
		if rapid.Bool().Draw(t, "has id") {
			e.id, e.account = hashes.Draw(t, "id"), rapid.SampledFrom([]uint64{7, 8, 0, math.MaxUint64}).Draw(t, "account")
		}
		if text := rapid.StringN(0, 5, -1).Draw(t, "text"); text != "" {
			e.extend().text = text
		}
		if values := rapid.SliceOfN(hashes, -1, 3).Draw(t, "hashes"); len(values) > 0 {
			e.extend().values = values
		}
		if numbers := rapid.SliceOfN(rapid.Float64(), -1, 3).Draw(t, "numbers"); len(numbers) > 0 {
			e.extend().numbers = numbers
		}
		if inner := hashes.Draw(t, "inner"); inner[0]%2 == 0 {
			e.extend().inner, e.more.reach = inner, rapid.Int64Min(0).Draw(t, "reach")
		}
		if by := hashes.Draw(t, "by"); by[0]%2 == 0 && by != (hash{}) {
			e.extend().by = by
		}
		g.events = append(g.events, e)
	}
	return g
}

func anyTexts(t *rapid.T) []string { return rapid.SliceOfN(rapid.String(), -1, 3).Draw(t, "texts") }

// differ compares groups without what is not kept. Nobody may use them meanwhile.
func differ(a, b *group) string {
	if bytes.Equal(a.encode(nil), b.encode(nil)) { // cmp takes its time
		return ""
	}
	return cmp.Diff(kept(a), kept(b), unexported()...)
}

func unexported() []cmp.Option {
	return []cmp.Option{cmp.AllowUnexported(group{}, event{}, more{}, tally{}), cmpopts.EquateEmpty()}
}

// kept returns what is kept of a group.
func kept(g *group) *group {
	bare := *g
	bare.tally, bare.dirty, bare.stored, bare.newer, bare.older = tally{}, false, false, nil, nil
	bare.events = slices.Clone(g.events)
	for i := range bare.events {
		e := &bare.events[i]
		e.serial = 0
		if e.more != nil {
			own := *e.more
			own.slots, own.slot, own.number = nil, [1]*slot{}, [1]float64{}
			e.more = &own
		}
	}
	return &bare
}

func TestCodec(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyGroup(t)
		text := g.encode([]byte("before"))[6:]
		back, err := decodeGroup(g.key[:], text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(kept(g), kept(back), unexported()...); diff != "" {
			t.Fatal(diff)
		}
		at, bit := rapid.IntRange(0, len(text)-1).Draw(t, "at"), rapid.IntRange(0, 7).Draw(t, "bit")
		text[at] ^= 1 << bit
		if _, err := decodeGroup(g.key[:], text); err == nil {
			t.Fatal("a flipped bit went unnoticed")
		}
	})
}

func TestClockCodec(t *testing.T) {
	now := time.Unix(1000, 0)
	c := clock{lateness: time.Minute, now: func() time.Time { return now }, horizon: never}
	c.observe("a", "r", 5)
	now = now.Add(30 * time.Second)
	c.observe("b", "", 7)
	text := c.encode(nil, now)

	later := clock{}
	if err := later.decode(text, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if p := later.sources[source{"a", "r"}]; later.horizon != c.horizon || later.due != c.due || len(later.sources) != 2 || p.newest != 5 || !p.seen.Equal(now.Add(time.Hour-30*time.Second)) {
		t.Errorf("%v %d %+v", later.horizon, len(later.sources), p)
	}
	for i := range text {
		text[i] ^= 4
		if err := later.decode(text, now); err == nil {
			t.Errorf("byte %d is not looked at", i)
		}
		text[i] ^= 4
	}
}

// FuzzDecode gives the decoders bytes that nobody has written, with a check sum that is right.
func FuzzDecode(f *testing.F) {
	g := &group{key: hash{1}, texts: []string{"alice"}, lost: 3, from: 2, judgedAt: 1, settled: 5, upTo: 9}
	e := event{at: 4, id: hash{3}, account: 5, mask: 1, unjudged: true, burst: begins, led: true, more: &more{text: "text", values: []hash{{1}}, numbers: []float64{1.5}, faces: []face{{{"x"}, nil}}, inner: hash{9}, reach: 4, by: hash{7}}}
	g.events = append(g.events, e, event{at: 5, mask: 3, fired: true})
	f.Add(g.encode(nil)[4:])
	c := clock{sources: map[source]*progress{{"1", "r"}: {newest: 1}}}
	f.Add(c.encode(nil, time.Unix(1, 0))[4:])
	f.Add([]byte{3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 1})
	f.Fuzz(func(t *testing.T, text []byte) {
		value := sealed(append(make([]byte, 4), text...), 0, g.key[:])
		if back, err := decodeGroup(g.key[:], value); err == nil {
			if cap(back.events) > len(text) || cap(back.texts) > 2*len(text)+8 {
				t.Fatal("more than there is")
			}
			again, err := decodeGroup(g.key[:], back.encode(nil))
			if err != nil {
				t.Fatal(err)
			}
			if diff := differ(back, again); diff != "" {
				t.Fatal(diff)
			}
		}
		clock := clock{}
		_ = clock.decode(sealed(append(make([]byte, 4), text...), 0, []byte(clockKey)), time.Unix(9, 0))
		if len(clock.sources) > mostSources {
			t.Fatal("too many sources")
		}
	})
}

// TestEveryFieldIsConsidered names the fields of what is kept in memory. What is added to them is to be kept in the file too, or not to be needed after a restart; then this list
// grows.
func TestEveryFieldIsConsidered(t *testing.T) {
	for _, test := range []struct {
		of   any
		want string
	}{
		{group{}, "key texts events lost from settled upTo tally judgedAt held dirty stored touched newer older"},
		{event{}, "at id account mask serial more fired unjudged holds led burst"},
		{more{}, "text values slots numbers slot number faces inner reach by"},
		{table{}, "shards users idle title restored mu waiting pruned judging judged"},
		{progress{}, "newest seen"},
		{clock{}, "now mu lateness sources horizon due"},
	} {
		var got []string
		for f := range reflect.TypeOf(test.of).Fields() {
			got = append(got, f.Name)
		}
		if text := strings.Join(got, " "); text != test.want {
			t.Errorf("%T has %s, and not %s: see codec.go", test.of, text, test.want)
		}
	}
}
