package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestProcessors runs the filter as a processor of threaded inputs and of one of two outputs.
func TestProcessors(t *testing.T) {
	plugin(t)
	const records = 300
	input := func(tag string) string {
		return fmt.Sprintf(`
    - name: dummy
      tag: %s
      dummy: '%s'
      rate: 200
      samples: %d
      threaded: true`, tag, stopRecord, records)
	}
	processor := `
      processors:
        logs:
          - name: sigma`
	first, second := listen(t), listen(t)
	h := start(t, fmt.Sprintf(`
service: {flush: 0.2, log_level: info}
pipeline:
  inputs:%s%s%s
  outputs:
    - {name: forward, match: "*", host: 127.0.0.1, port: %d}
    - name: forward
      match: plain
      host: 127.0.0.1
      port: %d%s
`, input("marked")+processor, input("marked_too")+processor, input("plain"), first.port(), second.port(), processor), nil)
	h.until(t, "all records", func() bool { return first.count() >= 3*records && second.count() >= records })
	h.stop(t)
	for name, r := range map[string]struct {
		bodies [][]byte
		marked int
		all    int
	}{"first output": {first.take(t), 2 * records, 3 * records}, "second output": {second.take(t), records, records}} {
		n := 0
		for _, body := range r.bodies {
			if _, _, level := strip(t, body); level == "high" {
				n++
			}
		}
		if n != r.marked || len(r.bodies) != r.all {
			t.Errorf("%s: %d records, %d with hits; want %d and %d", name, len(r.bodies), n, r.all, r.marked)
		}
	}
	if got := strings.Count(h.log.String(), "rules loaded"); got != 3 {
		t.Errorf("%d instances have started", got)
	}
}

// TestProcessorReload: as a processor the last good rules serve when a reload finds bad ones.
func TestProcessorReload(t *testing.T) {
	plugin(t)
	file := filepath.Join(t.TempDir(), "rule.yml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("title: T\nid: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11\nlevel: high\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  a: {eventName: StopLogging}\n  condition: a\n")
	h := start(t, fmt.Sprintf(`
service: {flush: 0.2, log_level: info, hot_reload: on}
pipeline:
  inputs:
    - name: dummy
      dummy: '%s'
      rate: 20
      processors:
        logs:
          - {name: sigma, rules: %s}
  outputs:
    - {name: stdout, match: "*", format: json_lines}
`, stopRecord, file), nil)
	hits := func() int { return strings.Count(h.log.String(), marked) }
	h.until(t, "a hit", func() bool { return hits() > 0 })
	write("title: T\nlevel: [\n")
	if err := h.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	h.until(t, "the last good rules", func() bool { return h.logged("the last good rules stay, 1 of them") != "" })
	before := hits()
	h.until(t, "more hits", func() bool { return hits() > before+5 })
	h.stop(t)
}

// TestTrickle: one record now and then.
func TestTrickle(t *testing.T) {
	plugin(t)
	r := listen(t)
	h := start(t, fmt.Sprintf(`
service: {flush: 0.2, log_level: info}
pipeline:
  inputs:
    - {name: dummy, dummy: '%s', interval_sec: 1, samples: 4}
  filters:
    - {name: sigma, match: "*"}
  outputs:
    - {name: forward, match: "*", host: 127.0.0.1, port: %d}
`, stopRecord, r.port()), nil)
	h.until(t, "four records", func() bool { return r.count() >= 4 })
	h.stop(t)
	for _, body := range r.take(t) {
		if _, _, level := strip(t, body); level != "high" {
			t.Errorf("a record without its hit: %q", body)
		}
	}
}

// TestGroupMarkers sends OpenTelemetry logs, around which the host puts markers of groups.
func TestGroupMarkers(t *testing.T) {
	plugin(t)
	if out, err := exec.Command(onPath.path, "-i", "opentelemetry", "-h").CombinedOutput(); err != nil || !strings.Contains(string(out), "opentelemetry") {
		t.Skip("skipped: this fluent-bit was built without the opentelemetry input")
	}
	port := freePort(t)
	h := start(t, fmt.Sprintf(`
service: {flush: 0.2, log_level: info}
pipeline:
  inputs:
    - {name: opentelemetry, listen: 127.0.0.1, port: %d}
  filters:
    - {name: sigma, match: "*"}
  outputs:
    - {name: stdout, match: "*"}
`, port), nil)
	body := fmt.Sprintf(`{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"x"}}]},"scopeLogs":[{"scope":{"name":"s"},`+
		`"logRecords":[{"timeUnixNano":"1700000000000000000","body":{"stringValue":%q}}]}]}]}`, stopRecord)
	h.until(t, "the input", func() bool {
		response, err := http.Post("http://127.0.0.1:"+strconv.Itoa(port)+"/v1/logs", "application/json", bytes.NewReader([]byte(body))) //nolint:noctx // a test
		if err != nil {
			return false
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		return response.StatusCode < 300
	})
	h.until(t, "the hit", func() bool { return h.logged(`"sigma"=>{"level"=>"high"`) != "" })
	h.stop(t)
	if h.logged("1 matched", "0 damaged", "2 group markers") == "" {
		t.Errorf("the markers are not counted:\n%s", h.log)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // only its number is wanted
	return l.Addr().(*net.TCPAddr).Port
}

// TestIdle: for 60 seconds without records a host with the plugin takes no more CPU than one without.
func TestIdle(t *testing.T) {
	plugin(t)
	if testing.Short() {
		t.Skip("skipped: takes a minute")
	}
	config := func(filters string) string {
		return "service: {flush: 1, log_level: info}\npipeline:\n  inputs:\n    - {name: tail, path: " + filepath.Join(t.TempDir(), "none") + "}\n" + filters +
			"  outputs:\n    - {name: \"null\", match: \"*\"}\n"
	}
	with := start(t, config("  filters:\n    - {name: sigma, match: \"*\"}\n"), nil)
	without := startBare(t, config(""))
	with.until(t, "the start", func() bool { return with.logged("rules loaded") != "" })
	const settle, watch = 3 * time.Second, 60 * time.Second
	time.Sleep(settle)
	a, b := cpu(t, with), cpu(t, without)
	time.Sleep(watch)
	a, b = cpu(t, with)-a, cpu(t, without)-b
	with.stop(t)
	without.stop(t)
	if a > b+50*time.Millisecond {
		t.Errorf("%v of CPU in %v with the plugin, %v without", a, watch, b)
	}
	t.Logf("%v of CPU in %v with the plugin, %v without", a, watch, b)
}

// cpu is the time that a host has had on processors, in steps of 10 ms.
func cpu(t *testing.T, h *host) time.Duration {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", h.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}
