package pipeline

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// wrapped puts a value into n maps under a, or arrays.
func wrapped(value string, n int, kind func(string) string) string {
	for range n {
		value = kind(value)
	}
	return value
}

func inMap(v string) string   { return dict(str("a"), v) }
func inArray(v string) string { return list(v) }

// TestDepth has values just inside and just outside what is looked into: the record itself is one container, its members stand in it.
func TestDepth(t *testing.T) {
	path := "f" + strings.Repeat(".a", 126)
	rs := []*rules.Rule{
		item(t, "f|contains: needle"), ruleOf(t, "s: [needle]\ncondition: s"), item(t, "f: needle"), item(t, path+": needle"), item(t, "f|exists: true"), item(t, "f: null"),
		item(t, "f|re: 'needle.*\\]'"),
	}
	var bodies [][]byte
	var want [][]int
	for _, n := range []int{0, 1, 125, 126, 127, 128, 129, 200} {
		seen := n <= record.MaxDepth-1
		hits := func(list ...int) []int {
			if !seen {
				return []int{4}
			}
			return append(list, 0, 1, 4)
		}
		bodies = append(bodies, body(str("f"), wrapped(str("needle"), n, inArray)), body(str("f"), wrapped(str("needle"), n, inMap)))
		want = append(want, hits(2))
		switch n {
		case 0:
			want = append(want, hits(2))
		case 126:
			want = append(want, hits(3))
		default:
			want = append(want, hits())
		}
	}
	bodies = append(bodies, body(str("f"), wrapped("\x90", 126, inArray)), body(str("f"), wrapped("\x90", 127, inArray)), body(str("f"), dict(str("x"), list(str("needle")))))
	want = append(want, []int{4, 5}, []int{4}, []int{0, 1, 4, 6})
	check(t, rs, bodies, func(rule, body int) bool { return slices.Contains(want[body], rule) })
}

// TestDepthOfPaths: a path ends where nothing is looked into any more, also for a value that is remembered from a record that stood less deep.
func TestDepthOfPaths(t *testing.T) {
	var rs []*rules.Rule
	var bodies [][]byte
	const shallowest = 125
	for n := shallowest; n < shallowest+4; n++ {
		rs = append(rs, item(t, "userIdentity"+strings.Repeat(".a", n)+": needle"))
		b := body(str("userIdentity"), wrapped(str("needle"), n, inMap))
		bodies = append(bodies, b)
	}
	check(t, rs, bodies, func(rule, body int) bool { return rule == body && shallowest+rule < record.MaxDepth })
	r := mustRungs(t, rs)
	for i, b := range bodies {
		list := [][]byte{framed(b)}
		one := string(b)
		for n := range 4 {
			if n%2 > 0 {
				one = dict(str("detail"), one)
			} else {
				one = dict(str("Records"), "\x92"+one+one)
			}
			list = append(list, framed([]byte(one)))
		}
		for first := range list {
			if err := r.checkBehind(list[first], list); err != nil {
				t.Errorf("%d keys, behind %d around: %v", shallowest+i, first, err)
			}
		}
	}
}

// checkBehind holds the projection and the engine to the oracle on events that come behind another one, which comes often enough to be remembered for sure.
func (r *rungs) checkBehind(often []byte, events [][]byte) error {
	const times = 150
	c := r.climber()
	var ev chunk.Event
	w := chunk.NewWalker(often)
	w.Next(&ev)
	all, _, err := c.subjects(often, ev.BodyStart, time.Time{})
	if err != nil {
		return err
	}
	for range times {
		for _, s := range all {
			c.own.look.projector.Record(s.place.Data, s.place.Pos, s.place.Depth)
			c.own.look.match(nil, time.Time{})
		}
	}
	data, want := bytes.Repeat(often, times), make([]verdicts, times)
	for _, e := range events {
		w := chunk.NewWalker(e)
		w.Next(&ev)
		v, err := c.event(e, &ev)
		if err != nil {
			return err
		}
		data, want = append(data, e...), append(want, v)
	}
	return r.holdEngine(data, want)
}

// TestDepthInEnvelope: what is around a record counts, and a JSON text begins anew.
func TestDepthInEnvelope(t *testing.T) {
	rs := []*rules.Rule{item(t, "f|contains: needle"), item(t, "f|exists: true"), item(t, "userIdentity.type: Root")}
	r := mustRungs(t, rs)
	for around := range 6 {
		for n := 118; n < 132; n++ {
			inner := string(body(str("f"), wrapped(str("needle"), n, inArray), str("userIdentity"), dict(str("type"), str("Root"))))
			for range around % 4 {
				inner = dict(str("detail"), inner)
			}
			if around > 3 {
				inner = dict(str("Records"), list(inner, inner))
			}
			data := append(framed([]byte(inner)), framed(body(str("userIdentity"), dict(str("type"), str("Root"))))...)
			if _, hits, err := r.checkChunk(data); err != nil || hits == 0 {
				t.Errorf("%d around, %d deep: %d hits, %v", around, n, hits, err)
			}
		}
	}
}

func TestArraysOfArrays(t *testing.T) {
	rs := []*rules.Rule{item(t, "f: x"), item(t, "f.g: x"), item(t, "f|all: [x, y]"), item(t, "f: null"), item(t, "f|neq: x"), item(t, "f.g|exists: true"), item(t, "f|contains: 'x'")}
	x, y, g := str("x"), str("y"), dict(str("g"), str("x"))
	bodies := [][]byte{
		body(str("f"), list(list(), list(list(x)), y)), body(str("f"), list(list("\xc0"), "\xc0")), body(str("f"), list(list(list(), list()))), body(str("f"), list(list(g), y)),
		body(str("f"), list(dict(str("h"), x), list(dict(str("g"), list(list(x, y)))))), body(str("f"), list(dict(str("g"), "\xc0"), list(dict()))),
	}
	want := [][]int{{0, 2, 6}, {3, 4}, {3, 4}, {1, 4, 5, 6}, {1, 4, 5, 6}, {4, 5}}
	check(t, rs, bodies, func(rule, body int) bool { return slices.Contains(want[body], rule) })
}

// TestOwnKeyAndKeywords: keywords never find what an earlier pass wrote, wherever the record stands; fields do.
func TestOwnKeyAndKeywords(t *testing.T) {
	rs := []*rules.Rule{
		ruleOf(t, "s: [needle]\ncondition: s"), ruleOf(t, "s: {'|re': 'nee(dle)'}\ncondition: s"), ruleOf(t, "s: ['\"sigma\"']\ncondition: s"), item(t, "sigma.title: needle"),
		ruleOf(t, "s: ['\"inner\":{\"sigma\":']\ncondition: s"),
	}
	own := []string{str("sigma"), dict(str("title"), str("needle"))}
	bodies := [][]byte{
		body(own...), body(append(own, str("f"), str("needle"))...), body(append(own, own...)...), body(str("inner"), dict(own...)), body("\xc4\x05sigma", own[1]),
		[]byte(dict(str("detail"), string(body(own...)))),
		[]byte(dict(append(own, str("detail"), string(body()))...)),
	}
	want := [][]int{{3}, {0, 1, 3}, {3}, {0, 1, 2, 4}, {3}, {3}, {}}
	check(t, rs, bodies, func(rule, body int) bool { return slices.Contains(want[body], rule) })
}

// TestReceived: the event's own time, here 2023-11-15 03:00:00, stands in where the record has none, in whatever form the framing gives it.
func TestReceived(t *testing.T) {
	rs := []*rules.Rule{item(t, "eventTime|hour: 3"), item(t, "eventTime|year|gte: 2023"), item(t, "other|hour: 3"), item(t, "eventTime|minute|neq: 20")}
	r := mustRungs(t, rs)
	for i, test := range []struct {
		head string
		body []byte
		want string
	}{
		{"\x92\xce\x65\x54\x34\x2f", body(), "[1 [] 3 []]"},
		{"\x92\xce\x65\x54\x34\x30", body(), "[0 [] 1 [] 3 []]"},
		{"\x92\xce\x65\x54\x34\x30", body(str("eventTime"), str("2020-01-01T00:20:00Z")), "[]"},
		{"\x92\xce\x65\x54\x34\x30", body(str("eventTime"), str("yesterday")), "[0 [] 1 [] 3 []]"},
		{"\x92\xce\x65\x54\x34\x30", body(str("eventTime"), "\x90"), "[0 [] 1 [] 3 []]"},
		{"\x92\x92\xd7\x00\x65\x54\x34\x30\x00\x00\x00\x00\x80", body(), "[0 [] 1 [] 3 []]"},
		{"\x92\x92\xd7\x00\x65\x54\x34\x30\x00\x00\x00\x00\x80", []byte(dict(str("detail"), string(body()))), "[0 [] 1 [] 3 []]"},
		{"\x92\xcb" + string(binary.BigEndian.AppendUint64(nil, math.Float64bits(0x65543430))), body(), "[0 [] 1 [] 3 []]"},
	} {
		data := append([]byte(test.head), test.body...)
		if _, _, err := r.checkChunk(data); err != nil {
			t.Errorf("%d: %v", i, err)
		}
		out := r.engine.Process(data, func(n int) []byte { return make([]byte, n) })
		got := "[]"
		if out != nil {
			var ev chunk.Event
			w := chunk.NewWalker(out)
			w.Next(&ev)
			got = fmt.Sprint(read(out, ev.BodyStart))
		}
		if got != test.want {
			t.Errorf("%d: %s, want %s", i, got, test.want)
		}
	}
}

// TestStamp: where there is no eventTime, what Logstash makes of it stands in; in a record of another form too.
func TestStamp(t *testing.T) {
	rs := []*rules.Rule{item(t, "eventTime|hour: 3"), item(t, "eventTime: null"), item(t, "eventTime: '2020-01-01T04:00:00Z'"), item(t, "eventTime|hour|gte: 4")}
	at := func(key, hour string) []string { return []string{str(key), str("2020-01-01T0" + hour + ":00:00Z")} }
	stamped, both := at(record.Stamp, "3"), append(at(record.Stamp, "3"), at("eventTime", "4")...)
	noTime := append(at(record.Stamp, "3"), str("eventTime"), str("yesterday"))
	twice := append(at(record.Stamp, "4"), stamped...)
	bodies := [][]byte{
		body(), body(stamped...), body(both...), body(noTime...), body(twice...), []byte(dict(append(at(record.Stamp, "4"), str("json"), string(body(stamped...)))...)),
		body(str(record.Stamp), str("yesterday")), body(str(record.Stamp), list(str("2020-01-01T03:00:00Z"))),
	}
	want := [][]int{{1}, {0, 1}, {2, 3}, {0}, {0, 1}, {0, 1}, {1}, {1}}
	check(t, rs, bodies, func(rule, body int) bool { return slices.Contains(want[body], rule) })
	form := &record.Mapping{Name: "test", Fields: record.Aliases{"": {"ct."}}}
	r, err := newRungsBeside(rs, form)
	if err != nil {
		t.Fatal(err)
	}
	if _, hits, err := r.checkChunk(framed([]byte(dict(append(stamped, str("ct"), string(body()))...)))); err != nil || hits != 2 {
		t.Errorf("%d hits, %v", hits, err)
	}
}

// TestSeveralRecords: each record of an event is judged by itself, wherever and however it stands there.
func TestSeveralRecords(t *testing.T) {
	rs := []*rules.Rule{item(t, "userIdentity.type: Root"), item(t, "userIdentity.type: null"), item(t, "eventName: PutObject"), item(t, "userIdentity.arn|contains: alice")}
	r := mustRungs(t, rs)
	root := string(body(str("eventID"), str("1"), str("userIdentity"), dict(str("type"), str("Root"))))
	alice := string(body(str("eventID"), str("2"), str("userIdentity"), dict(str("arn"), str("x/alice"), str("type"), str("User"))))
	plain := string(body(str("eventID"), "\x03"))
	text := func(packed string) string {
		v, _ := record.Decode([]byte(packed), 0)
		return str(string(record.AppendJSON(nil, v)))
	}
	all := []string{root, alice, plain, root, root, alice, alice, plain, alice, root}
	var texts, entries []string
	for _, one := range all {
		texts = append(texts, text(one))
		entries = append(entries, dict(str("message"), text(one)))
	}
	for name, event := range map[string]string{
		"a list":                     dict(str("Records"), list(all...)),
		"a list and what is none":    dict(str("Records"), list(append([]string{"\x01", dict(), list(root), str("{}")}, all...)...)),
		"the last list":              dict(str("Records"), list(plain), str("Records"), list(all...)),
		"a list in a text":           dict(str("log"), text(dict(str("Records"), list(all...)))),
		"a list in a text in detail": dict(str("detail"), dict(str("message"), text(dict(str("Records"), list(all...))))),
		"log events":                 dict(str("logEvents"), list(entries...)),
		"log events of lists":        dict(str("logEvents"), list(dict(str("message"), text(dict(str("Records"), list(all...)))), entries[0])),
		"texts in a list":            dict(str("Records"), list(dict(str("message"), texts[0]), dict(str("message"), texts[1]), dict(str("detail"), all[2]))),
		"as bin":                     dict(str("log"), "\xc5"+string(binary.BigEndian.AppendUint16(nil, uint16(len(texts[0])-2)))+texts[0][2:]),
	} {
		data := append(framed([]byte(event)), framed([]byte(root))...)
		data = append(data, framed([]byte(event))...)
		if pairs, hits, err := r.checkChunk(data); err != nil || hits < 4 || pairs < 12 {
			t.Errorf("%s: %d pairs, %d hits, %v", name, pairs, hits, err)
		}
	}
}

// TestHeaders: a record means the same whatever the width of its headers, and of each between equal ones.
func TestHeaders(t *testing.T) {
	rs := []*rules.Rule{
		item(t, "eventName: PutObject"), item(t, "userIdentity.type: Root"), item(t, "requestParameters.list: x"), item(t, "requestParameters.n: 5"), ruleOf(t, "s: [needle]\ncondition: s"),
		item(t, "requestParameters|contains: '{\"list\":[\"x\"],\"n\":5,\"w\":\"needle\"}'"),
	}
	wide := func(width int, kind, text string) string {
		n := uint64(len(text))
		size := string(binary.BigEndian.AppendUint64(nil, n)[8-width:])
		return string([]byte{kind[map[int]int{1: 0, 2: 1, 4: 2}[width]]}) + size + text
	}
	container := func(width int, code byte, n int, inner string) string {
		switch width {
		case 2:
			return string([]byte{code, 0, byte(n)}) + inner
		case 4:
			return string([]byte{code + 1, 0, 0, 0, byte(n)}) + inner
		}
		return string([]byte{map[byte]byte{0xde: 0x80, 0xdc: 0x90}[code] + byte(n)}) + inner
	}
	var bodies [][]byte
	for _, texts := range []string{"\xd9\xda\xdb", "\xc4\xc5\xc6"} {
		for _, width := range []int{1, 2, 4} {
			for _, around := range []int{1, 2, 4} {
				s := func(text string) string { return wide(width, texts, text) }
				parameters := container(around, 0xde, 3, s("list")+container(around, 0xdc, 1, s("x"))+s("n")+"\xd2\x00\x00\x00\x05"+s("w")+s("needle"))
				identity := container(around, 0xde, 1, s("type")+s("Root"))
				members := s("eventVersion") + s("1") + s("eventSource") + s("s3.amazonaws.com") + s("eventName") + s("PutObject") + s("userIdentity") + identity + s("requestParameters") + parameters
				bodies = append(bodies, []byte(container(around, 0xde, 5, members)))
				bodies = append(bodies, []byte(container(4, 0xde, 5, members)), body(str("userIdentity"), dict(str("type"), str("Root")), str("requestParameters"), dict(str("list"), list(str("x")), str("n"), "\x05", str("w"), str("needle"))))
			}
		}
	}
	check(t, rs, bodies, func(int, int) bool { return true })
}
