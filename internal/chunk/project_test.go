package chunk_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
	"sigmatrail/internal/rulegen"
	"sigmatrail/matcher"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// layout is fields and what a program would do with them.
type layout struct {
	fields  []chunk.Field
	inside  []bool // by field: whether what is inside objects is wanted
	anchors []matcher.FieldID
}

// steps are what paths are made of: keys that generated records have.
var steps = []string{
	"eventName", "eventSource", "userIdentity", "type", "arn", "requestParameters", "a", "b", "c", "list", "x", "a.b", "b.c", "sessionContext.attributes", "mfaAuthenticated", "items", "toPort",
	"ipPermissions", "requestPaAmeters", "requestParameters", "", "é", "userAgent", "eventTime",
}

// pathOf makes a path of some numbers.
func pathOf(choose func(n int) int) string {
	known := []string{"userIdentity.arn", "userIdentity.type", "requestParameters.a.b", "a.b.c", "requestParameters.list.x", "userIdentity.sessionContext.attributes.mfaAuthenticated"}
	if choose(3) > 0 {
		return known[choose(len(known))]
	}
	var keys []string
	for range 1 + choose(4) {
		keys = append(keys, steps[choose(len(steps))])
	}
	return strings.Join(keys, ".")
}

// layoutOf makes up to 12 fields; the one without paths is the record itself.
func layoutOf(choose func(n int) int) layout {
	var l layout
	for i := range 1 + choose(12) {
		var f chunk.Field
		l.inside = append(l.inside, choose(2) > 0)
		if choose(10) > 0 {
			for range 1 + choose(3) {
				if path := pathOf(choose); !slices.Contains(f.Paths, path) {
					f.Paths = append(f.Paths, path)
				}
			}
		}
		l.fields = append(l.fields, f)
		if len(f.Paths) > 0 && choose(2) > 0 {
			l.anchors = append(l.anchors, matcher.FieldID(i))
		}
	}
	return l
}

var markKeys = []string{"eventName", "eventSource", "event.original"}

// project projects a record and returns its fields as texts, one a value, sorted.
func project(r *chunk.Projector, rec *matcher.Record, l layout, data []byte, pos, depth int) ([][]string, error) {
	end, ok := r.Record(data, pos, depth)
	if want, sound := chunk.Skip(data, pos); ok != sound || (ok && end != want) {
		return nil, fmt.Errorf("the record ends at %d %v, not at %d %v", end, ok, want, sound)
	}
	for i, key := range markKeys {
		start, ok := r.Mark(i)
		want, _, there := chunk.Lookup(data, pos, key)
		if ok != there || (ok && start != want) {
			return nil, fmt.Errorf("mark %s: %d %v, want %d %v", key, start, ok, want, there)
		}
	}
	rec.Reset(len(l.fields))
	r.FillAnchors(rec)
	all := make([]matcher.FieldID, len(l.fields))
	for i := range all {
		all[i] = matcher.FieldID(i)
	}
	for i := range 2 * len(all) {
		r.Fill(rec, all[(i+len(all)/2)%len(all)])
	}
	for f, inside := range l.inside {
		if inside {
			r.FillInside(rec, matcher.FieldID(f))
		}
	}
	var texts [][]string
	for _, f := range all {
		values, present := rec.Values(f)
		list := []string{strconv.FormatBool(present)}
		for _, v := range values {
			if v.Unread != (v.Kind == matcher.Object && !l.inside[f]) {
				return nil, fmt.Errorf("field %d: unread is %v", f, v.Unread)
			}
			if v.Unread {
				v.Text = nil
			}
			list = append(list, fmt.Sprintf("%d %v %q", v.Kind, v.Inside, v.Text))
		}
		slices.Sort(list)
		texts = append(texts, list)
	}
	return texts, nil
}

// expected does the same with the decoded record.
func expected(l layout, o *record.Object) [][]string {
	var texts [][]string
	for i, f := range l.fields {
		var found []any
		if len(f.Paths) == 0 {
			var members []record.Member
			for _, m := range o.Members() {
				if m.Key != "sigma" {
					members = append(members, m)
				}
			}
			found = []any{record.NewObject(members...)}
		}
		for _, path := range f.Paths {
			found = append(found, at(o, path)...)
		}
		list := []string{strconv.FormatBool(len(found) > 0)}
		for _, v := range found {
			list = append(list, values(v, l.inside[i], false)...)
		}
		slices.Sort(list)
		texts = append(texts, list)
	}
	return texts
}

func at(v any, path string) (found []any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			found = append(found, at(e, path)...)
		}
	case *record.Object:
		for _, m := range v.Members() {
			if m.Key == path {
				found = append(found, m.Value)
			} else if rest, ok := strings.CutPrefix(path, m.Key+"."); ok {
				found = append(found, at(m.Value, rest)...)
			}
		}
	}
	return found
}

// values describes a value as project does. below says that it stands in an object.
func values(v any, inside, below bool) (list []string) {
	describe := func(kind matcher.Kind, text string) []string {
		return []string{fmt.Sprintf("%d %v %q", kind, below, text)}
	}
	switch v := v.(type) {
	case nil:
		if below {
			return nil
		}
		return describe(matcher.Null, "")
	case []any:
		for _, e := range v {
			list = append(list, values(e, inside, below)...)
		}
		return list
	case *record.Object:
		if inside || below {
			for _, m := range v.Members() {
				list = append(list, values(m.Value, inside, true)...)
			}
		}
		if below {
			return list
		}
		list = append(list, describe(matcher.Object, "")...)
		if inside {
			list = append(list, describe(matcher.JSON, string(record.AppendJSON(nil, v)))...)
		}
		return list
	case string:
		return describe(matcher.String, v)
	case bool:
		return describe(matcher.Bool, strconv.FormatBool(v))
	}
	if text, ok := record.NumberText(v); ok {
		return describe(matcher.Number, text)
	}
	if below {
		return nil
	}
	return describe(matcher.Opaque, "")
}

// checkProjection holds a projector that has seen other records to the decoded ones.
func checkProjection(l layout, data []byte, bodies []int, rounds int) error {
	r := chunk.NewProjector(chunk.NewProjection(l.fields, l.anchors, markKeys, "sigma"))
	var rec matcher.Record
	want := make(map[int][][]string)
	objects := make(map[int]*record.Object)
	for _, pos := range bodies {
		body, ok := record.Decode(data, pos)
		if o, isMap := body.(*record.Object); ok && isMap {
			objects[pos], want[pos] = o, expected(l, o)
		}
	}
	for range rounds { // values are remembered only where they come often
		for _, pos := range bodies {
			o := objects[pos]
			if o == nil {
				continue
			}
			got, err := project(r, &rec, l, data, pos, 0)
			if err != nil {
				return err
			}
			if !slices.EqualFunc(got, want[pos], slices.Equal) {
				return fmt.Errorf("%s\nfields %+v, anchors %v, record %s at %d of %x", cmp.Diff(want[pos], got), l.fields, l.anchors, record.AppendJSON(nil, o), pos, data)
			}
		}
	}
	return nil
}

// bodiesOf returns where the bodies of a chunk stand.
func bodiesOf(data []byte) (all []int) {
	var ev chunk.Event
	for w := chunk.NewWalker(data); w.Next(&ev); {
		if ev.Kind == chunk.Log {
			all = append(all, ev.BodyStart)
		}
	}
	return all
}

// fromBytes makes choices of bytes.
func fromBytes(data []byte) func(n int) int {
	return func(n int) int {
		if len(data) == 0 {
			return 0
		}
		b := int(data[0])
		data = data[1:]
		return b % n
	}
}

func TestProject(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := layoutOf(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "") })
		data := rulegen.Neighbours().Draw(t, "chunk")
		if err := checkProjection(l, data, bodiesOf(data), 30); err != nil {
			t.Fatal(err)
		}
	})
}

// TestProjectGenerated does the same with fixed seeds, as far more of them can be had.
func TestProjectGenerated(t *testing.T) {
	records := 0
	for n := range uint64(500) {
		data := rulegen.NeighboursFromBytes(rulegen.Seed(n))
		bodies := bodiesOf(data)
		records += len(bodies)
		if err := checkProjection(layoutOf(fromBytes(rulegen.Seed(n+1<<40))), data, bodies, 30); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
	}
	if records < 2300 {
		t.Errorf("%d records", records)
	}
}

// TestProjectDamaged: a record that is cut short or has a byte that msgpack has not is none, wherever that is, also where what is inside its objects was
// asked for in the record before.
func TestProjectDamaged(t *testing.T) {
	l := layoutOf(fromBytes(rulegen.Seed(3)))
	for _, path := range []string{"userIdentity.arn", "requestParameters.a.b", "requestParameters.toPort", "a.b.c", "responseElements.a"} {
		l.fields, l.inside = append(l.fields, chunk.Field{Paths: []string{path}}), append(l.inside, false)
	}
	r := chunk.NewProjector(chunk.NewProjection(l.fields, l.anchors, markKeys, "sigma"))
	rec := &matcher.Record{}
	for n := range uint64(40) {
		whole := rulegen.RecordFromBytes(rulegen.Seed(n))
		if len(whole) > 3000 {
			continue
		}
		for at := range whole {
			for range 3 {
				if _, err := project(r, rec, l, whole, 0, 0); err != nil {
					t.Fatal(err)
				}
			}
			if end, ok := r.Record(whole[:at:at], 0, 0); ok {
				t.Fatalf("%x cut at %d ends at %d", whole, at, end)
			}
			wrong := slices.Clone(whole)
			wrong[at] = 0xc1
			end, ok := r.Record(wrong, 0, 0)
			if want, sound := chunk.Skip(wrong, 0); ok != sound && wrong[0] != 0xc1 || (ok && end != want) {
				t.Fatalf("%x with c1 at %d ends at %d %v, not at %d %v", whole, at, end, ok, want, sound)
			}
		}
	}
}

// TestNewKeysAllocateNothing: what is remembered of keys is bounded, of the record's and of those of objects in which somebody looks.
func TestNewKeysAllocateNothing(t *testing.T) {
	fields := []chunk.Field{{Paths: []string{"a.b"}}}
	r := chunk.NewProjector(chunk.NewProjection(fields, nil, nil, "sigma"))
	rec := &matcher.Record{}
	var records [][]byte
	for n := range 3000 {
		key := strconv.Itoa(1000 + n)
		records = append(records, []byte("\x82\xa4"+key+"\x01\xa1a\x82\xa4"+key+"\x01\xa1b\xa1x"))
	}
	next := func() {
		rec.Reset(len(fields))
		if _, ok := r.Record(records[0], 0, 0); !ok {
			t.Fatal("no record")
		}
		r.Fill(rec, 0)
		if !rec.HasText(0, func(text []byte) bool { return string(text) == "x" }) {
			t.Fatal("no value")
		}
		records = records[1:]
	}
	for range 2000 {
		next()
	}
	if n := testing.AllocsPerRun(900, next); n > 0 {
		t.Errorf("%v allocations a record", n)
	}
}

// TestProjectDepth: what is inside objects is found down to the greatest depth and no farther, also where it is noted on the walk over the record.
func TestProjectDepth(t *testing.T) {
	fields := []chunk.Field{{Paths: []string{"a.b"}}, {Paths: []string{"a"}}}
	r := chunk.NewProjector(chunk.NewProjection(fields, nil, nil, "sigma"))
	rec := &matcher.Record{}
	data := []byte("\x81\xa1a\x81\xa1b\xa1x")
	for range 3 {
		for depth := range chunk.MaxDepth + 3 {
			rec.Reset(len(fields))
			if _, ok := r.Record(data, 0, depth); !ok {
				t.Fatal("no record")
			}
			r.Fill(rec, 0)
			r.Fill(rec, 1)
			values, _ := rec.Values(1)
			if got, want := rec.Present(0), depth+1 < chunk.MaxDepth; got != want || len(values) != 1 || (values[0].Kind == matcher.Object) != want {
				t.Errorf("at a depth of %d: %v, %+v", depth, got, values)
			}
		}
	}
}

// FuzzProject holds the projector to a lookup in the decoded record, for any paths and bytes, one record behind the other through one projector.
func FuzzProject(f *testing.F) {
	for n := range uint64(40) {
		f.Add(rulegen.Seed(n), rulegen.NeighboursFromBytes(rulegen.Seed(n)))
	}
	f.Fuzz(func(t *testing.T, paths, data []byte) {
		l := layoutOf(fromBytes(paths))
		bodies := bodiesOf(data)
		if len(bodies) == 0 {
			bodies = []int{0}
		}
		if err := checkProjection(l, data, bodies, 30); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzNumberText holds the canonical text of numbers to encoding/json's.
func FuzzNumberText(f *testing.F) {
	for _, bits := range []uint64{0, 1 << 63, math.Float64bits(1e21), math.Float64bits(1e-7), math.Float64bits(999999999999999900000), math.MaxUint64, math.Float64bits(5e-324), math.Float64bits(1e100)} {
		for _, c := range []byte{0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3} {
			f.Add(c, bits)
		}
	}
	f.Fuzz(func(t *testing.T, c byte, bits uint64) {
		data := binary.BigEndian.AppendUint64([]byte{c}, bits)
		h, ok := chunk.ReadHead(data, 0)
		if !ok || (h.Type != chunk.Int && h.Type != chunk.Uint && h.Type != chunk.Float) {
			return
		}
		v, _ := record.Decode(data, 0)
		want, wantOK := record.NumberText(v)
		if got, ok := chunk.NumberText(h); ok != wantOK || (ok && got != want) {
			t.Errorf("%v: %q %v, want %q %v", v, got, ok, want, wantOK)
		}
	})
}

// FuzzJSON holds the JSON text of values to that of the decoded ones.
func FuzzJSON(f *testing.F) {
	for n := range uint64(40) {
		f.Add(rulegen.RecordFromBytes(rulegen.Seed(n)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, ok := record.Decode(data, 0)
		if !ok {
			return
		}
		if got, want := chunk.JSON(data, 0, ""), string(record.AppendJSON(nil, v)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		o, ok := v.(*record.Object)
		if !ok {
			return
		}
		var members []record.Member
		for _, m := range o.Members() {
			if m.Key != "eventName" {
				members = append(members, m)
			}
		}
		if got, want := chunk.JSON(data, 0, "eventName"), string(record.AppendJSON(nil, record.NewObject(members...))); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}
