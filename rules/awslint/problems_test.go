package awslint

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"sigmatrail/internal/codepage"
	"sigmatrail/rules"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestProblems holds what is said of rules with each mistake, that nothing is said of what comes near it, and that every code has both.
func TestProblems(t *testing.T) {
	const golden = "testdata/problems.txtar"
	archive, err := txtar.ParseFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	examples := make(map[string]string)
	if len(archive.Files)%3 != 0 {
		t.Fatalf("%d files: each code has CODE.yml, CODE.out and CODE.near.yml", len(archive.Files))
	}
	for i := 0; i < len(archive.Files); i += 3 {
		in, out, near := archive.Files[i], &archive.Files[i+1], archive.Files[i+2]
		code, _ := strings.CutSuffix(in.Name, ".yml")
		if out.Name != code+".out" || near.Name != code+".near.yml" {
			t.Fatalf("%s is followed by %s and %s", in.Name, out.Name, near.Name)
		}
		for _, p := range check(t, near.Name, string(near.Data)) {
			t.Errorf("near: %s", p.Excerpt())
		}
		var b strings.Builder
		for _, p := range check(t, in.Name, string(in.Data)) {
			b.WriteString(p.Excerpt())
			if string(p.Code) == code && examples[code] == "" {
				examples[code] = p.Excerpt()
			}
		}
		if *update {
			out.Data = []byte(b.String())
		} else if diff := cmp.Diff(string(out.Data), b.String()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", in.Name, diff)
		}
	}
	if *update {
		if err := os.WriteFile(golden, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	checkPage(t, examples)
}

// check returns what is to be said of rules that are otherwise sound.
func check(t *testing.T, name, text string) rules.Problems {
	t.Helper()
	files := []rules.File{{Name: name, Text: []byte(text)}}
	set := rules.ParseFiles(files, rules.Options{})
	if len(set.Problems) > 0 || len(set.Rules) == 0 {
		t.Fatalf("%d rules, %v", len(set.Rules), set.Problems)
	}
	problems, err := Check(set, files)
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

// checkPage holds the second part of docs/diagnostics.md against the codes and their first examples; package rules holds the first.
func checkPage(t *testing.T, examples map[string]string) {
	t.Helper()
	const page, part = "../../docs/diagnostics.md", "\n# What is wrong with a rule about CloudTrail\n"
	sections, n := codepage.Sections(t, examples)
	if n != len(codes())+1 {
		t.Fatalf("%d codes, of which check has %d beside ignore-unknown", n, len(codes()))
	}
	var b strings.Builder
	b.WriteString(part + "\n`sigmatrail check` holds rules that apply to CloudTrail against what is known of AWS and of its records as well. All of this are warnings, or notes\n" +
		"(info) that leave the exit status alone: tables are never complete. A comment anywhere in a rule's document keeps them away from it:\n\n" +
		"```yaml\neventName: MadeUpByUs  # sigmatrail:ignore aws-event-unknown, aws-field-unknown\n```\n\n" +
		"This part is made by `go test ./rules/awslint -update`.\n")
	b.WriteString(sections)
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, after, _ := strings.Cut(string(got), part)
	if *update {
		after = b.String()[len(part):]
		if err := os.WriteFile(page, []byte(before+part+after), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(b.String(), part+after); diff != "" {
		t.Errorf("%s is stale: run go test ./rules/awslint -update\n%.2000s", page, diff)
	}
}
