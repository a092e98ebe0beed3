package rules

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const attributed = `title: A title
id: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11
name: a_name
status: test
description: What it is
license: Apache-2.0
author: Somebody
taxonomy: sigma
date: 2026-11-24
modified: 2026-11-25
references: [https://example.com]
tags: [attack.t1078]
fields: [eventName]
falsepositives: [None, Some]
scope: [server]
level: low
related:
  - {id: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b12, type: similar}
  - {id: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b13, type: derived}
x-text: ' 0x1f '
x-account: 012345678901
x-switch: no
x-none: ~
x-empty: ''
x-list: [one, 2, no]
x-empty-list: []
x-gaps: [one, ~]
x-nested: [one, [two]]
x-map: {z: 1.0, a: {c: [x, ~], b: <&>}}
detection:
  s: {a: b}
  condition: s
`

// TestAttribute: each attribute is what the rule wrote, scalars as text; those of other logs than CloudTrail keep none of their own.
func TestAttribute(t *testing.T) {
	r := parseOne(t, attributed+"logsource: {service: cloudtrail, definition: d}\n")
	for name, want := range map[string]any{
		"title": "A title", "id": "5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11", "name": "a_name", "status": "test", "description": "What it is",
		"license": "Apache-2.0", "author": "Somebody", "taxonomy": "sigma", "date": "2026-11-24", "modified": "2026-11-25", "level": "low",
		"references": []string{"https://example.com"}, "tags": []string{"attack.t1078"}, "fields": []string{"eventName"},
		"falsepositives": []string{"None", "Some"}, "scope": []string{"server"},
		"related":   Tree(`[{"id":"5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b12","type":"similar"},{"id":"5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b13","type":"derived"}]`),
		"logsource": Tree(`{"definition":"d","service":"cloudtrail"}`),
		"x-text":    "0x1f", "x-account": "012345678901", "x-switch": "no", "x-none": nil, "x-empty": nil,
		"x-list": []string{"one", "2", "no"}, "x-empty-list": nil, "x-gaps": Tree(`["one",null]`), "x-nested": Tree(`["one",["two"]]`),
		"x-map":     Tree(`{"a":{"b":"<&>","c":["x",null]},"z":"1.0"}`),
		"detection": nil, "none": nil,
	} {
		if diff := cmp.Diff(want, r.Attribute(name)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	bare := parseOne(t, "title: T\nlevel: low\nlogsource: {service: cloudtrail}\ndetection:\n  s: {a: b}\n  condition: s\n")
	for _, name := range []string{"id", "description", "references", "related", "tags"} {
		if v := bare.Attribute(name); v != nil {
			t.Errorf("%s: %v", name, v)
		}
	}
	if other := parseOne(t, attributed+"logsource: {product: windows}\n"); other.Custom != nil || other.Attribute("x-text") != nil {
		t.Errorf("a rule about other logs keeps %v", other.Custom)
	}
}
