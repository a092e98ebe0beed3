package ruletest

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const (
	soundRule = "title: T\nid: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\n" +
		"detection:\n  a:\n    eventName: A\n    n: 1.50\n  condition: a\n"
	hits   = "- event: {eventVersion: '1', eventSource: s, eventName: A, n: 1.50}\n  hit: true\n"
	misses = "- event: {eventVersion: '1', eventSource: s, eventName: B, n: null}\n  hit: false\n"
)

func TestRun(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"sound", map[string]string{"a.yml": soundRule, "a.test.yml": hits + misses}, nil},
		{
			"wrong verdicts",
			map[string]string{"a.yml": soundRule, "a.test.yml": strings.ReplaceAll(hits, "true", "false") + "- name: b\n " + strings.ReplaceAll(misses, "false", "true")[1:]},
			[]string{"a.test.yml:1:3: case 1: must not hit and does", "a.test.yml:3:3: b: must hit and does not"},
		},
		{"one kind only", map[string]string{"a.yml": soundRule, "a.test.yml": hits}, []string{"a.test.yml: 1 cases that must hit and 0 that must not: both kinds are needed"}},
		{"a rule without tests", map[string]string{"a.yml": soundRule}, []string{"a.yml: there is no a.test.yml beside it"}},
		{"tests without a rule", map[string]string{"b.test.yml": hits + misses}, []string{"b.test.yml: there is no b.yml beside it"}},
		{"a bad rule", map[string]string{"a.yml": strings.Replace(soundRule, "eventName:", "eventName|contans:", 1), "a.test.yml": misses + hits}, []string{
			`a.yml:7:5: Sigma has no modifier "contans" (modifier-unknown)`, "a.test.yml:3:3: case 2: must hit and does not",
		}},
		{
			"no CloudTrail record",
			map[string]string{"a.yml": soundRule, "a.test.yml": hits + misses + "- {event: {a: 1}, hit: false}\n"},
			[]string{"a.test.yml:5:3: case 3: the event is no CloudTrail record: it has no eventName with an eventSource"},
		},
		{
			"unknown key",
			map[string]string{"a.yml": soundRule, "a.test.yml": hits + misses + "- {evnt: {a: 1}, hit: false}\n"},
			[]string{`a.test.yml:5:4: case 3: "evnt" is not known; a case has name, event and hit`},
		},
		{"no verdict", map[string]string{"a.yml": soundRule, "a.test.yml": hits + misses + "- {event: {a: 1}}\n- {event: [], hit: true}\n- 7\n- {event: {}, hit: perhaps}\n"}, []string{
			"a.test.yml:5:3: case 3: must have an event, a map, and hit, true or false",
			"a.test.yml:6:3: case 4: must have an event, a map, and hit, true or false",
			"a.test.yml:7:3: case 5: must be a map of event and hit",
			"a.test.yml:8:3: case 6: must have an event, a map, and hit, true or false",
		}},
		{"no list", map[string]string{"a.yml": soundRule, "a.test.yml": "event: {}\n"}, []string{
			"a.test.yml: must be a list of {event: …, hit: true|false}", "a.test.yml: 0 cases that must hit and 0 that must not: both kinds are needed",
		}},
	} {
		pack := make(fstest.MapFS)
		for name, text := range test.files {
			pack[name] = &fstest.MapFile{Data: []byte(text)}
		}
		report, err := Run(pack)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var got []string
		for _, f := range report.Failures {
			got = append(got, f.String())
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestJSON: events keep what JSON would have: numbers as they are written, texts that look like numbers, the order and duplicates of keys.
func TestJSON(t *testing.T) {
	cases, failures := parseCases("f", []byte("- hit: true\n  event:\n    b: 1.50\n    a: '1.50'\n    c: [~, true, No, 0x10, 2026-11-24, .5, {}]\n    b: x\n"))
	const want = `{"b":1.50,"a":"1.50","c":[null,true,"No","0x10","2026-11-24",".5",{}],"b":"x"}`
	if len(failures) > 0 || len(cases) != 1 || string(cases[0].event) != want {
		t.Errorf("%v %s", failures, cases[0].event)
	}
	if _, failures := parseCases("f", []byte("- hit: true\n  event: {a: &x 1, b: *x}\n")); len(failures) != 1 {
		t.Errorf("an alias: %v", failures)
	}
}
