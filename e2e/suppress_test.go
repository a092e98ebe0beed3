package e2e

import (
	"encoding/json"
	"path/filepath"
	"testing"
)

// TestSuppress: of a burst the archive has every record with its level, and the output that is routed by notify has the first alone, with its summary and its
// leaves.
func TestSuppress(t *testing.T) {
	plugin(t)
	out := t.TempDir()
	h := start(t, `
service: {flush: 0.2, log_level: info}
pipeline:
  inputs:
    - name: dummy
      dummy: '{"eventVersion": "1.11", "eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging", "eventTime": "2026-11-20T08:00:00Z", "userIdentity": {"type": "Root", "accountId": "111122223333"}, "requestParameters": {"name": "org-trail"}}'
      rate: 50
      samples: 20
  filters:
    - {name: sigma, match: "*", suppress: 1h, summary: on, flatten: requestParameters, flatten_separator: "_", min_level: high}
  outputs:
    - {name: file, match: "*", path: `+out+`, file: archive.ndjson, format: plain}
    - name: file
      match: "*"
      path: `+out+`
      file: webhook.ndjson
      format: plain
      processors:
        logs:
          - {name: grep, regex: "$sigma['notify'] ^(high|critical)$"}
`, nil)
	h.until(t, "the records", func() bool { return len(lines(t, filepath.Join(out, "archive.ndjson"))) == 20 })
	h.stop(t)
	for _, line := range lines(t, filepath.Join(out, "archive.ndjson")) {
		if !isHigh(t, line) {
			t.Errorf("no level: %s", line)
		}
	}
	told := lines(t, filepath.Join(out, "webhook.ndjson"))
	if len(told) != 1 {
		t.Fatalf("%d records: %s", len(told), told)
	}
	var r struct {
		Name  string `json:"requestParameters_name"`
		Sigma struct {
			Summary string
			Rules   []struct{ First bool }
		}
	}
	if err := json.Unmarshal([]byte(told[0]), &r); err != nil {
		t.Fatal(err)
	}
	if r.Name != "org-trail" || r.Sigma.Summary != "root of 111122223333 called cloudtrail:StopLogging on org-trail in 111122223333" || !r.Sigma.Rules[0].First {
		t.Errorf("%+v", r)
	}
	if h.logged("20 hits, 19 of them suppressed") == "" {
		t.Errorf("no count of what was suppressed:\n%s", h.log)
	}
}
