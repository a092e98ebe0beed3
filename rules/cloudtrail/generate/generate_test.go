package main

import (
	"strings"
	"testing"
	"testing/fstest"

	"sigmatrail/internal/ruletest"
	"sigmatrail/rules/cloudtrail"
)

// TestCurrent: docs/pack.md is what is generated from the pack now.
func TestCurrent(t *testing.T) {
	if err := run("../../..", true); err != nil {
		t.Error(err)
	}
}

// TestDocument: what is written of rules, correlations and samples.
func TestDocument(t *testing.T) {
	const rule = "title: Many | Calls\nid: 00000000-0000-4000-8000-000000000001\nlevel: low\ntags: [attack.t1078.004, attack.impact]\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n" +
		"  a: {eventSource: s3.amazonaws.com, eventName: [A, B, C, D, E, F]}\n  b: {eventSource: kms.amazonaws.com}\n  c: {eventName|startswith: Get}\n  condition: 1 of them\n"
	const correlation = "title: Often\ntags: [attack.t1110]\ncorrelation:\n  type: value_count\n  rules: [00000000-0000-4000-8000-000000000001]\n  group-by: [userIdentity.arn]\n" +
		"  timespan: 90m\n  condition: {gte: 5, field: eventName}\n"
	files := fstest.MapFS{"many.yml": {Data: []byte(rule)}, "often.yml": {Data: []byte(correlation)}}
	samples := []ruletest.Sample{{Module: "iam__x", EventName: "GetUser", EventSource: "iam.amazonaws.com", Rule: "many"}}
	text, err := document(files, samples)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"`builtin` is 1 rules and 1 correlations.",
		"| [Many \\| Calls](../rules/cloudtrail/many.yml) | low | T1078.004 | s3: A, B, C, D and 2 more; kms: all; Get\\* |  | `management:write`, `management:read`, ",
		"| [Often](../rules/cloudtrail/often.yml) | that of its rules | T1110 | value_count of `eventName` gte 5 in 90m | `userIdentity.arn` | [Many \\| Calls](../rules/cloudtrail/many.yml) |",
		"| `not-excluded:kms.amazonaws.com` | management events, kms.amazonaws.com not among ExcludeManagementEventSources |",
		"| `iam__x` | iam: GetUser | [Many \\| Calls](../rules/cloudtrail/many.yml) |",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s\nlacks %s", text, want)
		}
	}
	samples[0].Rule = "none"
	if _, err := document(files, samples); err == nil || !strings.Contains(err.Error(), `the module iam__x of Pacu names the rule "none", which is not there`) {
		t.Errorf("error %v", err)
	}
	files["many.yml"].Data = []byte("title: Bad\n")
	if _, err := document(files, nil); err == nil || !strings.Contains(err.Error(), "builtin/many.yml:1:1") {
		t.Errorf("error %v", err)
	}
}

// TestEveryRule: each rule of the pack has its line.
func TestEveryRule(t *testing.T) {
	text, err := document(cloudtrail.FS(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(text), "\n| ["); lines < 42 {
		t.Errorf("%d lines", lines)
	}
}
