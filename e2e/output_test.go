package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sigmatrail/internal/chunk"
	forwardreceiver "sigmatrail/internal/forward/receiver"
)

// outputPlugin is the built shared object under the name by which hosts take it for a Go output.
func outputPlugin(t *testing.T) string {
	t.Helper()
	link := filepath.Join(filepath.Dir(plugin(t)), "out_sigma.so")
	if _, err := os.Stat(link); err != nil {
		t.Fatalf("%v: run make build first", err)
	}
	return link
}

// shipped reads one of the configurations of conf/fluent-bit.
func shipped(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../conf/fluent-bit/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// countLines returns how often each line is in a file.
func countLines(t *testing.T, file string) map[string]int {
	t.Helper()
	n := make(map[string]int)
	for _, line := range lines(t, file) {
		n[line]++
	}
	return n
}

// testGoOutput runs go-output.yaml and go-output-receiver.yaml as they are. What the receiver writes is what
// tail-sigma.yaml writes with the filter: each record once, and each alert once.
func testGoOutput(t *testing.T, _ string) {
	t.Helper()
	so := outputPlugin(t)
	pattern, events := corpora(t)
	out, want := t.TempDir(), t.TempDir()
	receives := []string{"SIGMA_LISTEN=127.0.0.1", "SIGMA_RECEIVER=127.0.0.1", "SIGMA_PORT=" + strconv.Itoa(freePort(t)), "SIGMA_SHARED_KEY=secret", "SIGMA_OUT=" + out, "SIGMA_STORAGE=" + t.TempDir()}
	sends := append([]string{"CLOUDTRAIL_FILES=" + pattern, "SIGMA_RULES=builtin", "SIGMA_STATE=" + t.TempDir()}, receives...)

	filter := start(t, shipped(t, "tail-sigma.yaml"), []string{"CLOUDTRAIL_FILES=" + pattern, "SIGMA_RULES=builtin", "SIGMA_STATE=" + t.TempDir(), "SIGMA_OUT=" + want})
	filter.until(t, "the records of the filter", func() bool { return len(lines(t, filepath.Join(want, "records.ndjson"))) >= events })
	filter.stop(t)

	takes := onPath.run(t, shipped(t, "go-output-receiver.yaml"), receives, nil)
	gives := onPath.run(t, shipped(t, "go-output.yaml"), sends, []string{"-e", so})
	alerts := len(lines(t, filepath.Join(want, "alerts.ndjson")))
	gives.until(t, "the records of the output", func() bool {
		return len(lines(t, filepath.Join(out, "records.ndjson"))) >= events && len(lines(t, filepath.Join(out, "alerts.ndjson"))) >= alerts
	})
	gives.stop(t)
	takes.stop(t)
	for _, file := range []string{"records.ndjson", "alerts.ndjson"} {
		if diff := cmp.Diff(countLines(t, filepath.Join(want, file)), countLines(t, filepath.Join(out, file))); diff != "" {
			t.Errorf("%s (-filter +output):\n%.4000s", file, diff)
		}
	}
	if alerts == 0 || gives.logged("events delivered in", fmt.Sprintf(" %d of them under alert_tag", alerts)) == "" || gives.logged("[error]", "sigma") != "" {
		t.Errorf("%d alerts:\n%s", alerts, gives.log)
	}
}

// outputConfig is a classic configuration of an input and the output sigma with some properties.
func outputConfig(input, properties string, port int) string {
	return fmt.Sprintf("[SERVICE]\n    Flush 0.2\n    Grace 2\n    Log_Level info\n    Hot_Reload on\n    scheduler.base 1\n    scheduler.cap 1\n[INPUT]\n%s[OUTPUT]\n"+
		"    Name sigma\n    Match *\n    Retry_Limit no_limits\n    forward_host 127.0.0.1\n    forward_port %d\n%s", input, port, properties)
}

const oneWorker = "    Workers 1\n"

// listenAs starts a receiver that ends with the test.
func listenAs(t *testing.T, o forwardreceiver.Options) *forwardreceiver.Receiver {
	t.Helper()
	r, err := forwardreceiver.Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	return r
}

// TestGoOutputHosts: of every host, every event of the corpora arrives once, byte for byte as the engine leaves what the same host sends without
// the rules.
func TestGoOutputHosts(t *testing.T) {
	so := outputPlugin(t)
	engine, exclude := alone(t, "builtin")
	eachHost(t, func(t *testing.T, b program) {
		pattern, events := corpora(t)
		parsers := filepath.Join(t.TempDir(), "parsers.conf")
		if err := os.WriteFile(parsers, []byte("[PARSER]\n    Name cloudtrail\n    Format json\n    Time_Key eventTime\n    Time_Format %Y-%m-%dT%H:%M:%SZ\n    Time_Keep on\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		input := fmt.Sprintf("    Name tail\n    Tag aws.ct\n    Path %s\n    Parser cloudtrail\n    Read_From_Head on\n    Buffer_Chunk_Size 1M\n    Buffer_Max_Size 4M\n", pattern)
		plainReceiver := listen(t)
		plain := b.run(t, strings.Replace(classicConfig(pattern, false, plainReceiver.port()), "%PARSERS%", parsers, 1), nil, nil)
		plain.until(t, "the records without rules", func() bool { return plainReceiver.count() >= events })
		plain.stop(t)
		want := judge(t, engine, plainReceiver.take(t))

		r := listenAs(t, forwardreceiver.Options{})
		config := outputConfig(input, oneWorker+"    alert_tag alert.$TAG[1]\n    compress gzip\n    exclude "+exclude+"\n", r.Port())
		h := b.run(t, strings.Replace(config, "[SERVICE]\n", "[SERVICE]\n    Parsers_File "+parsers+"\n", 1), nil, []string{"-e", so})
		h.until(t, fmt.Sprintf("%d records", events), func() bool { return len(r.Entries("aws.ct")) >= events })
		h.stop(t)
		compare(t, want, bodiesOf(t, r.Entries("aws.ct")), bodiesOf(t, r.Entries("alert.ct")))
	})
}

func bodiesOf(t *testing.T, entries [][]byte) (list [][]byte) {
	t.Helper()
	for _, e := range entries {
		var ev chunk.Event
		if w := chunk.NewWalker(e); !w.Next(&ev) || ev.Kind != chunk.Log {
			t.Errorf("no event: %x", e)
			continue
		}
		list = append(list, e[ev.BodyStart:ev.BodyEnd])
	}
	return list
}

// numbered is an input of records that a test writes one after the other.
type numbered struct {
	file string
	next int
}

func (n *numbered) input() string {
	return "    Name tail\n    Tag ct\n    Path " + n.file + "\n    Read_From_Head on\n    Refresh_Interval 1\n    Parser json\n"
}

func (n *numbered) write(t *testing.T, count int) {
	t.Helper()
	f, err := os.OpenFile(n.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // every write is checked
	for range count {
		if _, err := fmt.Fprintf(f, `{"eventVersion":"1.11","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","eventID":"id-%d."}`+"\n", n.next); err != nil {
			t.Fatal(err)
		}
		n.next++
	}
}

// missing returns which of the records that were written are not in the texts.
func (n *numbered) missing(have string) (list []int) {
	for i := range n.next {
		if !strings.Contains(have, fmt.Sprintf("id-%d.", i)) {
			list = append(list, i)
		}
	}
	return list
}

func (n *numbered) parsers(t *testing.T, config string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "parsers.conf")
	if err := os.WriteFile(file, []byte("[PARSER]\n    Name json\n    Format json\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return strings.Replace(config, "[SERVICE]\n", "[SERVICE]\n    Parsers_File "+file+"\n", 1)
}

// TestGoOutputReceiverKilled kills a receiving Fluent Bit again and again while records flow. None is lost; some may come twice.
func TestGoOutputReceiverKilled(t *testing.T) {
	so := outputPlugin(t)
	port, out, storage := freePort(t), t.TempDir(), t.TempDir()
	env := []string{"SIGMA_LISTEN=127.0.0.1", "SIGMA_PORT=" + strconv.Itoa(port), "SIGMA_SHARED_KEY=secret", "SIGMA_OUT=" + out, "SIGMA_STORAGE=" + storage}
	takes := func() *host {
		return onPath.run(t, strings.Replace(shipped(t, "go-output-receiver.yaml"), "cloudtrail", "ct", 1), env, nil)
	}
	records := &numbered{file: filepath.Join(t.TempDir(), "records.ndjson")}
	records.write(t, 20)
	gives := onPath.run(t, records.parsers(t, outputConfig(records.input(), oneWorker+"    shared_key secret\n", port)), nil, []string{"-e", so})
	for range 5 {
		r := takes()
		have := len(lines(t, filepath.Join(out, "records.ndjson")))
		for i := 0; len(lines(t, filepath.Join(out, "records.ndjson"))) <= have && i < 600; i++ {
			records.write(t, 5)
			time.Sleep(20 * time.Millisecond)
		}
		if err := r.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		r.wait(t)
		records.write(t, 20)
	}
	last := takes()
	all := func() string {
		text, err := os.ReadFile(filepath.Join(out, "records.ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	last.until(t, "every record", func() bool { return len(records.missing(all())) == 0 })
	gives.stop(t)
	last.stop(t)
	have := lines(t, filepath.Join(out, "records.ndjson"))
	for _, line := range have {
		if !isHigh(t, line) {
			t.Fatalf("a record without its hit: %s", line)
		}
	}
	t.Logf("%d records, %d lines: %d twice or more", records.next, len(have), len(have)-records.next)
}

// TestGoOutputReload: a hot reload, on which the host would crash, is refused; records go on, also after many attempts.
func TestGoOutputReload(t *testing.T) {
	so := outputPlugin(t)
	eachHost(t, func(t *testing.T, b program) {
		if !b.since(2, 2) {
			t.Skip("skipped: this host does not say that it reloads")
		}
		r := listenAs(t, forwardreceiver.Options{})
		h := b.run(t, outputConfig("    Name dummy\n    Dummy "+stopRecord+"\n    Rate 50\n", oneWorker, r.Port()), nil, []string{"-e", so})
		// The host itself refuses more attempts, as it takes the first one for still under way.
		refused := func() int {
			return strings.Count(h.log.String(), "hot reload is refused") + strings.Count(h.log.String(), "reloading in progress")
		}
		for reload := 1; reload <= 5; reload++ {
			seen := len(r.Messages())
			h.until(t, "more records", func() bool { return len(r.Messages()) > seen })
			if err := h.cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			h.until(t, "the refusal", func() bool { return refused() >= reload })
			if !b.since(3, 2) {
				t.Log("this host holds back what is for Go outputs after a reload that it was refused")
				return
			}
		}
		seen := len(r.Messages())
		h.until(t, "more records", func() bool { return len(r.Messages()) > seen })
		h.stop(t)
	})
}

// TestGoOutputStops: with a receiver that never answers the host stops all the same, after its grace and a flush.
func TestGoOutputStops(t *testing.T) {
	so := outputPlugin(t)
	for name, answer := range map[string]forwardreceiver.Answer{"silent": forwardreceiver.Silence, "hangs up": forwardreceiver.HangUp} {
		t.Run(name, func(t *testing.T) {
			r := listenAs(t, forwardreceiver.Options{Answer: func(int) forwardreceiver.Answer { return answer }})
			h := onPath.run(t, outputConfig("    Name dummy\n    Dummy "+stopRecord+"\n    Rate 20\n", oneWorker+"    flush_timeout 2\n", r.Port()), nil, []string{"-e", so})
			h.until(t, "a retry", func() bool { return h.logged("to be tried again") != "" })
			began := time.Now()
			h.stop(t)
			const far = 15 * time.Second // many chunks wait: if it waited for the receiver with each of them it would take longer than that
			if took := time.Since(began); took > far {
				t.Errorf("stopped after %v; grace is 2 s, flush_timeout 2 s", took)
			}
		})
	}
}

// TestGoOutputInstances: two outputs with two workers each, beside the filter of the same shared object; both receivers get everything once.
func TestGoOutputInstances(t *testing.T) {
	const records = 300
	so := outputPlugin(t)
	first, second := listenAs(t, forwardreceiver.Options{}), listenAs(t, forwardreceiver.Options{SharedKey: "k"})
	config := outputConfig(fmt.Sprintf("    Name dummy\n    Dummy %s\n    Samples %d\n    Rate 500\n", stopRecord, records), "    Workers 2\n    tag first\n", first.Port())
	config = strings.Replace(config, "[OUTPUT]", "[FILTER]\n    Name sigma\n    Match *\n    key other\n[OUTPUT]", 1)
	_, another, _ := strings.Cut(outputConfig("", "    Workers 2\n    tag second\n    shared_key k\n    compress gzip\n", second.Port()), "[OUTPUT]")
	h := onPath.run(t, config+"[OUTPUT]"+another, nil, []string{"-e", plugin(t), "-e", so})
	h.until(t, "the records", func() bool { return len(first.Entries("first")) >= records && len(second.Entries("second")) >= records })
	h.stop(t)
	for _, list := range [][][]byte{first.Entries("first"), second.Entries("second")} {
		if len(list) != records {
			t.Errorf("%d records of %d", len(list), records)
		}
		for _, body := range bodiesOf(t, list) {
			if _, _, ok := chunk.Lookup(body, 0, "other"); !ok {
				t.Fatal("a record without the filter's hit")
			}
			if _, _, level := strip(t, body); level != "high" {
				t.Fatal("a record without the output's hit")
			}
		}
	}
	if h.logged("another copy") != "" {
		t.Errorf("the link is taken for a copy:\n%s", h.log)
	}
}

// TestReadmeGoOutput runs what the README shows of the Go output, with paths of this machine.
func TestReadmeGoOutput(t *testing.T) {
	so := outputPlugin(t)
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "## As a Go output\n")
	_, config, _ := strings.Cut(section, "```yaml\n")
	config, _, found := strings.Cut(config, "```")
	if !found {
		t.Fatal("the README shows no configuration")
	}
	r := listenAs(t, forwardreceiver.Options{SharedKey: "k"})
	for shown, here := range map[string]string{
		"/usr/local/lib/out_sigma.so": so, ",/etc/sigma/rules": "", "receiver.example ": "127.0.0.1\n      forward_port: " + strconv.Itoa(r.Port()) + " ",
		"pipeline:\n": "pipeline:\n  inputs:\n    - {name: dummy, tag: cloudtrail, samples: 1, dummy: '" + stopRecord + "'}\n",
	} {
		if !strings.Contains(config, shown) {
			t.Fatalf("the README no longer shows %s", shown)
		}
		config = strings.Replace(config, shown, here, 1)
	}
	h := onPath.run(t, config, []string{"SIGMA_SHARED_KEY=k"}, nil)
	h.until(t, "the record and the alert", func() bool { return len(r.Entries("cloudtrail")) == 1 && len(r.Entries("alert.cloudtrail")) == 1 })
	h.stop(t)
}

// TestGoOutputWithoutWorkers: the host is told what is missing, and records arrive all the same.
func TestGoOutputWithoutWorkers(t *testing.T) {
	so := outputPlugin(t)
	r := listenAs(t, forwardreceiver.Options{})
	h := onPath.run(t, outputConfig("    Name dummy\n    Dummy "+stopRecord+"\n    Samples 3\n    Rate 20\n", "", r.Port()), nil, []string{"-e", so})
	h.until(t, "the records", func() bool { return len(r.Entries("dummy.0")) >= 3 })
	h.stop(t)
	if h.logged("[error]", "set workers 1") == "" {
		t.Errorf("nothing is said:\n%s", h.log)
	}
}

// TestGoOutputRefusals gives the host what it must not start with, and looks for a message that says what is wrong.
func TestGoOutputRefusals(t *testing.T) {
	so := outputPlugin(t)
	eachHost(t, func(t *testing.T, b program) {
		base := outputConfig("    Name dummy\n", oneWorker, 24224)
		for _, test := range []struct {
			name, config string
			want         []string
			known        bool // only where the host looks at what Go outputs take
		}{
			{"host's own name", strings.Replace(base, "forward_host", "host", 1), []string{"forward_host: no receiver", "Fluent Bit keeps host"}, false},
			{"bad values", base + "    alert_level hgih\n    compress zstd\n", []string{"alert_level", "hgih"}, false},
			{"bad rules", base + "    rules /nonexistent\n", []string{"/nonexistent", "no such file"}, false},
			{"host's own TLS", base + "    tls on\n", []string{"does not support TLS"}, true},
			{"unknown property", base + "    rulez builtin\n", []string{"unknown configuration property", "rulez"}, true},
		} {
			t.Run(test.name, func(t *testing.T) {
				if test.known && !b.since(5, 1) {
					t.Skip("skipped: this host does not look at what Go outputs take")
				}
				h := b.run(t, test.config, nil, []string{"-e", so})
				h.wait(t)
				if h.logged(test.want...) == "" {
					t.Errorf("no line with %q in\n%s", test.want, h.log)
				}
			})
		}
	})
}

// TestGoOutputDaemon: with -d the host forks with the plugin in it. The output refuses, and the daemon ends.
func TestGoOutputDaemon(t *testing.T) {
	so := outputPlugin(t)
	logFile := filepath.Join(t.TempDir(), "log")
	h := onPath.run(t, outputConfig("    Name dummy\n", oneWorker, 24224), nil, []string{"-e", so, "-d", "-l", logFile})
	h.wait(t)
	said := func() bool { return strings.Contains(strings.Join(lines(t, logFile), "\n"), "(--daemon)") }
	for end := time.Now().Add(deadline); !said(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the log does not say why: %s", lines(t, logFile))
		}
	}
	_, pid, _ := strings.Cut(h.log.String(), "(PID=")
	pid, _, _ = strings.Cut(pid, ")")
	for end := time.Now().Add(deadline); runs(pid); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the daemon hangs: %s", lines(t, logFile))
		}
	}
}
