package flbhost

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/forward/receiver"
)

// receive starts a receiver that ends with the test, and returns the properties of an output that sends to it.
func receive(t *testing.T, o receiver.Options, properties ...string) (*receiver.Receiver, []string) {
	t.Helper()
	r, err := receiver.Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	return r, append([]string{"forward_host=127.0.0.1", "forward_port=" + strconv.Itoa(r.Port()), "flush_timeout=60", "connect_timeout=30"}, properties...)
}

// entries are what must arrive of a chunk: [time, body] of each event.
func entries(t *testing.T, data []byte) (list []string) {
	t.Helper()
	var ev chunk.Event
	for w := chunk.NewWalker(data); w.Next(&ev); {
		list = append(list, framings["legacy"]+string(data[ev.BodyStart:ev.BodyEnd]))
	}
	return list
}

func texts(list [][]byte) (s []string) {
	for _, e := range list {
		s = append(s, string(e))
	}
	return s
}

// TestOutputDescribe: every host sees an output; those that ask for options get them, and no other's memory is written behind. A hot reload is
// refused.
func TestOutputDescribe(t *testing.T) {
	each(t, func(t *testing.T, descriptor string) {
		want := "2 11 0 sigma: Sigma detection rules on AWS CloudTrail records, which go on over the forward protocol\n"
		if descriptor == "88" {
			want += "event type 0\n"
			for _, o := range append(conf.Options(), conf.OutputOptions()...) {
				want += o.Name + " = " + o.Default + ": " + o.Help
				if len(o.Allowed) > 0 {
					want += " One of: " + strings.Join(o.Allowed, ", ") + "."
				}
				want += "\n"
			}
		}
		r := host(t, descriptor, nil, "output-describe").ok(t)
		if diff := cmp.Diff(want+"hot reload -1\n", r.out); diff != "" {
			t.Error(diff)
		}
		r.logs(t, "1 [output:sigma:sigma]", "hot reload is refused")
	})
}

// TestOutputRefused: FLBPluginInit says no, with every reason in the log.
func TestOutputRefused(t *testing.T) {
	each(t, func(t *testing.T, descriptor string) {
		r := host(t, descriptor, []string{"min_level=hgih", "alert_level=hgih", "forward_port=0"}, "output-start").ok(t)
		if r.out != "init 0\n" {
			t.Error(r.out)
		}
		for _, want := range []string{"min_level", "alert_level", "forward_port: 0 is no port", "forward_host: no receiver"} {
			r.logs(t, "1 [output:sigma:sigma.0] ", want)
		}
		for properties, want := range map[string]string{"rules=/nonexistent": "no such file", "tag=$x": "tag: ", "forward_tls=on;forward_tls_ca_file=/nonexistent": "no such file"} {
			r := host(t, descriptor, append(strings.Split(properties, ";"), "forward_host=x"), "output-start").ok(t)
			if r.out != "init 0\n" {
				t.Error(r.out)
			}
			r.logs(t, "1 [output:sigma:sigma.0] ", want)
		}
	})
}

// TestOutputFramings: of chunks of every framing the same events arrive as the engine leaves them, once.
func TestOutputFramings(t *testing.T) {
	each(t, func(t *testing.T, descriptor string) {
		for name, framing := range framings {
			data := framed(t, framing, quiet, stop, quiet)
			rc, properties := receive(t, receiver.Options{}, "alert_tag=alert.$TAG[1]")
			r := host(t, descriptor, properties, "output-flush", "aws.ct", "1", file(t, "in", data)).ok(t)
			want := entries(t, expected(t, data))
			if diff := cmp.Diff(want, texts(rc.Entries("aws.ct"))); diff != "" || r.out != "1\n" {
				t.Errorf("%s: %q %s", name, r.out, diff)
			}
			if diff := cmp.Diff(want[1:2], texts(rc.Entries("alert.ct"))); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			r.logs(t, "3 [output:sigma:sigma.0] sigmatrail", "rules loaded")
			r.logs(t, "3 [output:sigma:sigma.0] sigmatrail: records go to tcp 127.0.0.1:", "hot reload is not supported")
			r.logs(t, "3 [output:sigma:sigma.0] sigmatrail: 3 events = 1 matched + 2 unmatched")
			r.logs(t, "3 [output:sigma:sigma.0] sigmatrail: 3 events delivered in 1 chunks, 1 of them under alert_tag; 0 times")
		}
	})
}

// TestOutputReturns: what the host is told of receivers and chunks of all kinds.
func TestOutputReturns(t *testing.T) {
	always := func(a receiver.Answer) receiver.Options {
		return receiver.Options{Answer: func(int) receiver.Answer { return a }}
	}
	for _, test := range []struct {
		name    string
		options receiver.Options
		data    []byte
		rc      string
		log     []string
	}{
		{"kind", receiver.Options{}, framed(t, framings["v2"], quiet), "1", nil},
		{"silent", always(receiver.Silence), framed(t, framings["v2"], quiet), "2", []string{"2 [output:sigma:sigma.0] to be tried again: ", "no acknowledgement"}},
		{"hangs up", always(receiver.HangUp), framed(t, framings["v2"], quiet), "2", []string{"2 [output:sigma:sigma.0] to be tried again: "}},
		{"another key", receiver.Options{SharedKey: "x"}, framed(t, framings["v2"], quiet), "2", []string{"to be tried again: ", "shared key"}},
		{"damaged", receiver.Options{}, append(framed(t, framings["v2"], quiet), 0xc1), "1", []string{"1 [output:sigma:sigma.0] ", "1 bytes without framing"}},
		{"nothing but damaged", receiver.Options{}, []byte{0xc1, 0xc1}, "0", []string{"1 [output:sigma:sigma.0] nothing in a chunk of 2 bytes is an event"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, properties := receive(t, test.options)
			properties = append([]string{"flush_timeout=1", "connect_timeout=1"}, properties...) // the first counts
			r := host(t, "88", properties, "output-flush", "tag", "1", file(t, "in", test.data)).ok(t)
			if r.out != test.rc+"\n" {
				t.Errorf("%q\n%s", r.out, r.log)
			}
			if test.log != nil {
				r.logs(t, test.log...)
			}
		})
	}
}

// TestOutputLoad: workers of several instances, with a receiver that hangs up again and again. Every event arrives, at least once; nothing leaks.
func TestOutputLoad(t *testing.T) {
	const chunks = 400
	data := framed(t, framings["v2"], quiet, stop)
	in := file(t, "in", data)
	each(t, func(t *testing.T, descriptor string) {
		rc, properties := receive(t, receiver.Options{Answer: func(n int) receiver.Answer {
			switch n % 97 {
			case 50:
				return receiver.HangUp
			case 90:
				return receiver.HangUpAfter
			}
			return receiver.Acknowledge
		}}, "compress=gzip")
		r := host(t, descriptor, properties, "output-load", in, "8", "3", strconv.Itoa(chunks)).ok(t)
		want := chunks + chunks/4 + 1
		if n := len(rc.Messages()); n < want || n > want+want/20 {
			t.Errorf("%d messages, at least %d are due", n, want)
		}
		for _, m := range rc.Messages() {
			if diff := cmp.Diff(entries(t, expected(t, data)), texts(m.Entries)); diff != "" {
				t.Fatal(diff)
			}
		}
		if leaked := r.value(t, "blocks"); leaked > 64 {
			t.Errorf("%v blocks of memory more than before", leaked)
		}
		if growth := r.value(t, "growth"); growth > 16<<10 {
			t.Errorf("resident memory has grown by %v KiB", growth)
		}
	})
}

// TestOutputFork: a daemon that forks after loading is refused, and does not hang.
func TestOutputFork(t *testing.T) {
	in := file(t, "in", framed(t, framings["v2"], quiet))
	each(t, func(t *testing.T, descriptor string) {
		_, properties := receive(t, receiver.Options{})
		host(t, descriptor, properties, "output-fork", in).ok(t).logs(t, "1 [output:sigma:sigma.9]", "-d (--daemon)", "fork")
	})
}

// TestOutputFaults: after a fault in Go the chunk is to be tried again, and the next one is delivered.
func TestOutputFaults(t *testing.T) {
	in := file(t, "in", framed(t, framings["v2"], quiet))
	panics := file(t, "panic", framed(t, framings["v2"], `{"log":"provoke:panic"}`))
	dereferences := file(t, "nil", framed(t, framings["v2"], `{"log":"provoke:nil"}`))
	each(t, func(t *testing.T, descriptor string) {
		rc, properties := receive(t, receiver.Options{})
		r := host(t, descriptor, properties, "output-faults", panics, dereferences, in).ok(t)
		if n := strings.Count(r.log, "a fault in sigmatrail while delivering a chunk, which is to be tried again"); n != 6 || len(rc.Entries("tag")) != 3 {
			t.Errorf("%d faults in the log, %d events", n, len(rc.Entries("tag")))
		}
		r.logs(t, "nil pointer dereference")
	})
}

// TestOutputOnEngine: without workers the host is told once what is wrong, and does not wait for long.
func TestOutputOnEngine(t *testing.T) {
	_, properties := receive(t, receiver.Options{Answer: func(int) receiver.Answer { return receiver.Silence }})
	r := host(t, "88", properties, "output-engine", file(t, "in", framed(t, framings["v2"], quiet))).ok(t)
	if rc, took := r.value(t, "rc"), r.value(t, "seconds"); rc != 2 || took < 0.9 || took > 30 { // flush_timeout is a minute
		t.Errorf("rc %v after %v seconds", rc, took)
	}
	r.logs(t, "1 [output:sigma:sigma.0]", "set workers 1")
	if n := strings.Count(r.log, "set workers 1"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// TestOutputStack: a flush fits on a coroutine's stack of 24 KiB, and by far.
func TestOutputStack(t *testing.T) {
	in := file(t, "in", framed(t, framings["v2"], quiet, stop))
	each(t, func(t *testing.T, descriptor string) {
		_, properties := receive(t, receiver.Options{})
		used, err := strconv.Atoi(strings.TrimSpace(host(t, descriptor, properties, "output-stack", in).ok(t).out))
		if err != nil || used == 0 || used > 8<<10 {
			t.Errorf("%d bytes of stack, %v", used, err)
		}
		t.Logf("deepest use of the stack: %d bytes", used)
	})
}

// TestOutputBesideFilter: one shared object under two names is both, and no copy.
func TestOutputBesideFilter(t *testing.T) {
	in, want := hit(t)
	each(t, func(t *testing.T, descriptor string) {
		rc, properties := receive(t, receiver.Options{})
		r := host(t, descriptor, properties, "output-both", built.plugin, in, want).ok(t)
		if strings.Contains(r.log, "another copy") || len(rc.Messages()) != 2 {
			t.Errorf("%d messages\n%s", len(rc.Messages()), r.log)
		}
	})
	data, err := os.ReadFile(built.plugin)
	if err != nil {
		t.Fatal(err)
	}
	another := filepath.Join(t.TempDir(), "flb-filter_sigma.so")
	if err := os.WriteFile(another, data, 0o600); err != nil {
		t.Fatal(err)
	}
	_, properties := receive(t, receiver.Options{})
	host(t, "88", properties, "output-both", another, in, want).ok(t).logs(t, "2 [output:sigma:sigma.0]", "another copy of this plugin")
}
