package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// metric returns the sum of a counter of the host, over those of its series that have the label name="NAME".
func metric(t *testing.T, port int, counter, name string) (sum int) {
	t.Helper()
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/api/v2/metrics/prometheus", port)) //nolint:noctx // a test
	if err != nil {
		return -1 // not yet
	}
	text, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, counter+"{") || !strings.Contains(line, `name="`+name+`"`) {
			continue
		}
		fields := strings.Fields(line)
		n, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		sum += int(n)
	}
	return sum
}

// TestSplitAndEmit holds that what goes into the filter and comes out of it is what the host's own metrics say, and what the filter says at its end.
func TestSplitAndEmit(t *testing.T) {
	plugin(t)
	const quietRecord = `{"eventVersion":"1.11","eventSource":"cloudtrail.amazonaws.com","eventName":"GetTrailStatus","number":1.0}`
	quoted := func(text string) string {
		q, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(q)
	}
	const lines = 50
	mixed := strings.Repeat(`{"Records":[`+stopRecord+`,`+quietRecord+`,`+quietRecord+`],"n":1}`+"\n"+
		`{"logGroup":"g","logEvents":[{"id":"1","message":`+quoted(stopRecord)+`},{"id":"2","message":`+quoted(quietRecord)+`}]}`+"\n"+
		`{"log":`+quoted(`{"Records":[`+quietRecord+`,`+stopRecord+`]}`)+"}\n"+
		quietRecord+"\n"+`{"log":"no record"}`+"\n", lines)
	for _, test := range []struct {
		name, text, properties string
		in, out, add, drop     int
		hits                   int
		summary                []string
	}{
		{"all whole", mixed, "", 5 * lines, 5 * lines, 0, 0, 3 * lines, []string{"250 events = 150 matched + 50 unmatched + 50 not CloudTrail"}},
		{"all split", mixed, "split: on", 5 * lines, 9 * lines, 4 * lines, 0, 3 * lines, []string{
			"450 events = 150 matched + 250 unmatched + 50 not CloudTrail", "150 taken apart into 350 of the events",
		}},
		{"matches whole", mixed, "emit: matches", 5 * lines, 3 * lines, 0, 2 * lines, 3 * lines, []string{"250 events = 150 matched", "; 100 dropped"}},
		{"matches split", mixed, "{split: on, emit: matches}", 5 * lines, 3 * lines, 0, 2 * lines, 3 * lines, []string{
			"450 events = 150 matched", "150 taken apart into 350 of the events; 300 dropped",
		}},
		{"nothing is left", strings.Repeat(quietRecord+"\n", lines), "emit: matches", lines, 0, 0, lines, 0, []string{"50 events = 0 matched + 50 unmatched", "; 50 dropped"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "in.ndjson")
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			properties := strings.Trim(test.properties, "{}")
			if properties != "" {
				properties = ", " + properties
			}
			r, port := listen(t), freePort(t)
			h := start(t, fmt.Sprintf(`
service: {flush: 0.2, log_level: info, http_server: on, http_listen: 127.0.0.1, http_port: %d}
parsers:
  - {name: json, format: json}
pipeline:
  inputs:
    - {name: tail, alias: in, path: %s, parser: json, read_from_head: on}
  filters:
    - {name: sigma, alias: sigma, match: "*"%s}
  outputs:
    - {name: forward, match: "*", host: 127.0.0.1, port: %d}
`, port, file, properties, r.port()), nil)
			count := func(what string) int { return metric(t, port, "fluentbit_filter_"+what+"_total", "sigma") }
			h.until(t, "the records", func() bool {
				return count("records") >= test.in && r.count() >= test.out && count("add_records") >= test.add && count("drop_records") >= test.drop
			})
			in, add, drop := count("records"), count("add_records"), count("drop_records")
			h.stop(t)
			if in != test.in || add != test.add || drop != test.drop {
				t.Errorf("the host counts %d in, %d added, %d dropped; want %d, %d, %d", in, add, drop, test.in, test.add, test.drop)
			}
			bodies := r.take(t)
			hits := 0
			for _, body := range bodies {
				if _, _, level := strip(t, body); level == "high" {
					hits++
				}
			}
			if len(bodies) != test.out || hits != test.hits {
				t.Errorf("%d records came out, %d with hits; want %d and %d", len(bodies), hits, test.out, test.hits)
			}
			if h.logged(test.summary...) == "" {
				t.Errorf("no line with %q in\n%s", test.summary, h.log)
			}
		})
	}
}

// TestEmitInProcessors: of inputs whose every chunk the processor empties nothing comes out, and of the others only hits, whole or taken apart.
func TestEmitInProcessors(t *testing.T) {
	plugin(t)
	const records = 40
	input := func(tag, body, properties string) string {
		return fmt.Sprintf(`
    - name: dummy
      tag: %s
      dummy: '%s'
      rate: 100
      samples: %d
      threaded: true
      processors:
        logs:
          - {name: sigma, emit: matches%s}`, tag, body, records, properties)
	}
	r := listen(t)
	h := start(t, fmt.Sprintf(`
service: {flush: 0.2, log_level: info}
pipeline:
  inputs:%s%s%s
  outputs:
    - {name: forward, match: "*", host: 127.0.0.1, port: %d}
`, input("none", `{"log":"no record"}`, ""), input("all", stopRecord, ""), input("part", `{"Records":[{"a":1},`+stopRecord+`,`+stopRecord+`]}`, ", split: on"), r.port()), nil)
	h.until(t, "the hits", func() bool { return r.count() >= 3*records })
	h.stop(t)
	for _, body := range r.take(t) {
		if _, _, level := strip(t, body); level != "high" {
			t.Errorf("a record without a hit came out: %q", body)
		}
	}
	if n := len(r.take(t)); n != 3*records {
		t.Errorf("%d records came out", n)
	}
	if h.logged("events = 0 matched + 0 unmatched +", "dropped") == "" || h.logged("40 taken apart into 120 of the events; 40 dropped") == "" {
		t.Errorf("the counts at the end are others:\n%s", h.log)
	}
}
