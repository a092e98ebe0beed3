package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigmatrail/conf"
)

// eachHost runs f with the Fluent Bit on PATH and with those that FLUENT_BIT_HOSTS names, paths divided by colons.
func eachHost(t *testing.T, f func(t *testing.T, b program)) {
	t.Helper()
	plugin(t)
	paths := []string{onPath.path}
	if more := os.Getenv("FLUENT_BIT_HOSTS"); more != "" {
		paths = append(paths, filepath.SplitList(more)...)
	}
	for _, path := range paths {
		out, err := exec.Command(path, "--version").Output()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		m := regexp.MustCompile(`v(\d+)\.(\d+)\.\d+`).FindStringSubmatch(string(out))
		if m == nil {
			t.Fatalf("%s: no version in %q", path, out)
		}
		major, _ := strconv.Atoi(m[1])
		minor, _ := strconv.Atoi(m[2])
		t.Run(m[0], func(t *testing.T) { f(t, program{path: path, version: [2]int{major, minor}}) })
	}
}

func (b program) since(major, minor int) bool {
	return b.version[0] > major || (b.version[0] == major && b.version[1] >= minor)
}

// withPlugin runs b with the built plugin.
func (b program) withPlugin(t *testing.T, config string, args ...string) *host {
	t.Helper()
	return b.run(t, config, nil, append([]string{"-e", plugin(t)}, args...))
}

// dummy is a classic configuration of one record again and again, through the filter with some properties.
func dummy(record, input, properties, output string) string {
	return fmt.Sprintf("[SERVICE]\n    Flush 0.2\n    Log_Level info\n    Hot_Reload on\n[INPUT]\n    Name dummy\n    Dummy %s\n%s[FILTER]\n    Name sigma\n    Match *\n%s[OUTPUT]\n    Match *\n%s",
		record, input, properties, output)
}

const (
	stopRecord = `{"eventVersion":"1.11","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging"}`
	toStdout   = "    Name stdout\n    Format json_lines\n"
	marked     = `"sigma":{"level":"high"`
)

// TestHostsCorpora compares what leaves each host with a run of the same host without the rules.
func TestHostsCorpora(t *testing.T) {
	engine, exclude := alone(t, "builtin")
	eachHost(t, func(t *testing.T, b program) {
		pattern, events := corpora(t)
		parsers := filepath.Join(t.TempDir(), "parsers.conf")
		if err := os.WriteFile(parsers, []byte("[PARSER]\n    Name cloudtrail\n    Format json\n    Time_Key eventTime\n    Time_Format %Y-%m-%dT%H:%M:%SZ\n    Time_Keep on\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		push := func(withRules bool) [][]byte {
			r := listen(t)
			config := strings.NewReplacer("%PARSERS%", parsers, "    Name sigma\n", "    Name sigma\n    Exclude "+exclude+"\n").Replace(classicConfig(pattern, withRules, r.port()))
			h := b.withPlugin(t, config)
			h.until(t, fmt.Sprintf("%d records", events), func() bool { return r.count() >= events })
			h.stop(t)
			return r.take(t)
		}
		want, all := judge(t, engine, push(false)), push(true)
		var high [][]byte // this configuration has no second output: those that would be in it
		for _, body := range all {
			if _, _, level := strip(t, body); level == "high" || level == "critical" {
				high = append(high, body)
			}
		}
		compare(t, want, all, high)
	})
}

// TestHostsRefuse: properties that are wrong, unknown or set twice, and -d, on every host.
func TestHostsRefuse(t *testing.T) {
	eachHost(t, func(t *testing.T, b program) {
		for properties, want := range map[string][]string{
			"    rulez builtin\n":                     {"unknown configuration property", "rulez"},
			"    rules builtin\n    rules other\n":    {"rules", "is set 2 times"},
			"    min_level hgih\n":                    {"min_level", "hgih", "informational"},
			"    rules /nonexistent/rules\n":          {"/nonexistent/rules", "no such file"},
			"    key eventName\n    strict perhaps\n": {"strict", "perhaps", "on or off"},
		} {
			h := b.withPlugin(t, dummy(stopRecord, "", properties, toStdout))
			h.wait(t)
			if h.logged(want...) == "" || strings.Contains(h.log.String(), marked) {
				t.Errorf("%q: no line with %q in\n%s", properties, want, h.log)
			}
		}
	})
}

// TestHostsDaemon starts each host with -d, under which it forks with the plugin in it. The daemon has only its log file to speak, and must
// end, not hang.
func TestHostsDaemon(t *testing.T) {
	eachHost(t, func(t *testing.T, b program) {
		logFile := filepath.Join(t.TempDir(), "log")
		h := b.withPlugin(t, dummy(stopRecord, "", "", toStdout), "-d", "-l", logFile)
		h.wait(t)
		m := regexp.MustCompile(`background mode \(PID=(\d+)\)`).FindStringSubmatch(h.log.String())
		if m == nil {
			t.Fatalf("no daemon: %s", h.log)
		}
		for end := time.Now().Add(deadline); runs(m[1]); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("the daemon hangs: %s", lines(t, logFile))
			}
		}
		// Hosts before 2.1 may end before their log's thread has written everything.
		if text := strings.Join(lines(t, logFile), "\n"); b.since(2, 1) && !strings.Contains(text, "(--daemon)") {
			t.Errorf("the log does not say why: %s", text)
		}
	})
}

// runs reports whether a process is there and no zombie.
func runs(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// TestHostsHelp: the host lists our options with their help.
func TestHostsHelp(t *testing.T) {
	eachHost(t, func(t *testing.T, b program) {
		out, err := exec.Command(b.path, "-e", plugin(t), "-F", "sigma", "-h").CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		text := strings.Join(strings.Fields(string(out)), " ")
		for _, o := range conf.Options() {
			if !strings.Contains(text, o.Name) || !strings.Contains(text, o.Help[:40]) {
				t.Errorf("%s or its help is not in\n%s", o.Name, out)
			}
		}
	})
}

// TestHostsDryRun: --dry-run judges the rules where the host has cb_pre_run.
func TestHostsDryRun(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yml")
	if err := os.WriteFile(bad, []byte("title: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	eachHost(t, func(t *testing.T, b program) {
		if !b.since(5, 0) {
			t.Skip("skipped: this host does not ask its filters on --dry-run")
		}
		for properties, status := range map[string]int{"": 0, "    rules builtin," + bad + "\n": 0, "    rules " + bad + "\n": 1, "    rules builtin," + bad + "\n    strict on\n": 1} {
			h := b.withPlugin(t, dummy(stopRecord, "", properties, toStdout), "--dry-run")
			if code := h.wait(t); (code == 0) != (status == 0) {
				t.Errorf("%q: status %d\n%s", properties, code, h.log)
			}
			if strings.Contains(properties, bad) && h.logged("bad.yml:1:1", "no logsource") == "" {
				t.Errorf("%q: the bad rule is not named:\n%s", properties, h.log)
			}
		}
	})
}

// TestHostsSignals sends storms of signals while records flow: none is lost, each has its hit, also after Go's handlers were replaced.
func TestHostsSignals(t *testing.T) {
	eachHost(t, func(t *testing.T, b program) {
		const records = 1000
		r := listen(t)
		h := b.withPlugin(t, dummy(stopRecord, fmt.Sprintf("    Rate 500\n    Samples %d\n", records), "", fmt.Sprintf("    Name forward\n    Host 127.0.0.1\n    Port %d\n", r.port())))
		h.until(t, "a record", func() bool { return r.count() > 0 }) // an old host that gets the signal while it starts dies of it by itself
		h.until(t, "all records", func() bool {
			if err := h.cmd.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			return r.count() >= records
		})
		h.stop(t)
		bodies := r.take(t)
		for _, body := range bodies {
			if _, _, level := strip(t, body); level != "high" {
				t.Fatalf("a record without its hit: %q", body)
			}
		}
		if len(bodies) != records {
			t.Errorf("%d records of %d", len(bodies), records)
		}
	})
}

// TestHostsFaults provokes faults in Go inside the host, after it has replaced the handlers: the host goes on.
func TestHostsFaults(t *testing.T) {
	faulty := faultyPlugin(t)
	eachHost(t, func(t *testing.T, b program) {
		config := dummy(`{"log":"provoke:nil"}`, "    Rate 20\n", "", toStdout)
		h := b.run(t, config, nil, []string{"-e", faulty})
		seen := func() int { return strings.Count(h.log.String(), "nil pointer dereference") }
		h.until(t, "a fault", func() bool { return seen() > 0 })
		for range 5 {
			if err := h.cmd.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			before := seen()
			h.until(t, "another fault", func() bool { return seen() > before+2 })
		}
		h.stop(t)
		if strings.Count(h.log.String(), `"log":"provoke:nil"`) < seen() {
			t.Errorf("records were lost:\n%s", h.log)
		}
	})
}

// faultyPlugin builds the plugin with its test-only faults.
func faultyPlugin(t *testing.T) string {
	t.Helper()
	plugin(t)
	path := filepath.Join(t.TempDir(), "flb-filter_sigma.so")
	out, err := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "sigmafaults", "-buildmode=c-shared", "-o", path, "../plugin").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// TestHostsBackground: what background work has to say reaches the log though no record flows any more.
func TestHostsBackground(t *testing.T) {
	faulty := faultyPlugin(t)
	eachHost(t, func(t *testing.T, b program) {
		h := b.run(t, dummy(`{"log":"provoke:background"}`, "    Samples 1\n", "", toStdout), nil, []string{"-e", faulty})
		h.until(t, "the message", func() bool { return h.logged("[filter:sigma]", "a fault in sigmatrail in a provoked job") != "" })
		h.stop(t)
	})
}

// TestHostsReload reloads with rules that have turned bad: the old pipeline, or the last good rules, go on.
func TestHostsReload(t *testing.T) {
	eachHost(t, func(t *testing.T, b program) {
		if !b.since(2, 1) {
			t.Skip("skipped: this host does not reload")
		}
		dir := t.TempDir()
		file := filepath.Join(dir, "rule.yml")
		write := func(text string) {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("title: T\nid: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11\nlevel: high\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  a: {eventName: StopLogging}\n  condition: a\n")
		h := b.withPlugin(t, dummy(stopRecord, "    Rate 20\n", "    rules "+dir+"\n", toStdout))
		hits := func() int { return strings.Count(h.log.String(), marked) }
		h.until(t, "a hit", func() bool { return hits() > 0 })
		write("title: T\nlevel: [\n")
		if err := h.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		h.until(t, "the refusal", func() bool { return h.logged("[error] [filter:sigma", "none of the rules") != "" })
		before := hits()
		h.until(t, "more hits", func() bool { return hits() > before+5 })
		h.stop(t)
	})
}
