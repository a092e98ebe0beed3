package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hec is the splunk_hec receiver of the OpenTelemetry Collector (e2e/receivers/splunkhec), without TLS.
type hec struct {
	*service
	port int
}

// hecRecord is what the receiver made of one event. It reads all numbers as floating point.
type hecRecord struct {
	Time       int64           `json:"time"` // in nanoseconds since 1970; 0 if the event had none
	Host       string          `json:"host"`
	Source     string          `json:"source"`
	SourceType string          `json:"sourcetype"`
	Index      string          `json:"index"`
	Token      string          `json:"token"`  // as the sender gave it; the receiver takes any
	Fields     map[string]any  `json:"fields"` // indexed fields
	Body       json.RawMessage `json:"body"`
}

// startHEC starts a receiver on a port, which ends with the test, and skips the test where it is not built.
func startHEC(t *testing.T, port int) *hec {
	t.Helper()
	const built = "../build/receivers/splunkhec"
	address := fmt.Sprintf("127.0.0.1:%d", port)
	h := &hec{service: startService(t, "the splunk_hec receiver", built, exec.Command(built, "-listen", address)), port: port}
	h.until(t, "its health", func() bool {
		response, err := http.Get("http://" + address + "/services/collector/health") //nolint:noctx // a test
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return h
}

// count returns how many events have been received so far.
func (h *hec) count() int { return strings.Count(h.out.String(), "\n") }

// records returns all events that have been received so far, in their order.
func (h *hec) records(t *testing.T) []hecRecord {
	t.Helper()
	text := h.out.String()
	var all []hecRecord
	for line := range bytes.Lines([]byte(text[:strings.LastIndexByte(text, '\n')+1])) {
		var r hecRecord
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%v: %.1000s", err, line)
		}
		all = append(all, r)
	}
	return all
}

// bodies returns the events as canonical JSON texts and how often each came.
func bodies(t *testing.T, records []hecRecord) map[string]int {
	t.Helper()
	all := make(map[string]int)
	for _, r := range records {
		all[canonical(t, r.Body)]++
	}
	return all
}

// TestSplunkHEC sends all events through the rules to Splunk's HTTP Event Collector, and compares what arrives, field by field and with types,
// with what the forward output of the same run has sent.
func TestSplunkHEC(t *testing.T) {
	for name, output := range map[string]string{
		// The host makes the envelope.
		"event": `
      event_sourcetype: aws:cloudtrail
      event_source: fluent-bit
      event_index: main
      event_host: $eventSource
      event_field: sigma_level $sigma['level']
      compress: gzip
`,
		// Records are envelopes already.
		"raw": `
      splunk_send_raw: on
      processors:
        logs:
          - {name: nest, operation: nest, wildcard: "*", nest_under: event}
          - {name: modify, add: sourcetype aws:cloudtrail}
`,
	} {
		t.Run(name, func(t *testing.T) {
			plugin(t)
			pattern, events := corpora(t)
			forward, h := listen(t), startHEC(t, freePort(t))
			b := start(t, tailConfig(pattern, asFilter, "builtin")+fmt.Sprintf(`
    - {name: forward, match: ct, host: 127.0.0.1, port: %d}
    - name: splunk
      match: ct
      host: 127.0.0.1
      port: %d
      splunk_token: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11
%s`, forward.port(), h.port, strings.TrimPrefix(output, "\n")), nil)
			b.until(t, fmt.Sprintf("%d records", events), func() bool { return forward.count() >= events && h.count() >= events })
			b.stop(t)
			want, records := forward.sent(t), h.records(t)
			if diff := cmp.Diff(want, bodies(t, records)); diff != "" {
				t.Errorf("what arrives (-want +got):\n%.4000s", diff)
			}
			hits := withHits(want)
			if hits == 0 || len(records) != events {
				t.Errorf("%d records of %d, %d with hits", len(records), events, hits)
			}
			for _, r := range records {
				checkEnvelope(t, name, r)
			}
			if line := b.logged("[ warn] [output:") + b.logged("[error] [output:"); line != "" {
				t.Errorf("the host says %s", line)
			}
		})
	}
}

// checkEnvelope holds what stands around an event against what the event says itself.
func checkEnvelope(t *testing.T, name string, r hecRecord) {
	t.Helper()
	var event struct {
		EventTime   any `json:"eventTime"`
		EventSource any `json:"eventSource"`
		Sigma       struct {
			Level string `json:"level"`
		} `json:"sigma"`
	}
	if err := json.Unmarshal(r.Body, &event); err != nil {
		t.Fatal(err)
	}
	want := hecRecord{SourceType: "aws:cloudtrail", Token: "5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11", Fields: map[string]any{}, Time: r.Time, Body: r.Body}
	if name == "raw" {
		want.Time = 0
	} else {
		want.Source, want.Index = "fluent-bit", "main"
		want.Host, _ = event.EventSource.(string)
		if event.Sigma.Level != "" {
			want.Fields["sigma_level"] = event.Sigma.Level
		}
		text, _ := event.EventTime.(string)
		if at, err := time.Parse("2006-01-02T15:04:05Z", text); err == nil {
			want.Time = at.UnixNano()
		}
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("an envelope (-want +got):\n%.2000s", diff)
	}
}

// testSplunk runs the shipped file with a receiver that comes late: all records in one index, those with a high or critical hit in the other too.
func testSplunk(t *testing.T, file string) {
	const token, index, alerts = "5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11", "aws", "aws_alerts"
	all, high := sentWith(t, "format: flat")
	events, port := total(all), freePort(t)
	startHEC(t, freePort(t)) // skips the test here where there is none
	h := ship(t, onPath, file, "SPLUNK_HOST=127.0.0.1", fmt.Sprintf("SPLUNK_PORT=%d", port), "SPLUNK_TLS=off", "SPLUNK_TOKEN="+token, "SPLUNK_INDEX="+index, "SPLUNK_ALERT_INDEX="+alerts)
	h.until(t, "failures of both outputs", func() bool {
		return h.logged("failed to flush chunk", "output=archive") != "" && h.logged("failed to flush chunk", "output=alerts") != ""
	})
	receiver := startHEC(t, port)
	h.until(t, fmt.Sprintf("%d records and %d alerts", events, total(high)), func() bool { return receiver.count() >= events+total(high) })
	h.stop(t)
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	byIndex := make(map[string][]hecRecord)
	for _, r := range receiver.records(t) {
		byIndex[r.Index] = append(byIndex[r.Index], r)
		want := hecRecord{Time: r.Time, Host: name, Source: "fluent-bit", SourceType: "aws:cloudtrail", Index: r.Index, Token: token, Fields: map[string]any{}, Body: r.Body}
		if diff := cmp.Diff(want, r); diff != "" {
			t.Errorf("an envelope (-want +got):\n%.2000s", diff)
		}
	}
	same(t, "the index", all, bodies(t, byIndex[index]))
	same(t, "the index of alerts", high, bodies(t, byIndex[alerts]))
	if len(byIndex) != 2 {
		t.Errorf("%d indexes", len(byIndex))
	}
}
