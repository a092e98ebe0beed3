package rules

import (
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// parseOne parses a rule that must be sound.
func parseOne(t *testing.T, src string) *Rule {
	t.Helper()
	list, problems := Parse("rule.yml", []byte(src), Options{})
	if len(problems.Errors()) > 0 || len(list) != 1 {
		t.Fatalf("%d rules, %v", len(list), problems)
	}
	return list[0]
}

func TestParse(t *testing.T) {
	r := parseOne(t, `title: A title
id: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11
name: a_name
status: test
description: >-
  Two
  lines.
license: Apache-2.0
author: Somebody, Somebody Else
date: 2026-11-24
modified: 2026/11/25
references: [https://example.com]
tags:
  - attack.T1078.004
  - attack.initial-access
fields: [eventName]
falsepositives:
  - None
level: Critical
x-own: {anything: goes}
logsource:
  category: c
  product: AWS
  service: cloudtrail
  definition: d
detection:
  sel:
    eventName|startswith|cased:
      - Stop
      - 'Del*'
  keys:
    - one
    - two
  condition: sel or keys
`)
	if diff := cmp.Diff(&Rule{
		Position: Position{"rule.yml", 1, 1}, Title: "A title", ID: "5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11", Name: "a_name", Status: "test",
		Description: "Two lines.", License: "Apache-2.0", Author: "Somebody, Somebody Else", Date: "2026-11-24", Modified: "2026/11/25",
		Level: Critical, Tags: []string{"attack.T1078.004", "attack.initial-access"}, References: []string{"https://example.com"},
		FalsePositives: []string{"None"}, Fields: []string{"eventName"},
		LogSource: LogSource{Category: "c", Product: "AWS", Service: "cloudtrail", Definition: "d"},
	}, &Rule{
		Position: r.Position, Title: r.Title, ID: r.ID, Name: r.Name, Status: r.Status, Description: r.Description, License: r.License,
		Author: r.Author, Date: r.Date, Modified: r.Modified, Level: r.Level, Tags: r.Tags, References: r.References,
		FalsePositives: r.FalsePositives, Fields: r.Fields, LogSource: r.LogSource,
	}); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Attribute{{"x-own", Tree(`{"anything":"goes"}`)}}, r.Custom); diff != "" {
		t.Error(diff)
	}
	if !r.AppliesToCloudTrail() {
		t.Error("does not apply")
	}
	if len(r.Searches) != 2 || r.Searches[0].Name != "sel" || len(r.Searches[1].Groups[0].Items[0].Values) != 2 {
		t.Fatalf("%+v", r.Searches)
	}
	item := r.Searches[0].Groups[0].Items[0]
	if item.Field != "eventName" || item.Op != StartsWith || !item.Cased || item.Position != (Position{"rule.yml", 28, 5}) {
		t.Errorf("%+v", item)
	}
}

func TestCollection(t *testing.T) {
	list, problems := Parse("c.yml", []byte(`action: global
title: Shared
id: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11
level: low
logsource: {product: aws, service: cloudtrail}
detection:
  a:
    eventName: A
  condition: a
---
detection:
  a:
    errorCode: null
---
title: Own
logsource: {service: guardduty}
---
action: repeat
detection:
  a:
    eventName: B
  b: {c: 1}
  condition: a and b
---
action: reset
---
title: Alone
level: high
logsource: {service: cloudtrail}
detection:
  x: {y: 1}
  condition: x
`), Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var got []string
	for _, r := range list {
		text := r.Title + " " + r.LogSource.Product + "/" + r.LogSource.Service + " " + r.Level.String() + ":"
		for _, s := range r.Searches {
			for _, i := range s.Groups[0].Items {
				text += " " + s.Name + "." + i.Field + "=" + i.Values[0].Text
			}
		}
		got = append(got, text+" "+r.Conditions[0].String())
	}
	want := []string{
		"Shared aws/cloudtrail low: a.eventName=A a.errorCode=null a",
		"Own aws/guardduty low: a.eventName=A a",
		"Own aws/guardduty low: a.eventName=B b.c=1 a and b",
		"Alone /cloudtrail high: x.y=1 x",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	dir := folder(t, map[string]string{"c.yml": "action: global\n" + rule(idA, "T") + "---\ntitle: A\n---\ntitle: B\n"})
	if set, err := Load(dir, nil, Options{}); err != nil || len(set.Rules) != 2 || len(set.Problems) > 0 {
		t.Errorf("rules of a collection may share an id: %v %v", set.Problems, err)
	}
}

func TestAppliesToCloudTrail(t *testing.T) {
	for _, test := range []struct {
		source LogSource
		want   bool
	}{
		{LogSource{Product: "aws", Service: "cloudtrail"}, true},
		{LogSource{Product: "aws"}, true},
		{LogSource{Product: "AWS", Service: "CloudTrail"}, true},
		{LogSource{Service: "cloudtrail"}, true},
		{LogSource{Product: "aws", Service: "guardduty"}, false},
		{LogSource{Product: "windows"}, false},
		{LogSource{Product: "gcp", Service: "cloudtrail"}, false},
		{LogSource{Category: "proxy"}, false},
	} {
		if got := (&Rule{LogSource: test.source}).AppliesToCloudTrail(); got != test.want {
			t.Errorf("%+v: %v", test.source, got)
		}
	}
}

// TestConditionString holds how conditions bind, by their text with all parentheses.
func TestConditionString(t *testing.T) {
	searches := []*Search{{Name: "a"}, {Name: "b"}, {Name: "sel_c"}, {Name: "sel_d"}, {Name: "not_x"}}
	for text, want := range map[string]string{
		"a":                           "a",
		"a and b or sel_c":            "(a and b) or sel_c",
		"a or b and sel_c":            "a or (b and sel_c)",
		"not a and b":                 "not a and b",
		"not (a or b)":                "not (a or b)",
		"a and not not b":             "a and not not b",
		"not_x":                       "not_x",
		"((a))":                       "a",
		"1 of sel_*":                  "1 of sel_*",
		"all of them and not 1 of a*": "all of them and not 1 of a*",
		"a\n  and\tb":                 "a and b",
	} {
		c, _, err := parseCondition(text, searches)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := c.String(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestConditionDepth: parentheses nested deeper than any person writes are an error, not the end of the stack.
func TestConditionDepth(t *testing.T) {
	for _, text := range []string{strings.Repeat("(", 100_000) + "a" + strings.Repeat(")", 100_000), strings.Repeat("not ", 100_000) + "a"} {
		if _, _, err := parseCondition(text, []*Search{{Name: "a"}}); err == nil {
			t.Error("no error")
		}
	}
}

func TestDecimal(t *testing.T) {
	for text, canonical := range map[string]string{
		"0": "0", "-0": "0", "0.0": "0", "22": "22", "+22": "22", "22.0": "22", "0022": "22", "2.20e1": "22", "1.10": "1.1", ".5": "0.5", "5.": "5",
		"-1e2": "-100", "1e-3": "0.001", "123456789012345678901234567890": "123456789012345678901234567890",
	} {
		if got, ok := ParseDecimal(text).Canonical(); !ok || got != canonical {
			t.Errorf("%s: %s %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "-", ".", "1e", "e1", "1.2.3", "0x10", "1 ", "one", "--1", "1e99999999999", "NaN", "Inf", "1_000"} {
		if d := ParseDecimal(text); d.Valid {
			t.Errorf("%q is %+v", text, d)
		}
	}
	if _, ok := ParseDecimal("1e100").Canonical(); ok {
		t.Error("a hundred zeros")
	}
}

// TestDecimalOrder compares with exact rational numbers.
func TestDecimalOrder(t *testing.T) {
	number := rapid.StringMatching(`-?[0-9]{1,25}(\.[0-9]{1,10})?([eE][+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		if got, want := ParseDecimal(a).Compare(ParseDecimal(b)), x.Cmp(y); got != want {
			t.Fatalf("%s and %s: %d, want %d", a, b, got, want)
		}
	})
}

func TestParsePattern(t *testing.T) {
	lit := func(text string) Part { return Part{Literal: text} }
	star, one := Part{Wildcard: Any}, Part{Wildcard: One}
	for text, want := range map[string]Pattern{
		`a*b?`:   {lit("a"), star, lit("b"), one},
		`a\*b`:   {lit("a*b")},
		`a\\*b`:  {lit(`a\`), star, lit("b")},
		`a\\\*b`: {lit(`a\*b`)},
		`a\b`:    {lit(`a\b`)},
		`a\\b`:   {lit(`a\b`)},
		`a\`:     {lit(`a\`)},
		`\?`:     {lit("?")},
		`*`:      {star},
		``:       nil,
	} {
		if diff := cmp.Diff(want, ParsePattern(text)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// FuzzParse holds that no bytes crash the parser, that a rule with an error is not returned, and that places are inside the file.
func FuzzParse(f *testing.F) {
	archive, err := os.ReadFile("testdata/problems.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for part := range strings.SplitSeq(string(archive), "-- ") {
		if _, src, ok := strings.Cut(part, ".yml --\n"); ok {
			f.Add([]byte(src))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		list, problems := Parse("f.yml", src, Options{})
		lines := 1
		for _, end := range []string{"\n", "\r", "\u0085", "\u2028", "\u2029"} { // all end a line in YAML
			lines += strings.Count(string(src), end)
		}
		for _, p := range problems {
			if p.Line < 0 || p.Line > lines+1 || (utf8.Valid(src) && p.Column < 0) {
				t.Fatalf("%s is outside the %d lines", p, lines)
			}
			_ = p.Excerpt()
		}
		for _, r := range list {
			if len(r.Conditions) == 0 || r.Title == "" {
				t.Fatalf("a sound rule without condition or title: %+v", r)
			}
		}
	})
}

// FuzzCondition holds that a condition, written out and read again, is the same.
func FuzzCondition(f *testing.F) {
	searches := []*Search{{Name: "a"}, {Name: "b"}, {Name: "sel_c"}, {Name: "sel_d"}, {Name: "_e"}}
	for _, seed := range []string{"a and not (b or sel_c)", "1 of sel_* or all of them", "not not a", "a AND b", "any of *_c", "((a) or b) and b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, _, err := parseCondition(text, searches)
		if err != nil {
			return
		}
		again, _, err := parseCondition(c.String(), searches)
		if err != nil || again.String() != c.String() {
			t.Fatalf("%q is %q, then %v, error %v", text, c, again, err)
		}
		if diff := cmp.Diff(c, again); diff != "" {
			t.Fatalf("%q: %s", text, diff)
		}
	})
}

// TestSigmaHQ reads every rule of SigmaHQ: those about CloudTrail all load, and of the others none is rejected for anything but what this
// version says that it does not evaluate.
func TestSigmaHQ(t *testing.T) {
	dir := "../../shared/data/rules/sigmahq"
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("skipped: %s is not there", dir)
	}
	cloudtrail, err := Load(filepath.Join(dir, "rules/cloud/aws/cloudtrail"), nil, Options{})
	if err != nil || len(cloudtrail.Rules) != 57 || len(cloudtrail.Problems) != 0 {
		t.Fatalf("%d rules, %v, error %v", len(cloudtrail.Rules), cloudtrail.Problems, err)
	}
	all, err := Load(dir, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if all.Files != 3779 || len(all.Rules) != 57 || len(all.Rules)+len(all.NotApplicable)+all.Rejected != 3779 {
		t.Errorf("%d files: %d rules, %d not applicable, %d rejected", all.Files, len(all.Rules), len(all.NotApplicable), all.Rejected)
	}
	for _, p := range all.Problems {
		if p.Code != UnresolvedPlaceholder {
			t.Error(p)
		}
	}
	src, err := os.ReadFile("../testdata/placeholders.yml")
	if err != nil {
		t.Fatal(err)
	}
	values, err := ParsePlaceholders("placeholders.yml", src)
	if err != nil {
		t.Fatal(err)
	}
	if all, err = Load(dir, nil, Options{Placeholders: values}); err != nil || len(all.Problems) != 0 || all.Rejected != 0 {
		t.Errorf("with placeholders: %d rejected, %v, %v", all.Rejected, all.Problems, err)
	}
}

// TestSigmaHQUnsupported: rules that SigmaHQ has set aside because they need correlations are answered with the correlation rule to write.
func TestSigmaHQUnsupported(t *testing.T) {
	dir := "../../shared/data/rules/sigmahq-unsupported"
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("skipped: %s is not there", dir)
	}
	set, err := Load(dir, nil, Options{})
	if err != nil || set.Files != 8 || set.Rejected != 8 {
		t.Fatalf("%d files, %d rejected, %v", set.Files, set.Rejected, err)
	}
	for _, p := range set.Problems.Errors() {
		if !strings.Contains(p.Hint, "correlation:") {
			t.Errorf("%s: %s", p, p.Hint)
		}
	}
}
