package pipeline

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"

	"github.com/google/go-cmp/cmp"
)

func splitting(t testing.TB, change ...func(*conf.Settings)) *Engine {
	t.Helper()
	return engine(t, func(s *conf.Settings) {
		s.Split = true
		for _, c := range change {
			c(s)
		}
	})
}

func quote(text string) string { return string(record.AppendJSON(nil, text)) }

// entry is an element of logEvents.
func entry(id int, message string) string {
	return fmt.Sprintf(`{"id":"%d","timestamp":1700000000000,"message":%s}`, id, quote(message))
}

func TestSplit(t *testing.T) {
	const around = `"path":"/x","n":1.0`
	plus := func(rec, more string) string { return strings.TrimSuffix(rec, "}") + `,` + more + `}` }
	const cloudWatch = `"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g"`
	two := Tally{Events: 2, Matched: 1, Unmatched: 1, Records: 2, Hits: 1, Split: 1, SplitInto: 2}
	whole := Tally{Events: 1, Matched: 1, Records: 1, Hits: 1}
	for _, test := range []struct {
		name, body string
		want       []string // nil: untouched
		tally      Tally
	}{
		{"a record", stop, []string{with(stop, stopped)}, whole},
		{"Records", `{"Records":[` + quiet + `,` + stop + `]}`, []string{quiet, with(stop, stopped)}, two},
		{"other members", `{"path":"/x","Records":[` + quiet + `,` + stop + `],"n":1.0}`, []string{plus(quiet, around[:len(around)-2]), with(plus(stop, around[:len(around)-2]), stopped)}, two},
		{"a name that an element has", `{"eventID":"theirs","Records":[` + quiet + `,{` + head + `"eventName":"StopLogging"}]}`, []string{
			quiet, with(`{`+head+`"eventName":"StopLogging","eventID":"theirs"}`, stopped),
		}, two},
		{"logEvents", `{` + cloudWatch + `,"logEvents":[` + entry(1, quiet) + `,` + entry(2, stop) + `]}`, []string{
			plus(entry(1, quiet), cloudWatch), with(plus(entry(2, stop), cloudWatch), stopped),
		}, two},
		{"LookupEvents", `{"Events":[{"CloudTrailEvent":` + quote(quiet) + `},{"CloudTrailEvent":` + quote(stop) + `}]}`, []string{
			`{"CloudTrailEvent":` + quote(quiet) + `}`, with(`{"CloudTrailEvent":`+quote(stop)+`}`, stopped),
		}, two},
		{"below an object", `{"time":1,"event":{"Records":[` + quiet + `,` + stop + `]},"host":"h"}`, []string{
			`{"time":1,"event":` + quiet + `,"host":"h"}`, with(`{"time":1,"event":`+stop+`,"host":"h"}`, stopped),
		}, two},
		{"a text", `{"log":` + quote(` {"Records": [`+quiet+`,`+stop+`]}`+"\n") + `,"stream":"stdout"}`, []string{
			`{"log":` + quote(quiet) + `,"stream":"stdout"}`, with(`{"log":`+quote(stop)+`,"stream":"stdout"}`, stopped),
		}, two},
		{"a text that stands deeper", `{"event":{"original":` + quote(`{"Records":[`+quiet+`,`+stop+`]}`) + `}}`, []string{
			`{"event":{"original":` + quote(quiet) + `}}`, with(`{"event":{"original":`+quote(stop)+`}}`, stopped),
		}, two},
		{"a text of log events", `{"Message":` + quote(`{"logEvents":[`+entry(1, quiet)+`,`+entry(2, stop)+`],`+cloudWatch+`}`) + `}`, []string{
			`{"Message":` + quote(plus(entry(1, quiet), cloudWatch)) + `}`, with(`{"Message":`+quote(plus(entry(2, stop), cloudWatch))+`}`, stopped),
		}, two},
		{"escapes", `{"message":` + quote("{\"a\\u0062\": 1.0 , \"Rec\\u006frds\": [ {} ,\t"+plus(stop, `"x":"]},\"{","y":[1e3 ,{ }]`)+"\n] , \"c\" : [ 1 ] }") + `}`, []string{
			`{"message":` + quote(`{"a\u0062": 1.0,"c" : [ 1 ]}`) + `}`,
			with(`{"message":`+quote(plus(stop, `"x":"]},\"{","y":[1e3 ,{ }],"a\u0062": 1.0,"c" : [ 1 ]`))+`}`, stopped),
		}, Tally{Events: 2, Matched: 1, Foreign: 1, Records: 1, Hits: 1, Split: 1, SplitInto: 2}},
		{"what is no record among them", `{"Records":[{"a":1},` + stop + `]}`, []string{`{"a":1}`, with(stop, stopped)}, Tally{
			Events: 2, Matched: 1, Foreign: 1, Records: 1, Hits: 1, Split: 1, SplitInto: 2,
		}},
		{"one", `{"Records":[` + quiet + `]}`, []string{quiet}, Tally{Events: 1, Unmatched: 1, Records: 1, Split: 1, SplitInto: 1}},
		{"once only", `{"Records":[{"Records":[` + quiet + `,` + stop + `]}]}`, []string{with(`{"Records":[`+quiet+`,`+stop+`]}`, strings.Replace(stopped, `["attack.t1685.002"]}`, `["attack.t1685.002"],"event_ids":["e1"]}`, 1))}, Tally{
			Events: 1, Matched: 1, Records: 2, Hits: 1, Split: 1, SplitInto: 1,
		}},
		{"the last of equal names around it", `{"a":1,"Records":[` + quiet + `],"a":2}`, []string{plus(quiet, `"a":2`)}, Tally{Events: 1, Unmatched: 1, Records: 1, Split: 1, SplitInto: 1}},
		{"the last list", `{"Records":[` + stop + `],"Records":[` + quiet + `]}`, []string{quiet}, Tally{Events: 1, Unmatched: 1, Records: 1, Split: 1, SplitInto: 1}},

		{"an element that is no map", `{"Records":[` + quiet + `,7]}`, nil, Tally{Events: 1, Unmatched: 1, Records: 1}},
		{"an element of a text that is no object", `{"log":` + quote(`{"Records":[`+quiet+`,[]]}`) + `}`, nil, Tally{Events: 1, Unmatched: 1, Records: 1}},
		{"nothing in it", `{"Records":[]}`, nil, Tally{Events: 1, Foreign: 1}},
		{"no record in it", `{"Records":[{"a":1},{"b":2}]}`, nil, Tally{Events: 1, Foreign: 1}},
		{"a damaged text", `{"log":"{\"Records\":[{}"}`, nil, Tally{Events: 1, Foreign: 1}},
		{"a record elsewhere", `{"detail":` + quiet + `,"Records":[` + stop + `]}`, nil, Tally{Events: 1, Unmatched: 1, Records: 1}},
		{"in a text below others", `{"log":` + quote(`{"detail":{"Records":[`+quiet+`]}}`) + `}`, nil, Tally{Events: 1, Unmatched: 1, Records: 1}},
		{"in a text in a text", `{"log":` + quote(`{"log":`+quote(`{"Records":[`+quiet+`]}`)+`}`) + `}`, nil, Tally{Events: 1, Unmatched: 1, Records: 1}},
		{"our key", `{"sigma":1,"Records":[` + quiet + `,` + quiet + `]}`, nil, Tally{Events: 1, Unmatched: 1, Records: 2}},
		{"too much around it", `{"x":"` + strings.Repeat("x", 4000) + `","Records":[` + strings.Repeat(quiet+`,`, 9) + quiet + `]}`, nil, Tally{Events: 1, Unmatched: 1, Records: 10}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := splitting(t)
			data := event(t, test.body)
			before := bytes.Clone(data)
			out := process(t, e, data)
			if !bytes.Equal(before, data) {
				t.Error("the input was written to")
			}
			var got []string
			if out != nil {
				got = bodies(t, out)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.tally, e.Tally()); diff != "" {
				t.Error(diff)
			}
			checkAccounts(t, e)
			if twice := e.Process(append(data, data...), func(n int) []byte { return make([]byte, n) }); !bytes.Equal(twice, append(bytes.Clone(out), out...)) {
				t.Error("behind itself it is another")
			}
		})
	}
}

// TestSplitFraming: what comes of an event has its framing, whatever that is, and binary texts stay binary.
func TestSplitFraming(t *testing.T) {
	e := splitting(t)
	text := func(rec string) string { return rec }
	packed := func(body string) string { return string(event(t, body)[13:]) }
	for _, frame := range []string{
		"\x92\xce\x65\x54\x34\x30", "\x92\xd7\x00\x65\x54\x34\x30\x00\x00\x00\x07", "\x92\x92\xd7\x00\x65\x54\x34\x30\x00\x00\x00\x07\x81\xa1a\xa1b",
		"\xdd\x00\x00\x00\x02\xdd\x00\x00\x00\x02\xd7\x00\x65\x54\x34\x30\x00\x00\x00\x07\xdf\x00\x00\x00\x00",
	} {
		for name, test := range map[string]struct {
			body string
			want []string
		}{
			"Records": {packed(`{"a":1,"Records":[` + quiet + `,` + quiet + `]}`), []string{packed(strings.TrimSuffix(quiet, "}") + `,"a":1}`)}},
			"fixmap":  {dict(str("Records"), "\x92"+string(body())+string(body())), []string{string(body())}},
			"sixteen": {dict(append([]string{str("Records"), "\x92" + string(body()) + string(body())}, many()[:28]...)...), nil},
			"bin":     {dict("\xc4\x03log", bin(text(`{"Records":[`+quiet+`,`+quiet+`]}`))), []string{dict("\xc4\x03log", bin(quiet))}},
			"long bin": {
				dict(str("log"), bin(text(`{"Records":[`+long+`,`+long+`]}`))), []string{dict(str("log"), bin(long))},
			},
		} {
			data := []byte(frame + test.body)
			out := process(t, e, data)
			if len(test.want) == 1 {
				one := frame + test.want[0]
				if string(out) != one+one {
					t.Errorf("%s in %x: %q", name, frame, out)
				}
			}
			var ev chunk.Event
			n := 0
			for w := chunk.NewWalker(out); w.Next(&ev); n++ {
				if ev.Kind != chunk.Log || string(out[ev.Start:ev.BodyStart]) != frame {
					t.Errorf("%s in %x: %+v", name, frame, ev)
				}
			}
			if n != 2 {
				t.Errorf("%s in %x: %d events", name, frame, n)
			}
		}
	}
}

var long = `{` + head + `"eventName":"GetTrailStatus","x":"` + strings.Repeat("y", 300) + `"}`

func bin(text string) string {
	if len(text) < 0x100 {
		return "\xc4" + string([]byte{byte(len(text))}) + text
	}
	return "\xc5" + string(binary.BigEndian.AppendUint16(nil, uint16(len(text)))) + text
}

// TestSplitNoMemory: without memory the events go on whole, and are counted so.
func TestSplitNoMemory(t *testing.T) {
	data := append(event(t, `{"Records":[`+quiet+`,`+stop+`,{},`+stop+`]}`), event(t, `{"log":`+quote(`{"Records":[`+quiet+`,{}]}`)+`}`)...)
	data = append(append(data, event(t, stop)...), event(t, foreign)...)
	for _, emit := range []string{"all", "matches"} {
		e := splitting(t, func(s *conf.Settings) { s.Emit = emit })
		if out := e.Process(data, func(int) []byte { return nil }); out != nil {
			t.Errorf("%q", out)
		}
		if diff := cmp.Diff(Tally{Events: 4, Unmatched: 3, Foreign: 1, Unwritten: 2, Records: 5, Hits: 3}, e.Tally()); diff != "" {
			t.Error(diff)
		}
	}
}

// TestSplitMemory: memory stays a small multiple of a chunk, also where a sender wants more.
func TestSplitMemory(t *testing.T) {
	const size = 2 << 20
	record := strings.TrimSuffix(quiet, "}") + `,"x":"` + strings.Repeat("y", 800) + `"}`
	n := size / len(record)
	for name, test := range map[string]struct {
		body  string
		split uint64
	}{
		"records":       {`{"path":"/var/log/x","Records":[` + strings.Repeat(record+",", n) + stop + `]}`, 1},
		"text":          {`{"log":` + quote(`{"Records":[`+strings.Repeat(record+",", n)+stop+`]}`) + `}`, 1},
		"hostile":       {`{"x":"` + strings.Repeat("y", size/2) + `","Records":[` + strings.Repeat("{},", size/4) + stop + `]}`, 0},
		"hostile text":  {`{"x":"` + strings.Repeat("y", size/2) + `","log":` + quote(`{"Records":[`+strings.Repeat("{},", size/4)+stop+`]}`) + `}`, 0},
		"names":         {`{` + strings.Repeat(`"a":1,"b":1,`, size/16) + `"Records":[` + stop + strings.Repeat(`,{"a":1,"b":1}`, size/16) + `]}`, 1},
		"many names":    {`{` + manyNames(2000) + `"Records":[` + stop + strings.Repeat(`,{`+manyNames(2000)+`"b":1}`, 100) + `]}`, 1},
		"names, and no": {`{"Records":[` + stop + strings.Repeat(`,{"a":1,"b":1}`, size/16) + `],"a":2}`, 1},
	} {
		e := splitting(t)
		data := event(t, test.body)
		s := e.newScratch()
		s.chunk.reset()
		var counts Tally
		e.walk(s, data, &marking{}, &counts, true)
		out := s.chunk.write(data, func(n int) []byte { return make([]byte, n) }, &counts)
		if counts.Split != test.split || counts.Matched != 1 || len(out) > 5*len(data) || s.bytes() > 12*len(data) {
			t.Errorf("%s: %d bytes, %d out, %d kept; %+v", name, len(data), len(out), s.bytes(), counts)
		}
	}
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"n%d":%d,`, i, i)
	}
	return b.String()
}

// TestSplitForm: records of another form are told apart as well.
func TestSplitForm(t *testing.T) {
	e := splitting(t, func(s *conf.Settings) { s.Fields = "ecs" })
	const ecs = `{"event":{"action":"StopLogging","provider":"cloudtrail.amazonaws.com"}}`
	out := process(t, e, event(t, `{"Records":[{"a":1},`+ecs+`]}`))
	if diff := cmp.Diff([]string{`{"a":1}`, with(ecs, stopped)}, bodies(t, out)); diff != "" {
		t.Error(diff)
	}
}

// holder is where an event is to be taken apart, by a way of its own: on decoded values.
type holder struct {
	elements []any
	with     func(element *record.Object) any // the body with an element in the place of the map
}

// holderOf finds it in the way of record.Find.
func holderOf(v any, wraps int, texts int) (h *holder, held bool) {
	o, ok := v.(*record.Object)
	if !ok || wraps == 0 {
		return nil, false
	}
	if record.IsRecord(o) {
		return nil, true
	}
	if found, content := record.Find(v, nil); content == record.Digest && len(found) == 0 && isDigest(o) {
		return nil, true
	}
	for _, key := range []string{"detail", "event", "eventData", "payload", "json"} {
		inner, _ := o.Get(key)
		if h, held := holderOf(inner, wraps-1, texts); held {
			if h == nil || texts > 0 { // in a text only the whole of it is taken apart
				return nil, true
			}
			return h.inside(func(v any) any { return replaced(o, key, v) }), true
		}
	}
	for _, key := range []string{"log", "message", "_raw", "event", "event.original", "CloudTrailEvent", "Message", "payload", "Body", "body"} {
		if h, held := holderOfText(o.Text(key), wraps-1, texts); held {
			return h.inside(func(v any) any { return replaced(o, key, v) }), true
		}
	}
	if inner, _ := o.Get("event"); inner != nil {
		if event, ok := inner.(*record.Object); ok {
			if h, held := holderOfText(event.Text("original"), wraps-1, texts); held {
				return h.inside(func(v any) any { return replaced(o, "event", replaced(event, "original", v)) }), true
			}
		}
	}
	return holderOfList(o, wraps-1)
}

func isDigest(o *record.Object) bool {
	return !slices.ContainsFunc([]string{"awsAccountId", "digestStartTime", "digestS3Bucket", "logFiles"}, func(key string) bool { _, ok := o.Get(key); return !ok })
}

func holderOfText(text string, wraps, texts int) (h *holder, held bool) {
	v := decodedText(text)
	if h, held = holderOf(v, wraps, texts+1); h == nil || texts > 0 {
		return nil, held
	}
	return h, held
}

func decodedText(text string) any {
	packed, err := record.AppendMsgpack(nil, []byte(text))
	if err != nil || !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
		return nil
	}
	v, _ := record.Decode(packed, 0)
	return v
}

func holderOfList(o *record.Object, wraps int) (h *holder, held bool) {
	for _, key := range []string{"logEvents", "Records", "Events"} {
		v, _ := o.Get(key)
		list, _ := v.([]any)
		for _, e := range list {
			var in bool
			if entry, ok := e.(*record.Object); ok && key == "logEvents" {
				in = holdsRecord(decodedText(entry.Text("message")), wraps)
			} else if key != "logEvents" {
				in = holdsRecord(e, wraps)
			}
			if in {
				return &holder{elements: list, with: func(element *record.Object) any {
					members := slices.Clone(element.Members())
					for _, m := range o.Members() {
						if _, has := element.Get(m.Key); !has && m.Key != key {
							members = append(members, m)
						}
					}
					return record.NewObject(members...)
				}}, true
			}
		}
	}
	return nil, false
}

func holdsRecord(v any, wraps int) bool {
	for range 6 - wraps {
		v = record.NewObject(record.Member{Key: "detail", Value: v})
	}
	found, _ := record.Find(v, nil)
	return len(found) > 0
}

func (h *holder) inside(around func(any) any) *holder {
	if h == nil {
		return nil
	}
	return &holder{elements: h.elements, with: func(element *record.Object) any { return around(h.with(element)) }}
}

func replaced(o *record.Object, key string, v any) any {
	members := slices.Clone(o.Members())
	for i := range members {
		if members[i].Key == key {
			members[i].Value = v
		}
	}
	return record.NewObject(members...)
}

// unpacked is v with JSON texts of objects decoded, as deep as they go, and without what we wrote.
func unpacked(v any) any {
	switch v := v.(type) {
	case string:
		if o := decodedText(v); o != nil {
			return unpacked(o)
		}
	case []any:
		list := make([]any, 0, len(v))
		for _, e := range v {
			list = append(list, unpacked(e))
		}
		return list
	case *record.Object:
		var members []record.Member
		for _, m := range v.Members() {
			if m.Key != "sigma" {
				members = append(members, record.Member{Key: m.Key, Value: unpacked(m.Value)})
			}
		}
		return record.NewObject(members...)
	}
	return v
}

// checkSplit holds what becomes of one event to the decoded way.
func checkSplit(t *testing.T, split, plain *Engine, data []byte, ev *chunk.Event) {
	t.Helper()
	one := data[ev.Start:ev.End]
	before := split.Tally()
	out := process(t, split, one)
	after := split.Tally()
	checkAccounts(t, split)
	parts, into := int(after.Split-before.Split), int(after.SplitInto-before.SplitInto)
	if got, want := after.Events-before.Events, uint64(1-parts+into); got != want {
		t.Fatalf("%d events are counted, not %d", got, want)
	}
	if parts == 0 {
		if want := process(t, plain, one); !bytes.Equal(out, want) {
			t.Fatalf("whole, and other than without split:\n%q\n%q", out, want)
		}
	}
	if ev.Kind != chunk.Log {
		return
	}
	body, _ := record.Decode(data, ev.BodyStart)
	if deepestIn(body) > 50 {
		return
	}
	h, _ := holderOf(body, 6, 0)
	regular := h != nil && !slices.ContainsFunc(h.elements, func(v any) bool { _, ok := v.(*record.Object); return !ok })
	_, _, carries := chunk.Lookup(data, ev.BodyStart, "sigma")
	if parts == 0 {
		if regular && !carries && !tooMuch(split, data, ev) {
			t.Fatalf("not taken apart: %s", record.AppendJSON(nil, body))
		}
		return
	}
	if !regular || into != len(h.elements) {
		t.Fatalf("taken apart into %d: %s", into, record.AppendJSON(nil, body))
	}
	i := 0
	var now chunk.Event
	for w := chunk.NewWalker(out); w.Next(&now); i++ {
		if now.Kind != chunk.Log || !bytes.Equal(out[now.Start:now.BodyStart], data[ev.Start:ev.BodyStart]) {
			t.Fatalf("part %d: %+v", i, now)
		}
		got, _ := record.Decode(out, now.BodyStart)
		want := h.with(h.elements[i].(*record.Object))
		if lost := lostBytes(data[ev.BodyStart:ev.BodyEnd], i, out[now.BodyStart:now.BodyEnd]); lost != nil {
			t.Fatalf("part %d lacks %q", i, lost)
		}
		if diff := cmp.Diff(string(record.AppendJSON(nil, unpacked(want))), string(record.AppendJSON(nil, unpacked(got)))); diff != "" {
			t.Fatalf("part %d: %s", i, diff)
		}
	}
	if i != into {
		t.Fatalf("%d parts, not %d", i, into)
	}
}

// lostBytes returns the members of the i-th element, as they stand in the body or in a text that is a member of it, if part has them not. It knows no other
// places, and nothing of an element whose list is not the only one.
func lostBytes(body []byte, i int, part []byte) []byte {
	lists := []string{"logEvents", "Records", "Events"}
	var all [][]byte
	for _, key := range lists {
		start, _, ok := chunk.Lookup(body, 0, key)
		if h, _ := chunk.ReadHead(body, start); ok && h.Type == chunk.Array && h.Len > i {
			at := h.Next
			for range i {
				at, _ = chunk.Skip(body, at)
			}
			end, _ := chunk.Skip(body, at)
			element, _ := chunk.ReadHead(body, at)
			all = append(all, body[element.Next:end])
		}
	}
	for _, name := range []string{"log", "message", "_raw", "event", "event.original", "CloudTrailEvent", "Message", "payload", "Body", "body"} {
		start, _, _ := chunk.Lookup(body, 0, name)
		var members map[string]json.RawMessage
		if h, _ := chunk.ReadHead(body, start); (h.Type == chunk.Str || h.Type == chunk.Bin) && json.Unmarshal(h.Content(body), &members) == nil {
			for _, key := range lists {
				var elements []json.RawMessage
				if json.Unmarshal(members[key], &elements) == nil && len(elements) > i {
					inner := bytes.TrimSpace(elements[i])
					all = append(all, bytes.TrimRight(inner[:len(inner)-1], " \t\r\n"))
				}
			}
		}
	}
	if len(all) == 1 && !bytes.Contains(part, all[0]) {
		return all[0]
	}
	return nil
}

// tooMuch reports whether what would come of the event is larger than is allowed.
func tooMuch(e *Engine, data []byte, ev *chunk.Event) bool {
	s := e.newScratch()
	s.locator.Find(data, ev.BodyStart)
	list, ok := s.locator.List()
	all, _ := s.splitter.Append(nil, data, ev.Start, ev.End, list, math.MaxInt)
	return ok && len(all) > mostGrowth*(ev.End-ev.Start)
}

func deepestIn(v any) int {
	most := 0
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			most = max(most, deepestIn(e))
		}
	case *record.Object:
		for _, m := range v.Members() {
			most = max(most, deepestIn(m.Value))
		}
	case string:
		if o := decodedText(v); o != nil {
			most = deepestIn(o)
		}
	}
	return most + 1
}

// FuzzSplit holds that no bytes are taken apart in another way than decoded ones would be, and that none are lost.
func FuzzSplit(f *testing.F) {
	split, plain := splitting(f), engine(f, nil)
	for _, body := range []string{
		stop, foreign, `{"path":"x","Records":[` + quiet + `,` + stop + `],"eventID":1}`, `{"Records":[` + quiet + `,7]}`, `{"sigma":1,"Records":[` + quiet + `]}`,
		`{"logEvents":[` + entry(1, quiet) + `,` + entry(2, stop) + `],"owner":"1"}`, `{"log":` + quote(`{"x": 1 ,"Records":[ `+quiet+` , {"x":2} ]}`) + `,"a":{}}`,
		`{"event":{"Records":[` + stop + `,{}]}}`, `{"event":{"original":` + quote(`{"Records":[`+stop+`,{}]}`) + `}}`, `{"Records":[{"Records":[` + stop + `]}]}`,
		`{"message":` + quote(`{"logEvents":[`+entry(1, stop)+`],"b":"\u0022]"}`) + `}`, `{"Records":[` + stop + `],"Records":[` + quiet + `]}`,
	} {
		f.Add(event(f, body), body)
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		if packed, err := record.AppendMsgpack(nil, []byte(text)); err == nil {
			data = append(framed(packed), data...)
		}
		before := bytes.Clone(data)
		n := 0
		var ev chunk.Event
		for w := chunk.NewWalker(data); w.Next(&ev); n++ {
			checkSplit(t, split, plain, data, &ev)
		}
		sum := split.Tally()
		process(t, split, data)
		if now := split.Tally(); now.Events+now.Split-now.SplitInto != sum.Events+sum.Split-sum.SplitInto+uint64(n) {
			t.Fatalf("%d events came in: %+v, and before %+v", n, now, sum)
		}
		if !bytes.Equal(before, data) {
			t.Fatal("the input was written to")
		}
	})
}
