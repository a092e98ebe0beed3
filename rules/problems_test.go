package rules

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"sigmatrail/internal/codepage"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestProblems holds what is said of each bad rule, and that every code has a case.
func TestProblems(t *testing.T) {
	const golden = "testdata/problems.txtar"
	archive, err := txtar.ParseFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	taxonomies := Taxonomies{"acme": {"action": "eventName", "request.": "requestParameters."}}
	placeIn := func(field string) Place {
		if strings.HasPrefix(field, "requestParameters.") {
			return Detached
		}
		return map[string]Place{"userIdentity.identityProvider": Nowhere, "errorMessage": Sparse}[field]
	}
	examples := make(map[string]string) // by code: a rule and what is said of it
	for i := 0; i+1 < len(archive.Files); i += 2 {
		in, out := archive.Files[i], &archive.Files[i+1]
		if strings.TrimSuffix(in.Name, ".yml") != strings.TrimSuffix(out.Name, ".out") {
			t.Fatalf("%s is followed by %s", in.Name, out.Name)
		}
		list, problems := Parse(in.Name, in.Data, Options{Taxonomies: taxonomies, Form: &Form{Name: "ecs", Place: placeIn}})
		var b strings.Builder
		for _, p := range problems {
			b.WriteString(p.Excerpt())
			if _, taken := examples[string(p.Code)]; !taken {
				examples[string(p.Code)] = p.Excerpt()
			}
		}
		for _, r := range list {
			fmt.Fprintf(&b, "sound: %s\n", r.Position)
		}
		if *update {
			out.Data = []byte(b.String())
			continue
		}
		if diff := cmp.Diff(string(out.Data), b.String()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", in.Name, diff)
		}
	}
	if *update {
		if err := os.WriteFile(golden, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range loadProblems(t) {
		examples[string(p.Code)] = p.Excerpt()
	}
	checkPage(t, examples)
}

// loadProblems returns the problems that only several files together have, as examples of their codes.
func loadProblems(t *testing.T) Problems {
	t.Helper()
	sound := rule(idA, "Console Sign-In Failed")
	set := ParseFiles([]File{
		{Name: "a.yml", Text: []byte(sound)},
		{Name: "b.yml", Text: []byte(sound)},
		{Name: "c.yml", Text: []byte("title: T\ncorrelation:\n  type: temporal\n  rules: [brute_force, brute_farce]\n  group-by: [userIdentity.arn]\n  timespan: 5m\n")},
		{Name: "d.yml", Text: []byte("title: T\ncorrelation:\n  type: temporal\n  rules: [Console Sign-In Failed]\n  group-by: [userIdentity.arn]\n  timespan: 5m\n")},
		{Name: "e.yml", Text: []byte("title: Sign-Ins\nname: windows\nlogsource: {product: windows}\ndetection: {a: {EventID: 4625}, condition: a}\n" +
			"---\ntitle: T\ncorrelation:\n  type: event_count\n  rules: [windows]\n  group-by: [userIdentity.arn]\n  timespan: 5m\n  condition: {gte: 10}\n")},
		{Name: "g.yml", Text: []byte("title: Root Key Created\nname: root_key\nlevel: high\nlogsource: {product: aws, service: cloudtrail}\ndetection: {a: {eventName: CreateAccessKey}, condition: a}\n" +
			"---\ntitle: T\ncorrelation:\n  type: event_count\n  rules: [root_key]\n  group-by: [userIdentity.arn]\n  timespan: 5m\n  condition: {gte: 10}\n")},
		{Name: "f.yml", Text: []byte("title: T\nlogsource: {product: aws}\nfilter:\n  rules: " + idB + "\n  a: {userIdentity.userName: backup}\n  condition: not a\n")},
	}, Options{})
	only := map[Code]bool{DuplicateID: true, CorrelationReference: true, CorrelationTitle: true, FilterTarget: true, CorrelationSilences: true, CorrelationStarved: true}
	list := slices.DeleteFunc(set.Problems, func(p Problem) bool { return !only[p.Code] })
	if len(list) != 7 {
		t.Fatalf("%d problems: %v", len(list), list)
	}
	for _, p := range list {
		if p.Source == "" {
			t.Errorf("no line: %v", p)
		}
	}
	return list
}

// checkPage holds the first part of docs/diagnostics.md against the codes and their first examples; package awslint holds the second.
func checkPage(t *testing.T, examples map[string]string) {
	t.Helper()
	const page, second = "../docs/diagnostics.md", "\n# What is wrong with a rule about CloudTrail\n"
	sections, n := codepage.Sections(t, examples)
	if n < 30 {
		t.Fatalf("%d codes", n)
	}
	var b strings.Builder
	b.WriteString("# What is wrong with a rule\n\nEvery problem has a code that never changes its meaning. Errors reject the rule, warnings do not. `sigmatrail check` " +
		"lists the problems\nof all files in one run. This page is made by `go test ./rules -update` from the codes and their tests; its\n[second part](#what-is-wrong-with-a-rule-about-cloudtrail) is about what is known of AWS.\n")
	b.WriteString(sections)
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, behind, _ := strings.Cut(string(got), second)
	if *update {
		before = b.String()
		if err := os.WriteFile(page, []byte(before+second+behind), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(b.String(), before); diff != "" {
		t.Errorf("%s is stale: run go test ./rules -update\n%.2000s", page, diff)
	}
}
