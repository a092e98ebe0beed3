package rules

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCorrelation(t *testing.T) {
	f := parseFile("c.yml", []byte(`title: Many
id: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b13
name: many
level: high
tags: [attack.t1110]
correlation:
  type: value_percentile
  rules: [one, two]
  group-by: [who, awsRegion]
  aliases:
    who: {one: userIdentity.arn, two: requestParameters.userName}
  timespan: 1d
  condition: {gt: 1, lte: 5.5, field: [eventName], percentile: 99}
generate: true
---
title: Then
correlation:
  type: temporal_ordered
  rules: one
  group-by: a
  timespan: 90m
  condition: one and not one
`), Options{})
	if len(f.problems.Errors()) > 0 || len(f.correlations) != 2 {
		t.Fatal(f.problems)
	}
	c := f.correlations[0]
	c.Rules[0].Position, c.Rules[1].Position = Position{}, Position{}
	want := &Correlation{
		Rule: &Rule{Position: Position{"c.yml", 1, 1}, Title: "Many", ID: idC, Name: "many", Tags: []string{"attack.t1110"}, Level: High}, HasLevel: true,
		Type: "value_percentile", Rules: []Target{{Name: "one"}, {Name: "two"}}, GroupBy: []string{"who", "awsRegion"},
		Aliases:  []FieldAlias{{Name: "who", Fields: []AliasField{{"one", "userIdentity.arn"}, {"two", "requestParameters.userName"}}}},
		Timespan: 24 * time.Hour, Bounds: []Bound{{"gt", ParseDecimal("1")}, {"lte", ParseDecimal("5.5")}}, Fields: []string{"eventName"},
		Percentile: ParseDecimal("99"), Generate: true,
		Named: map[string]Position{
			"awsRegion": {"c.yml", 9, 19}, "userIdentity.arn": {"c.yml", 11, 16}, "requestParameters.userName": {"c.yml", 11, 39}, "eventName": {"c.yml", 13, 40},
		},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	then := f.correlations[1]
	if then.HasLevel || then.Timespan != 90*time.Minute || then.Expression.String() != "one and not one" || len(then.Rules) != 1 {
		t.Errorf("%+v", then)
	}
}

// TestNames: a correlation with an id that is taken is rejected, and a name that stands for two rules draws a warning.
func TestNames(t *testing.T) {
	correlation := "title: C\nid: " + strings.ToUpper(idA) + "\nlevel: low\ncorrelation:\n  type: temporal\n  rules: [the_name]\n  group-by: [a]\n  timespan: 5m\n"
	set, err := Load(folder(t, map[string]string{
		"a.yml": "name: the_name\n" + rule(idA, "A"), "b.yml": "name: the_name\n" + rule(idB, "B"), "c.yml": correlation, "d.yml": strings.Replace(correlation, strings.ToUpper(idA), idC, 1),
	}), nil, Options{})
	var got []string
	for _, p := range set.Problems {
		if p.Code == DuplicateID {
			got = append(got, fmt.Sprintf("%s %s", filepath.Base(p.File), p.Severity))
		}
	}
	if err != nil || len(set.Correlations) != 1 || set.Rejected != 1 || strings.Join(got, ", ") != "b.yml warning, c.yml error" {
		t.Errorf("%d correlations, %d rejected, %v %v", len(set.Correlations), set.Rejected, got, err)
	}
}

func TestReferences(t *testing.T) {
	correlation := func(name string, refs ...string) string {
		return fmt.Sprintf("title: C %s\nname: %s\nlevel: low\ncorrelation:\n  type: temporal\n  rules: [%s]\n  group-by: [a]\n  timespan: 5m\n", name, name, strings.Join(refs, ", "))
	}
	for _, test := range []struct {
		name  string
		files []string
		sound int
		codes []Code
	}{
		{"by id", []string{correlation("c", strings.ToUpper(idA))}, 1, nil},
		{"by name", []string{correlation("c", "the_name")}, 1, nil},
		{"by title", []string{correlation("c", "A")}, 1, []Code{CorrelationTitle}},
		{"missing", []string{correlation("c", "none")}, 0, []Code{CorrelationReference}},
		{"a chain", []string{correlation("c", "the_name"), correlation("d", "c", "the_name")}, 2, nil},
		{"a chain to what is missing", []string{correlation("c", "none"), correlation("d", "c")}, 0, []Code{CorrelationReference, CorrelationReference}},
		{"itself", []string{correlation("c", "c", "the_name")}, 0, []Code{CorrelationReference}},
		{"a circle", []string{correlation("c", "d"), correlation("d", "c"), correlation("e", "the_name")}, 1, []Code{CorrelationReference, CorrelationReference}},
	} {
		files := map[string]string{"r.yml": "name: the_name\n" + rule(idA, "A")}
		for i, text := range test.files {
			files[fmt.Sprintf("c%d.yml", i)] = text
		}
		set, err := Load(folder(t, files), nil, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var codes []Code
		for _, p := range set.Problems {
			codes = append(codes, p.Code)
		}
		if len(set.Correlations) != test.sound || set.Rejected != len(test.files)-test.sound || strings.Join(strs(codes), " ") != strings.Join(strs(test.codes), " ") {
			t.Errorf("%s: %d sound, %d rejected, %v", test.name, len(set.Correlations), set.Rejected, set.Problems)
		}
	}
}
