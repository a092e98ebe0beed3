package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestScanUndated: a record that correlations want to know of and that has no time is said to take no part.
func TestScanUndated(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.yml")
	rules := "title: A\nname: a\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection: {a: {eventName: StopLogging}, condition: a}\n" +
		"---\ntitle: C\nlevel: low\ncorrelation: {type: event_count, rules: [a], group-by: [eventName], timespan: 1m, condition: {gte: 2}}\n"
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	const undated = `{"eventVersion":"1.11","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging"}`
	dated := strings.Replace(undated, "{", `{"eventTime":"2026-11-20T08:00:00Z",`, 1)
	for input, want := range map[string]string{
		undated: "1 record without a time, not correlated\n", dated: "0 hits on 0 events\n", `{"x":1,"Records":[` + undated + "," + dated + "]}": "1 record without a time, not correlated\n",
	} {
		for _, more := range [][]string{nil, {"--dedupe"}} {
			var errs bytes.Buffer
			run(append([]string{"scan", "--rules", file, "-"}, more...), streams{in: strings.NewReader(input), out: &bytes.Buffer{}, err: &errs})
			if !strings.HasSuffix(errs.String(), want) {
				t.Errorf("%s: %s", input, errs.String())
			}
		}
	}
}
