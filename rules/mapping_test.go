package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseFieldMappings(t *testing.T) {
	got, err := ParseFieldMappings("f.yml", []byte(`# Ours.
base: ecs
records:
  eventName: act
  requestParameters.*: [params.*, 'old.params.*']
  userIdentity.type: [who.type]
taxonomies:
  acme:
    action: eventName
    request.*: requestParameters.*
  raw: {'*': '*'}
`))
	want := FieldMappings{
		Base: "ecs",
		Records: map[string][]string{
			"eventName": {"act"}, "requestParameters.": {"params.", "old.params."}, "requestParameters": {"params", "old.params"},
			"userIdentity.type": {"who.type"},
		},
		Taxonomies: Taxonomies{
			"acme": {"action": "eventName", "request.": "requestParameters.", "request": "requestParameters"},
			"raw":  {"": ""},
		},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if got, err := ParseFieldMappings("f.yml", []byte("records: {'*': ct.*}")); err != nil || len(got.Records) != 1 || !got.MapsRecords() {
		t.Errorf("%v %v", got, err)
	}
	if got, err := ParseFieldMappings("f.yml", []byte("taxonomies: {a: {b: c}}")); err != nil || got.MapsRecords() {
		t.Errorf("%v %v", got, err)
	}
}

// TestFieldMappingMistakes: every mistake is named with its place, all at once.
func TestFieldMappingMistakes(t *testing.T) {
	f := func(src string, want ...string) {
		t.Helper()
		_, err := ParseFieldMappings("f.yml", []byte(src))
		if err == nil {
			t.Fatalf("no error in %s", src)
		}
		if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
			t.Errorf("%s\n%s", src, diff)
		}
	}
	const empty = "f.yml:1:1: the file maps nothing; it has base, records or taxonomies (missing-field)"
	f("", empty)
	f("# nothing\n", empty)
	f("base: cloudtrail", empty)
	f("records: {}", empty)
	f("[a]", "f.yml:1:1: field mappings must be a map of base, records and taxonomies (wrong-type)")
	f("base: ecs\n---\nbase: ecs\n", "f.yml:3:1: a file of field mappings is one document (wrong-type)")
	f("a: b: c", "f.yml:1:1: not YAML: mapping values are not allowed in this context (yaml-syntax)")
	f("record: {a: b}\nbase: ocsf\ntaxonomies: [x]\nother: 1\nrecords: x\n",
		`f.yml:1:1: a file of field mappings has no "record" (attribute-unknown); did you mean "records"?`,
		`f.yml:2:7: "ocsf" is no built-in mapping (value-invalid); use one of cloudtrail, ecs`,
		`f.yml:3:13: taxonomies must be a map of names, each a map of its fields and CloudTrail's (wrong-type)`,
		`f.yml:4:1: a file of field mappings has no "other" (attribute-unknown); it has base, records, taxonomies`,
		`f.yml:5:10: records must be a map of CloudTrail's fields and paths (wrong-type)`)
	f("records:\n  eventName: a\n  eventNam: b\n",
		`f.yml:2:3: nothing maps eventSource, without which no record is found (missing-field); add eventSource: PATH, or base: ecs`)
	f("records:\n  '*': '*'\n  a.*: b\n  c: d.*\n  e: [[f]]\n  g: []\n  h: null\n  i*: j\n  k: l..m\n  n.: o\n  '': p\n  q: ' r'\n",
		`f.yml:3:8: "a.*" and "b" must both end in .*, or neither (field-invalid)`,
		`f.yml:4:6: "c" and "d.*" must both end in .*, or neither (field-invalid)`,
		`f.yml:5:7: "e" must be mapped to a text, the name of a field (wrong-type)`,
		`f.yml:6:6: there is no path for "g" (selection-empty)`,
		`f.yml:7:6: "h" must be mapped to a text, the name of a field (wrong-type)`,
		`f.yml:8:3: "i*" is no name of a field (field-invalid); write NAME, NAME.INNER, or NAME.* for every field below`,
		`f.yml:9:6: "l..m" is no name of a field (field-invalid); write NAME, NAME.INNER, or NAME.* for every field below`,
		`f.yml:10:3: "n." is no name of a field (field-invalid); write NAME, NAME.INNER, or NAME.* for every field below`,
		`f.yml:11:3: "" is no name of a field (field-invalid); write NAME, NAME.INNER, or NAME.* for every field below`,
		`f.yml:12:6: " r" is no name of a field (field-invalid); write NAME, NAME.INNER, or NAME.* for every field below`)
	f("taxonomies:\n  sigma: {a: b}\n  acme: [a]\n  none: {}\n  list: {a: [b, c]}\n",
		`f.yml:2:3: "sigma" cannot be mapped: rules without a taxonomy use CloudTrail's own names (taxonomy-unknown)`,
		`f.yml:3:9: the taxonomy "acme" must be a map of its fields and CloudTrail's (wrong-type)`,
		`f.yml:4:9: the taxonomy "none" must be a map of its fields and CloudTrail's (wrong-type)`,
		`f.yml:5:13: "a" must be mapped to a text, the name of a field (wrong-type)`)
}

// TestTaxonomy: fields, those of fieldref, and those that correlations group by are renamed.
func TestTaxonomy(t *testing.T) {
	o := Options{Taxonomies: Taxonomies{"acme": {"action": "eventName", "request.": "requestParameters.", "caller": "userIdentity.arn"}}}
	f := parseFile("t.yml", []byte(`title: T
level: low
taxonomy: acme
logsource: {product: aws, service: cloudtrail}
detection:
  a:
    action|startswith: Stop
    request.name|fieldref: caller
  b: [action, other]
  condition: a and b
---
title: C
level: low
taxonomy: acme
correlation:
  type: value_count
  rules: [x]
  group-by: [who, caller]
  aliases:
    who: {x: request.user}
  timespan: 1h
  condition: {gte: 2, field: request.id}
---
title: F
taxonomy: acme
logsource: {product: aws, service: cloudtrail}
filter:
  rules: any
  s: {caller: x}
  condition: not s
---
title: N
level: low
taxonomy: sigma
logsource: {product: aws, service: cloudtrail}
detection:
  a: {action: x}
  condition: a
`), o)
	if len(f.problems.Errors()) > 0 || len(f.rules) != 2 || len(f.correlations) != 1 || len(f.filters) != 1 {
		t.Fatalf("%v", f.problems)
	}
	items := f.rules[0].Searches[0].Groups[0].Items
	words := f.rules[0].Searches[1].Groups[0].Items[0]
	c := f.correlations[0]
	got := []string{
		items[0].Field, items[1].Field, items[1].Values[0].Text, words.Field, words.Values[0].Text, strings.Join(c.GroupBy, " "), c.Aliases[0].Fields[0].Field,
		strings.Join(c.Fields, " "), f.filters[0].Searches[0].Groups[0].Items[0].Field, f.rules[1].Searches[0].Groups[0].Items[0].Field,
	}
	want := []string{
		"eventName", "requestParameters.name", "userIdentity.arn", "", "action", "who userIdentity.arn", "requestParameters.user", "requestParameters.id",
		"userIdentity.arn", "action",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
