package pipeline

import (
	"strings"
	"testing"

	"sigmatrail/conf"
	"sigmatrail/internal/record"

	"github.com/google/go-cmp/cmp"
)

const fullRule = `title: Stop
id: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11
status: test
description: What it is
license: DRL-1.1
author: Somebody
date: 2026-11-24
modified: 2026-11-25
references: [https://a.example, https://b.example]
tags: [attack.t1562.008, attack.t1078]
level: high
related:
  - {id: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b22, type: similar}
logsource: {product: aws, service: cloudtrail}
fields: [eventName]
falsepositives: [None]
x-owner: 012345678901
x-runbooks: [one, two]
x-plan: {z: [1, ~], a: <b>}
detection:
  a: {eventName: StopLogging}
  condition: a
---
title: Other
id: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b12
level: low
logsource: {service: cloudtrail}
falsepositives: [None, Some]
detection:
  a: {eventName: StopLogging}
  condition: a
`

// TestRuleFields: each attribute that the setting names is written once, under its own name, where the format has no other one for it.
func TestRuleFields(t *testing.T) {
	const all = "falsepositives,description,references,license,date,modified,related,fields,logsource,x-owner,x-runbooks,x-plan,status,tags,author,id,title,level"
	const (
		rest = `"date":"2026-11-24","modified":"2026-11-25","related":[{"id":"5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b22","type":"similar"}],"fields":["eventName"],` +
			`"logsource":{"product":"aws","service":"cloudtrail"},"x-owner":"012345678901","x-runbooks":["one","two"],"x-plan":{"a":"<b>","z":["1",null]}`
		other = `"id":"5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b12",`
		id    = `"id":"5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11",`
	)
	for format, want := range map[string]string{
		"sigma": `{` + id + `"title":"Stop","level":"high","status":"test","author":"Somebody","tags":["attack.t1562.008","attack.t1078"],"falsepositives":["None"],` +
			`"description":"What it is","references":["https://a.example","https://b.example"],"license":"DRL-1.1",` + rest + `} ` +
			`{` + other + `"title":"Other","level":"low","falsepositives":["None","Some"],"logsource":{"service":"cloudtrail"}}`,
		"ecs": `{` + id + `"level":"high","falsepositives":["None"],` + rest + `,"status":"test"} ` +
			`{` + other + `"level":"low","falsepositives":["None","Some"],"logsource":{"service":"cloudtrail"}}`,
		"flat": `{` + id + `"level":"high"} {` + other + `"level":"low"}`,
	} {
		e := engineFor(t, fullRule, func(s *conf.Settings) { s.RuleFields, s.Format = all, format })
		body := enriched(t, e, stop)
		var entries []string
		for _, v := range body.At("sigma.rules")[0].([]any) {
			entries = append(entries, string(record.AppendJSON(nil, v)))
		}
		if diff := cmp.Diff(strings.Split(want, " {"), strings.Split(strings.Join(entries, " "), " {")); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
		if len(e.IdleRuleFields()) > 0 {
			t.Errorf("no rule has %v", e.IdleRuleFields())
		}
	}
}

// TestRuleFieldsFlat: in the format flat they are lists at the top.
func TestRuleFieldsFlat(t *testing.T) {
	e := engineFor(t, fullRule, func(s *conf.Settings) {
		s.RuleFields, s.Format, s.Key = "falsepositives,references,date,logsource,description,tags,x-owner,x-plan,x-none", "flat", "k"
	})
	body := enriched(t, e, stop)
	for name, want := range map[string]string{
		"k_falsepositives": `["None","Some"]`, "k_references": `["https://a.example","https://b.example"]`, "k_date": `["2026-11-24"]`, "k_description": "",
		"description": `"What it is"`, "k_logsource": `["{\"product\":\"aws\",\"service\":\"cloudtrail\"}","{\"service\":\"cloudtrail\"}"]`,
		"k_tags": `["attack.t1562.008","attack.t1078"]`, "k_x-owner": `["012345678901"]`, "k_x-plan": `["{\"a\":\"<b>\",\"z\":[\"1\",null]}"]`, "k_x-none": "",
	} {
		if got := valuesAt(body, name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if diff := cmp.Diff([]string{"x-none"}, e.IdleRuleFields()); diff != "" {
		t.Error(diff)
	}
}

// TestRevokedTechniques: a technique that ATT&CK has replaced is followed by its successor, if that is wanted; tags stay as they are.
func TestRevokedTechniques(t *testing.T) {
	for choice, ids := range map[string]string{"as_written": `"T1562.008","T1078"`, "both": `"T1562.008","T1685.002","T1078"`} {
		for format, paths := range map[string]map[string]string{
			"sigma": {"sigma.techniques": "[" + ids + "]"},
			"ecs": {
				"threat.technique.subtechnique.id": map[string]string{"as_written": `["T1562.008"]`, "both": `["T1562.008","T1685.002"]`}[choice],
				"threat.technique.id":              map[string]string{"as_written": `["T1562","T1078"]`, "both": `["T1562","T1685","T1078"]`}[choice],
				"tags":                             `["attack.t1562.008","attack.t1078"]`,
			},
			"flat": {
				"sigma_techniques": "[" + ids + "]", "mitre_technique_id": "[" + ids + "]", "annotations.mitre_attack.mitre_technique_id": "[" + ids + "]",
				"sigma_tags": `["attack.t1562.008","attack.t1078"]`,
			},
		} {
			e := engineFor(t, fullRule, func(s *conf.Settings) { s.RevokedTechniques, s.Format = choice, format })
			body := enriched(t, e, stop)
			for path, want := range paths {
				if got := valuesAt(body, path); got != want {
					t.Errorf("%s, %s: %s is %s, not %s", choice, format, path, got, want)
				}
			}
		}
	}
}
