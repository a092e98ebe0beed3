package pipeline

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"

	"github.com/google/go-cmp/cmp"
)

const ruleText = `title: Stop
id: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11
level: high
author: Somebody
tags: [attack.t1685.002]
logsource: {product: aws, service: cloudtrail}
detection:
  a: {eventName: StopLogging}
  condition: a
---
title: Denied
id: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b12
level: low
logsource: {product: aws}
detection:
  a: {errorCode: AccessDenied}
  condition: a
---
title: Other
level: low
logsource: {product: windows}
detection:
  a: {f: 1}
  condition: a
`

func engine(t testing.TB, change func(*conf.Settings)) *Engine {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte(ruleText), 0o600); err != nil {
		t.Fatal(err)
	}
	s := conf.Default()
	s.Rules = file
	if change != nil {
		change(&s)
	}
	e, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// event frames a body, JSON, as an event of Fluent Bit 5.
func event(t testing.TB, body string) []byte {
	t.Helper()
	out, err := record.AppendMsgpack([]byte("\x92\x92\xd7\x00\x65\x00\x00\x00\x00\x00\x00\x00\x80"), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const (
	head    = `"eventVersion":"1.11","eventSource":"cloudtrail.amazonaws.com",`
	stop    = `{` + head + `"eventName":"StopLogging","eventID":"e1"}`
	denied  = `{` + head + `"eventName":"StopLogging","eventID":"e2","errorCode":"AccessDenied"}`
	quiet   = `{` + head + `"eventName":"GetTrailStatus","eventID":"e3"}`
	foreign = `{"log":"started"}`

	stopRule   = `{"id":"5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11","title":"Stop","level":"high","author":"Somebody","tags":["attack.t1685.002"]}`
	deniedRule = `{"id":"5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b12","title":"Denied","level":"low"}`
	stopped    = `{"level":"high","rules":[` + stopRule + `],"tactics":[],"techniques":["T1685.002"]}`
)

func process(t testing.TB, e *Engine, data []byte) []byte {
	t.Helper()
	allocated := 0
	out := e.Process(data, func(n int) []byte { allocated++; return make([]byte, n) })
	if allocated > 1 || (allocated == 1) != (out != nil) {
		t.Fatalf("%d allocations, %d bytes out", allocated, len(out))
	}
	return out
}

// bodies returns the bodies of a chunk as JSON.
func bodies(t testing.TB, data []byte) []string {
	t.Helper()
	var list []string
	var ev chunk.Event
	for w := chunk.NewWalker(data); w.Next(&ev); {
		if ev.Kind != chunk.Log {
			list = append(list, fmt.Sprintf("kind %d", ev.Kind))
			continue
		}
		v, _ := record.Decode(data, ev.BodyStart)
		list = append(list, string(record.AppendJSON(nil, v)))
	}
	return list
}

func with(body, annotation string) string {
	return strings.TrimSuffix(body, "}") + `,"sigma":` + annotation + "}"
}

func TestProcess(t *testing.T) {
	records := `{"Records":[` + quiet + `,` + stop + `,` + denied + `]}`
	for _, test := range []struct {
		name   string
		bodies []string
		want   []string // nil: untouched
		tally  Tally
	}{
		{"nothing", nil, nil, Tally{}},
		{"no hit", []string{quiet, foreign}, nil, Tally{Events: 2, Unmatched: 1, Foreign: 1, Records: 1}},
		{
			"a hit between others",
			[]string{quiet, stop, foreign},
			[]string{quiet, with(stop, stopped), foreign},
			Tally{Events: 3, Matched: 1, Unmatched: 1, Foreign: 1, Records: 2, Hits: 1},
		},
		{
			"two rules",
			[]string{denied},
			[]string{with(denied, `{"level":"high","rules":[`+stopRule+`,`+deniedRule+`],"tactics":[],"techniques":["T1685.002"]}`)},
			Tally{Events: 1, Matched: 1, Records: 1, Hits: 2},
		},
		{"several records", []string{records}, []string{with(records, `{"level":"high","rules":[`+strings.TrimSuffix(stopRule, "}")+`,"event_ids":["e1","e2"]},`+
			strings.TrimSuffix(deniedRule, "}")+`,"event_ids":["e2"]}],"tactics":[],"techniques":["T1685.002"]}`)}, Tally{Events: 1, Matched: 1, Records: 3, Hits: 3}},
		{"an envelope", []string{`{"detail":` + stop + `}`}, []string{with(`{"detail":`+stop+`}`, stopped)}, Tally{Events: 1, Matched: 1, Records: 1, Hits: 1}},
		{
			"an annotation of ours",
			[]string{with(stop, `{"level":"critical","rules":[{"id":"x"}],"tactics":["impact"],"techniques":[]}`)},
			[]string{with(stop, `{"level":"critical","rules":[`+stopRule+`,{"id":"x"}],"tactics":["impact"],"techniques":["T1685.002"]}`)},
			Tally{Events: 1, Matched: 1, Records: 1, Hits: 1},
		},
		{"a second pass", []string{with(stop, stopped)}, []string{with(stop, stopped)}, Tally{Events: 1, Matched: 1, Records: 1, Hits: 1}},
		{
			"somebody else's value",
			[]string{with(stop, `"mine"`)},
			[]string{with(strings.TrimSuffix(stop, "}")+`,"sigma_original":"mine"}`, stopped)},
			Tally{Events: 1, Matched: 1, Records: 1, Hits: 1, Displaced: 1},
		},
		{
			"somebody else's value whose new name is taken",
			[]string{`{"sigma_original":1,` + with(stop, `{"level":7}`)[1:]},
			[]string{with(`{"sigma_original":1,`+strings.TrimSuffix(stop, "}")[1:]+`,"sigma_original_":{"level":7}}`, stopped)},
			Tally{Events: 1, Matched: 1, Records: 1, Hits: 1, Displaced: 1},
		},
		{"somebody else's value without a hit", []string{with(quiet, `"mine"`)}, nil, Tally{Events: 1, Unmatched: 1, Records: 1}},
		{"a digest", []string{`{"awsAccountId":"1","digestStartTime":"x","digestS3Bucket":"b","logFiles":[]}`}, nil, Tally{Events: 1, Unmatched: 1, Digests: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := engine(t, nil)
			var data []byte
			for _, b := range test.bodies {
				data = append(data, event(t, b)...)
			}
			before := bytes.Clone(data)
			out := process(t, e, data)
			if !bytes.Equal(before, data) {
				t.Error("the input was written to")
			}
			if test.want == nil && out != nil {
				t.Fatalf("touched: %q", bodies(t, out))
			}
			if test.want != nil {
				if diff := cmp.Diff(test.want, bodies(t, out)); diff != "" {
					t.Error(diff)
				}
			}
			if diff := cmp.Diff(test.tally, e.Tally()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestProcessMinLevel: a level below the setting is not written, and the chunk stays untouched.
func TestProcessMinLevel(t *testing.T) {
	e := engine(t, func(s *conf.Settings) { s.MinLevel = "medium" })
	out := process(t, e, event(t, denied))
	if diff := cmp.Diff([]string{with(denied, stopped)}, bodies(t, out)); diff != "" {
		t.Error(diff)
	}
	low := strings.Replace(denied, "StopLogging", "GetTrail", 1)
	if out := process(t, e, event(t, low)); out != nil {
		t.Errorf("%q", bodies(t, out))
	}
}

func TestProcessKey(t *testing.T) {
	e := engine(t, func(s *conf.Settings) { s.Key = "detections" })
	out := process(t, e, event(t, with(stop, `1`)))
	want := strings.TrimSuffix(with(stop, `1`), "}") + `,"detections":` + stopped + `}`
	if diff := cmp.Diff([]string{want}, bodies(t, out)); diff != "" {
		t.Error(diff)
	}
}

// TestProcessNoMemory: without memory the chunk goes on as it is, and that is counted.
func TestProcessNoMemory(t *testing.T) {
	e := engine(t, nil)
	if out := e.Process(append(event(t, stop), event(t, quiet)...), func(int) []byte { return nil }); out != nil {
		t.Errorf("%q", out)
	}
	if diff := cmp.Diff(Tally{Events: 2, Unmatched: 2, Unwritten: 1, Records: 2, Hits: 1}, e.Tally()); diff != "" {
		t.Error(diff)
	}
}

// TestProcessTruncated cuts a chunk after every byte: what is whole is judged, the rest goes on as it is.
func TestProcessTruncated(t *testing.T) {
	e := engine(t, nil)
	data := append(append(event(t, stop), event(t, quiet)...), event(t, stop)...)
	for n := range data {
		checkProcess(t, e, data[:n])
	}
	checkAccounts(t, e)
}

// TestProcessHostile has what no sender should send.
func TestProcessHostile(t *testing.T) {
	frame := event(t, `{}`)
	frame = frame[:len(frame)-5]
	deep := append(bytes.Clone(frame), "\x82\xa9eventName\xa4Stop\xa1x"...)
	deep = append(append(deep, bytes.Repeat([]byte{0x91}, 100)...), 0xc0)
	long := event(t, `{`+head+`"eventName":"StopLogging","x":"`+strings.Repeat("y", 16<<20)+`"}`)
	e := engine(t, nil)
	for name, data := range map[string][]byte{
		"100 deep":         deep,
		"a million deep":   append(bytes.Clone(frame), append([]byte("\x81\xa1x"), bytes.Repeat([]byte{0x91}, 1_000_000)...)...),
		"16 MB":            long,
		"huge map":         append(bytes.Clone(frame), "\xdf\xff\xff\xff\xff"...),
		"huge array":       []byte("\xdd\xff\xff\xff\xff\x01"),
		"huge text":        append(bytes.Clone(frame), "\x81\xdb\xff\xff\xff\xff"...),
		"unused byte":      append(bytes.Clone(event(t, stop)), 0xc1),
		"between messages": append(append(event(t, stop), 0x07), event(t, stop)...),
		"text":             []byte(strings.Repeat("not msgpack at all ", 100)),
	} {
		t.Run(name, func(t *testing.T) { checkProcess(t, e, data) })
	}
	checkAccounts(t, e)
}

// checkProcess holds that nothing that came in is lost or altered, whatever it is.
func checkProcess(t *testing.T, e *Engine, data []byte) {
	t.Helper()
	before := bytes.Clone(data)
	out := process(t, e, data)
	if !bytes.Equal(before, data) {
		t.Fatal("the input was written to")
	}
	if out == nil {
		return
	}
	// Undo what was written, event by event: the input must come back.
	var in, now chunk.Event
	was, is := chunk.NewWalker(data), chunk.NewWalker(out)
	for was.Next(&in) {
		if !is.Next(&now) || in.Kind != now.Kind {
			t.Fatalf("event %+v became %+v", in, now)
		}
		if bytes.Equal(data[in.Start:in.End], out[now.Start:now.End]) {
			continue
		}
		if !bytes.Equal(data[in.Start:in.BodyStart], out[now.Start:now.BodyStart]) {
			t.Fatal("the frame was altered")
		}
		checkBody(t, data[in.BodyStart:in.BodyEnd], out[now.BodyStart:now.BodyEnd])
	}
	if is.Next(&now) {
		t.Fatalf("%+v is new", now)
	}
}

// checkBody holds that all members of a body stand in it unaltered and in their order, with ours behind them; but those under our key, which are merged
// or renamed.
func checkBody(t *testing.T, before, after []byte) {
	t.Helper()
	taken := func(key string) bool { _, _, ok := chunk.Lookup(before, 0, key); return ok }
	moved := spare("sigma", taken)
	if _, _, ok := chunk.Lookup(after, 0, moved); !ok {
		moved = "" // merged
	}
	var want [][]byte
	for _, m := range membersOf(before) {
		switch {
		case m.key != "sigma":
			want = append(want, m.bytes)
		case moved != "":
			want = append(want, append(chunk.AppendStr(nil, moved), m.value...))
		}
	}
	got := membersOf(after)
	if len(got) != len(want)+1 || got[len(want)].key != "sigma" {
		t.Fatalf("%d members became %d", len(want), len(got))
	}
	for i, m := range want {
		if !bytes.Equal(m, got[i].bytes) {
			t.Fatalf("member %d was %q and is %q", i, m, got[i].bytes)
		}
	}
}

// memberOf is one member of a map: its key where that is a text, and where it stands.
type memberOf struct {
	key          string
	value, bytes []byte
}

func membersOf(body []byte) []memberOf {
	h, _ := chunk.ReadHead(body, 0)
	var members []memberOf
	for pos, n := h.Next, h.Len; n > 0; n-- {
		value, _ := chunk.Skip(body, pos)
		end, _ := chunk.Skip(body, value)
		m := memberOf{value: body[value:end], bytes: body[pos:end]}
		if key, _ := chunk.ReadHead(body, pos); key.Type == chunk.Str || key.Type == chunk.Bin {
			m.key = string(key.Content(body))
		}
		members = append(members, m)
		pos = end
	}
	return members
}

func checkAccounts(t *testing.T, e *Engine) {
	t.Helper()
	if n := e.Tally(); n.Events != n.Matched+n.Unmatched+n.Foreign+n.Damaged+n.Markers {
		t.Fatalf("the accounts do not add up: %+v", n)
	}
}

// FuzzProcess holds that no bytes crash the engine, and that none are lost.
func FuzzProcess(f *testing.F) {
	e := engine(f, nil)
	for _, body := range []string{stop, denied, quiet, foreign, with(stop, `"mine"`), with(stop, stopped), `{"Records":[` + stop + `]}`, `{"log":` + fmt.Sprintf("%q", stop) + `}`} {
		f.Add(append(event(f, body), event(f, stop)...))
	}
	f.Add([]byte("\x92\x92\xd7\x00\xff\xff\xff\xff\x00\x00\x00\x00\x80\x80"))
	f.Add(append([]byte("\x92\xd7\x00\x65\x00\x00\x00\x00\x00\x00\x00"), event(f, stop)[13:]...))
	f.Fuzz(func(t *testing.T, data []byte) {
		checkProcess(t, e, data)
		checkAccounts(t, e)
	})
}
