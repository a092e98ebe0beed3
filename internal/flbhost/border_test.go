package flbhost

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sigmatrail/conf"
)

// TestDescribe: every host sees a filter with its callbacks and options where it looks for them.
func TestDescribe(t *testing.T) {
	each(t, func(t *testing.T, descriptor string) {
		preRun := map[bool]string{true: "no", false: "yes"}[descriptor == "72"]
		want := "sigma: Sigma detection rules on AWS CloudTrail records; pre_run " + preRun + "\n"
		for _, o := range conf.Options() {
			want += o.Name + " = " + o.Default + ": " + o.Help
			if len(o.Allowed) > 0 {
				want += " One of: " + strings.Join(o.Allowed, ", ") + "."
			}
			want += "\n"
		}
		if got := host(t, descriptor, nil, "describe").ok(t).out; got != want {
			t.Errorf("got:\n%swant:\n%s", got, want)
		}
	})
}

// TestFramings: chunks of every framing, with markers between them, leave as the engine says.
func TestFramings(t *testing.T) {
	for name, framing := range framings {
		chunks := map[string][]byte{
			"hit": framed(t, framing, quiet, stop, quiet), "quiet": framed(t, framing, quiet), "foreign": framed(t, framing, `{"log":"x"}`),
			"group":   append(append([]byte(groupStart), framed(t, framing, stop)...), groupEnd...),
			"damaged": append(framed(t, framing, stop), 0xc1, 7, 7), "cut": framed(t, framing, stop)[:40],
		}
		for chunk, data := range chunks {
			each(t, func(t *testing.T, descriptor string) {
				r := host(t, descriptor, nil, "filter", file(t, "in", data), file(t, "want", expected(t, data))).ok(t)
				r.logs(t, "[filter:sigma:sigma.0] sigmatrail", "rules loaded")
				r.logs(t, "events =", "matched")
				if strings.Contains(r.log, "fault") {
					t.Errorf("%s %s:\n%s", name, chunk, r.log)
				}
			})
		}
	}
}

// TestRefused: cb_init says no, with the reason in the log.
func TestRefused(t *testing.T) {
	each(t, func(t *testing.T, descriptor string) {
		r := host(t, descriptor, []string{"min_level=hgih", "strict=perhaps"}, "start").ok(t)
		preRun := map[bool]string{true: "0", false: "-1"}[descriptor == "72"]
		if r.out != "pre_run "+preRun+"\ninit -1\n" {
			t.Error(r.out)
		}
		r.logs(t, "1 [filter:sigma:sigma.0] min_level", `"hgih" is not one of informational, low, medium, high, critical`)
		r.logs(t, "1 [filter:sigma:sigma.0] strict", `"perhaps"`)
	})
}

// TestStack: a call fits on a coroutine's stack of 24 KiB, and by far.
func TestStack(t *testing.T) {
	in, want := hit(t)
	each(t, func(t *testing.T, descriptor string) {
		used, err := strconv.Atoi(strings.TrimSpace(host(t, descriptor, nil, "stack", in, want).ok(t).out))
		if err != nil || used == 0 || used > 8<<10 {
			t.Errorf("%d bytes of stack, %v", used, err)
		}
		t.Logf("deepest use of the stack: %d bytes", used)
	})
}

// TestLoad: threads that come and go, over several instances. Every output is as expected, nothing leaks, memory stays. SIGMA_CHUNKS sets how
// many chunks go through the last host.
func TestLoad(t *testing.T) {
	in, want := hit(t)
	still := file(t, "quiet", framed(t, framings["v2"], quiet))
	chunks := "4000"
	if n := os.Getenv("SIGMA_CHUNKS"); n != "" {
		chunks = n
	}
	each(t, func(t *testing.T, descriptor string) {
		n := "4000"
		if descriptor == "88" {
			n = chunks
		}
		r := host(t, descriptor, nil, "load", in, want, still, "16", "8", n).ok(t)
		if leaked := r.value(t, "blocks"); leaked > 64 {
			t.Errorf("%v blocks of memory more than before", leaked)
		}
		if growth := r.value(t, "growth"); growth > 16<<10 {
			t.Errorf("resident memory has grown by %v KiB", growth)
		}
		t.Logf("%s", strings.ReplaceAll(r.out, "\n", ", "))
	})
}

// TestMany: instances with equal rules share one program.
func TestMany(t *testing.T) {
	r := host(t, "88", nil, "many", "200").ok(t)
	one, many := r.value(t, "one"), r.value(t, "many")
	if many > 2*one {
		t.Errorf("one instance takes %v KiB, 200 take %v KiB", one, many)
	}
	t.Logf("one instance: %v KiB, 200: %v KiB", one, many)
	if n := strings.Count(r.log, "rules loaded"); n != 200 {
		t.Errorf("%d start-up lines", n)
	}
}

// TestFork: a daemon that forks after loading is refused, in all callbacks, and does not hang.
func TestFork(t *testing.T) {
	in, want := hit(t)
	each(t, func(t *testing.T, descriptor string) {
		host(t, descriptor, nil, "fork", in, want).ok(t).logs(t, "-d (--daemon)", "fork")
	})
}

// TestFaults: panics and memory faults in Go are survived, also after the host has replaced the signals' handlers; a fault in C is the
// host's.
func TestFaults(t *testing.T) {
	in, want := hit(t)
	panics := file(t, "panic", framed(t, framings["v2"], `{"log":"provoke:panic"}`))
	dereferences := file(t, "nil", framed(t, framings["v2"], `{"log":"provoke:nil"}`))
	each(t, func(t *testing.T, descriptor string) {
		r := host(t, descriptor, nil, "faults", panics, dereferences, in, want)
		if r.status != 42 || !strings.Contains(r.out, "the host's own handler") {
			t.Fatalf("status %d\n%s%s", r.status, r.out, r.log)
		}
		if n := strings.Count(r.log, "a fault in sigmatrail while judging a chunk, which goes on untouched"); n != 7 {
			t.Errorf("%d faults in the log", n)
		}
		r.kept(t)
		r.logs(t, "provoked")
		r.logs(t, "nil pointer dereference")
	})
}

// TestSignals: the host's signals never come on a stack of Go's, neither on a thread that is in a call, nor on Go's own, which still take faults.
func TestSignals(t *testing.T) {
	in, want := hit(t)
	each(t, func(t *testing.T, descriptor string) {
		r := host(t, descriptor, nil, "signals", in, want).ok(t)
		if r.value(t, "seen") == 0 || r.value(t, "elsewhere") != 0 || r.value(t, "threads") == 0 || r.value(t, "open") != 0 || r.value(t, "deaf") != 0 {
			t.Error(r.out)
		}
		t.Logf("%s", strings.ReplaceAll(r.out, "\n", ", "))
	})
}

// TestNoMemory: without memory for the output the chunk goes on as it is.
func TestNoMemory(t *testing.T) {
	in, want := hit(t)
	each(t, func(t *testing.T, descriptor string) {
		host(t, descriptor, nil, "nomemory", in, want).ok(t).logs(t, "no memory for", "the hits of this chunk are not written")
	})
}

// TestBesideGo: another Go plugin in the process, loaded later.
func TestBesideGo(t *testing.T) {
	in, want := hit(t)
	dereferences := file(t, "nil", framed(t, framings["v2"], `{"log":"provoke:nil"}`))
	each(t, func(t *testing.T, descriptor string) {
		host(t, descriptor, nil, "beside", built.other, dereferences, in, want).ok(t)
	})
}

// TestCopy: a copy of the file works and is warned of; a link is the same file.
func TestCopy(t *testing.T) {
	in, want := hit(t)
	data, err := os.ReadFile(built.plugin)
	if err != nil {
		t.Fatal(err)
	}
	other := file(t, "flb-filter_sigma.so", data)
	each(t, func(t *testing.T, descriptor string) {
		host(t, descriptor, nil, "copy", other, in, want).ok(t).logs(t, "2 [filter:sigma:sigma.1]", built.plugin, "another copy of this plugin")
	})
	link := filepath.Join(t.TempDir(), "out_sigma.so")
	if err := os.Symlink(built.plugin, link); err != nil {
		t.Fatal(err)
	}
	if r := host(t, "88", nil, "copy", link, in, want).ok(t); strings.Contains(r.log, "another copy") {
		t.Errorf("a link is taken for a copy:\n%s", r.log)
	}
}

// TestReload: rules that turn bad while the host reloads. As a filter the old pipeline lives; as a processor the last good rules serve.
func TestReload(t *testing.T) {
	const sound = "title: T\nid: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  a: {eventName: StopLogging}\n  condition: a\n"
	for name, broken := range map[string]string{
		"no rule that can run": "title: [\n", "one more rejected": sound + "---\ntitle: x\n",
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, descriptor string) {
				path := file(t, "rules.yml", []byte(sound))
				data := framed(t, framings["v2"], stop)
				settings := conf.Default()
				settings.Rules = path
				want := file(t, "want", expectedBy(t, settings, data))
				r := host(t, descriptor, []string{"rules=" + path}, "reload", path, file(t, "broken.yml", []byte(broken)), file(t, "in", data), want).ok(t)
				if !strings.Contains(r.out, "init 0\n") {
					t.Error(r.out)
				}
				if refused := strings.Contains(r.out, "pre_run -1"); descriptor != "72" && refused != (name == "no rule that can run") {
					t.Error(r.out)
				}
				r.logs(t, "the last good rules stay, 1 of them")
				r.logs(t, path+":")
			})
		})
	}
}

// TestBackground: what background work has to say comes with the next callback, and on standard error if none comes for five seconds.
func TestBackground(t *testing.T) {
	in, want := hit(t)
	provoke := file(t, "provoke", framed(t, framings["v2"], `{"log":"provoke:background"}`))
	for seconds, when := range map[string]string{"0.5": "with the callback\n", "5.5": "before\n"} {
		t.Run(seconds, func(t *testing.T) {
			t.Parallel()
			r := host(t, "88", nil, "background", provoke, in, want, seconds).ok(t)
			if r.out != when {
				t.Errorf("%s%s", r.out, r.log)
			}
			r.logs(t, "[filter:sigma", "a fault in sigmatrail in a provoked job")
		})
	}
}
