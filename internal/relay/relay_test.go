package relay

import (
	"bytes"
	"context"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/forward/receiver"
	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"
)

const (
	stop  = `{"eventVersion":"1.11","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","eventID":"e1"}` // high
	read  = `{"eventVersion":"1.11","eventSource":"cloudtrail.amazonaws.com","eventName":"GetTrailStatus","eventID":"e2"}`
	other = `{"log":"x"}`

	legacy     = "\x92\xd7\x00\x65\x00\x00\x00\x00\x00\x00\x07"
	v2         = "\x92\x92\xd7\x00\x65\x00\x00\x00\x00\x00\x00\x07\x80"
	array32    = "\xdd\x00\x00\x00\x02\xdd\x00\x00\x00\x02\xd7\x00\x65\x00\x00\x00\x00\x00\x00\x07\xdf\x00\x00\x00\x00"
	described  = "\x92\x92\xd7\x00\x65\x00\x00\x00\x00\x00\x00\x07\x81\xa1k\xa1v"
	groupStart = "\x92\x92\xd7\x00\xff\xff\xff\xff\x00\x00\x00\x00\x80\x81\xa1k\xa1v"
	groupEnd   = "\x92\x92\xd7\x00\xff\xff\xff\xfe\x00\x00\x00\x00\x80\x80"
)

// forever bounds what must not depend on time.
const forever = time.Minute

func framed(t testing.TB, framing string, bodies ...string) (data []byte) {
	t.Helper()
	for _, b := range bodies {
		var err error
		if data, err = record.AppendMsgpack(append(data, framing...), []byte(b)); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

// outputTo is a sound configuration for a receiver, with some properties.
func outputTo(t testing.TB, r *receiver.Receiver, properties ...string) conf.Output {
	t.Helper()
	set := map[string]string{"forward_host": "127.0.0.1", "flush_timeout": "30", "connect_timeout": "20"}
	if r != nil {
		_, set["forward_port"], _ = strings.Cut(r.Address(), ":")
	}
	for _, p := range properties {
		name, value, _ := strings.Cut(p, "=")
		set[name] = value
	}
	o, err := conf.ParseOutput(func(name string) (string, bool) {
		v, ok := set[name]
		return v, ok
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func engine(t testing.TB) *pipeline.Engine {
	t.Helper()
	e, err := pipeline.New(conf.Default())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// open returns a Relay, and checks that no goroutine is left when the test is over.
func open(t testing.TB, o conf.Output) *Relay {
	t.Helper()
	e := engine(t)
	before := runtime.NumGoroutine()
	r, err := New(e, conf.Default(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close()
		for range 1000 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
	})
	return r
}

func listen(t testing.TB, o receiver.Options) *receiver.Receiver {
	t.Helper()
	r, err := receiver.Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	return r
}

// bodies returns the bodies of entries.
func bodies(t testing.TB, entries [][]byte) (list []string) {
	t.Helper()
	for _, e := range entries {
		var ev chunk.Event
		w := chunk.NewWalker(e)
		if !w.Next(&ev) || ev.Kind != chunk.Log || ev.End != len(e) {
			t.Errorf("no event: %q", e)
			continue
		}
		list = append(list, string(e[ev.BodyStart:ev.BodyEnd]))
	}
	return list
}

// judged is a body as the engine leaves it.
func judged(t testing.TB, body string) string {
	t.Helper()
	data := framed(t, legacy, body)
	if out := engine(t).Process(data, func(n int) []byte { return make([]byte, n) }); out != nil {
		data = out
	}
	return string(data[len(legacy):])
}

// TestRoutes: what is sent of a chunk under which tag.
func TestRoutes(t *testing.T) {
	hit, miss, foreign := judged(t, stop), judged(t, read), judged(t, other)
	all := framed(t, v2, stop, read, other)
	f := func(data []byte, want map[string][]string, properties ...string) {
		t.Helper()
		r := listen(t, receiver.Options{})
		relay := open(t, outputTo(t, r, properties...))
		if outcome, err := relay.Flush("aws.ct", data, forever); outcome != Delivered || err != nil {
			t.Fatalf("%v: %v, %v", properties, outcome, err)
		}
		got := make(map[string][]string)
		for _, m := range r.Messages() {
			got[m.Tag] = append(got[m.Tag], bodies(t, m.Entries)...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v: %s", properties, diff)
		}
	}
	f(all, map[string][]string{"aws.ct": {hit, miss, foreign}})
	f(all, map[string][]string{"aws.ct": {hit, miss, foreign}}, "compress=gzip")
	f(all, map[string][]string{"x.ct.aws.": {hit, miss, foreign}}, "tag=x.$TAG[1].$TAG[0].$TAG[2]")
	f(all, map[string][]string{"aws.ct": {hit, miss, foreign}, "alert.aws.ct": {hit}}, "alert_tag=alert.$TAG")
	f(all, map[string][]string{"aws.ct": {miss, foreign}, "alert": {hit}}, "alert_tag=alert", "alert_copy=off")
	f(all, map[string][]string{"aws.ct": {hit, miss, foreign}}, "alert_tag=alert", "alert_level=critical")
	f(framed(t, v2, stop), map[string][]string{"alert": {hit}}, "alert_tag=alert", "alert_copy=off", "alert_level=low")
	f(framed(t, v2, read), map[string][]string{"aws.ct": {miss}}, "alert_tag=alert", "alert_copy=off", "alert_level=informational")
	f(framed(t, v2, `{"sigma":{"level":"critical"}}`, `{"sigma":{"level":1}}`, `{"sigma":"critical"}`, `{"sigma":{"level":"severe"}}`),
		map[string][]string{"a": {judged(t, `{"sigma":{"level":"critical"}}`)}, "aws.ct": {
			judged(t, `{"sigma":{"level":1}}`), judged(t, `{"sigma":"critical"}`), judged(t, `{"sigma":{"level":"severe"}}`),
		}}, "alert_tag=a", "alert_copy=off")
	f(nil, map[string][]string{})
}

// TestFramings: an event without metadata goes on as [time, body], one with metadata as it is unless that is not wanted; and so do the
// markers of groups. The bytes of times and bodies are the host's.
func TestFramings(t *testing.T) {
	body := judged(t, read)
	f := func(data []byte, want []string, properties ...string) {
		t.Helper()
		r := listen(t, receiver.Options{})
		relay := open(t, outputTo(t, r, properties...))
		if outcome, err := relay.Flush("t", data, forever); outcome != Delivered || err != nil {
			t.Fatal(outcome, err)
		}
		var got []string
		for _, e := range r.Entries("t") {
			got = append(got, string(e))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	plain := legacy + body
	off := "retain_metadata_in_forward_mode=off"
	f(framed(t, legacy, read), []string{plain})
	f(framed(t, v2, read), []string{plain})
	f(framed(t, array32, read), []string{plain})
	f(framed(t, described, read), []string{described + body})
	f(framed(t, described, read), []string{plain}, off)
	group := slices.Concat([]byte(groupStart), framed(t, v2, read), []byte(groupEnd))
	f(group, []string{groupStart, plain, groupEnd})
	f(group, []string{plain}, off)
	f([]byte(groupStart+groupEnd), nil)
	whole := framed(t, "\x92\xce\x65\x00\x00\x00", read) // a time in whole seconds
	f(whole, []string{string(whole)})
}

// TestUnreadable: what is no event is not sent, is said and counted, and the events around it arrive.
func TestUnreadable(t *testing.T) {
	for name, test := range map[string]struct {
		data    []byte
		outcome Outcome
		events  int
		want    string
	}{
		"foreign":        {slices.Concat([]byte("\x93\x01\x02\x03"), framed(t, v2, read)), Delivered, 1, "1 values that are no events, and 0 bytes"},
		"damaged":        {slices.Concat(framed(t, v2, read, stop), []byte("\xc1\x00\x00")), Delivered, 2, "0 values that are no events, and 3 bytes"},
		"cut":            {framed(t, v2, read)[:50], Undeliverable, 0, "nothing in a chunk of 50 bytes"},
		"nothing but it": {[]byte("\x93\x01\x02\x03"), Undeliverable, 0, "nothing in a chunk of 4 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			r := listen(t, receiver.Options{})
			relay := open(t, outputTo(t, r))
			outcome, err := relay.Flush("t", test.data, forever)
			if outcome != test.outcome || err == nil || !strings.Contains(err.Error(), test.want) || len(r.Entries("t")) != test.events {
				t.Errorf("%v, %v, %d events", outcome, err, len(r.Entries("t")))
			}
			if c := relay.Counts(); c.Lost != 1 {
				t.Errorf("%+v", c)
			}
		})
	}
}

// TestFault: after a fault in the engine the events go on without hits.
func TestFault(t *testing.T) {
	r := listen(t, receiver.Options{})
	relay := open(t, outputTo(t, r))
	relay.judge = func([]byte, func(int) []byte) ([]byte, func()) { panic("provoked") }
	data := framed(t, legacy, stop, read)
	outcome, err := relay.Flush("t", data, forever)
	if outcome != Delivered || err == nil || !strings.Contains(err.Error(), "provoked") {
		t.Error(outcome, err)
	}
	if got := bytes.Join(r.Entries("t"), nil); !bytes.Equal(got, data) {
		t.Errorf("%q", got)
	}
}

// TestMalformed: what a Relay must not start with.
func TestMalformed(t *testing.T) {
	certificates, err := receiver.NewCertificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for properties, want := range map[string]string{
		"tag=$tag":                          "tag: ",
		"tag=a.$TAG[x]":                     "the number of a part",
		"tag=$TAG[-1]":                      "the number of a part",
		"tag=$TAG[1":                        "the number of a part",
		"alert_tag=$sigma['level']":         "alert_tag: ",
		"forward_tls_ca_file=/nonexistent":  "forward_tls_ca_file: ",
		"forward_tls_ca_file=relay_test.go": "no certificate in PEM",
		"forward_tls_crt_file=/nonexistent;forward_tls_key_file=/nonexistent":                                         "forward_tls_crt_file: ",
		"forward_tls_crt_file=" + certificates.ServerCertFile + ";forward_tls_key_file=" + certificates.ClientKeyFile: "forward_tls_crt_file: ",
	} {
		_, err := New(engine(t), conf.Default(), outputTo(t, nil, append(strings.Split(properties, ";"), "forward_tls=on")...))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", properties, err, want)
		}
	}
}

// TestTemplate: tags.
func TestTemplate(t *testing.T) {
	for text, want := range map[string]string{
		"": "a.b", "$TAG": "a.b", "x": "x", "x.$TAG.y$TAG": "x.a.b.ya.b", "$TAG[1]$TAG[0]": "ba", "$TAG[7]": "a.b", "x$TAG[7]": "x", "$TAG[0][1]": "a[1]",
	} {
		p, err := parseTemplate(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.tag("a.b"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestBackoff: the wait grows up to its bound, and ends with a success.
func TestBackoff(t *testing.T) {
	var b backoff
	if down, early := b.state(); down || early {
		t.Error("down from the beginning")
	}
	longest := time.Duration(0)
	for range 20 {
		b.failed()
		longest = max(longest, b.delay)
		if left := time.Until(b.next); left > b.delay {
			t.Errorf("waits %v of %v", left, b.delay)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if longest != lastDelay || b.wait(ctx) == nil {
		t.Errorf("waits %v at most", longest)
	}
	if down, early := b.state(); down || early {
		t.Error("down, and no flush has failed")
	}
	b.gaveUp()
	if down, early := b.state(); !down || !early {
		t.Error("not down")
	}
	b.worked()
	if down, early := b.state(); down || early || b.delay != 0 || b.wait(t.Context()) != nil {
		t.Error("still down")
	}
}

// TestDown: chunks behind one that could not be delivered do not wait for the receiver, as the host would wait for each of them when it stops; what is
// wrong is said once an attempt.
func TestDown(t *testing.T) {
	r := listen(t, receiver.Options{Answer: func(int) receiver.Answer { return receiver.Silence }})
	relay := open(t, outputTo(t, r, "flush_timeout=500ms", "connect_timeout=500ms"))
	data := framed(t, v2, read)
	said := 0
	for range 1000 {
		outcome, err := relay.Flush("t", data, forever)
		if outcome != Retry {
			t.Fatal(outcome)
		}
		if err != nil {
			said++
		}
	}
	if n := len(r.Messages()); said == 0 || said != n || n > 20 {
		t.Errorf("%d attempts for 1000 chunks, %d of them said", n, said)
	}
}

// TestSuppress: with suppress the first hits alone are alerts, and a chunk that is tried again has them again.
func TestSuppress(t *testing.T) {
	answers := []receiver.Answer{receiver.Silence, receiver.Silence, receiver.Acknowledge}
	r := listen(t, receiver.Options{Answer: func(n int) receiver.Answer { return answers[min(n, len(answers)-1)] }})
	s := conf.Default()
	s.Suppress = "1h"
	e, err := pipeline.New(s)
	if err != nil {
		t.Fatal(err)
	}
	relay, err := New(e, s, outputTo(t, r, "alert_tag=alert", "flush_timeout=500ms", "connect_timeout=500ms"))
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	who := strings.Replace(stop, "{", `{"userIdentity":{"arn":"a"},`, 1)
	data := framed(t, v2, who)
	if outcome, _ := relay.Flush("t", data, forever); outcome != Retry {
		t.Fatal(outcome)
	}
	for outcome := Retry; outcome == Retry; time.Sleep(10 * time.Millisecond) {
		outcome, _ = relay.Flush("t", data, forever)
	}
	if outcome, err := relay.Flush("t", data, forever); outcome != Delivered || err != nil {
		t.Fatal(outcome, err)
	}
	got, alerts := r.Entries("t"), r.Entries("alert")
	last := len(got) - 1
	if !bytes.Contains(got[last-1], []byte("notify")) || bytes.Contains(got[last], []byte("notify")) || len(alerts) != len(got)-1 {
		t.Errorf("%d records, %d alerts: %q", len(got), len(alerts), got)
	}
}
