package rules

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

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
	seen := make(map[string]bool)
	for i := 0; i+1 < len(archive.Files); i += 2 {
		in, out := archive.Files[i], &archive.Files[i+1]
		if strings.TrimSuffix(in.Name, ".yml") != strings.TrimSuffix(out.Name, ".out") {
			t.Fatalf("%s is followed by %s", in.Name, out.Name)
		}
		list, problems := Parse(in.Name, in.Data, Options{})
		var b strings.Builder
		for _, p := range problems {
			b.WriteString(p.Excerpt())
			seen[string(p.Code)] = true
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
	src, err := os.ReadFile("code.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`Code = "([a-z-]+)"`).FindAllStringSubmatch(string(src), -1)
	if len(codes) < 30 {
		t.Fatalf("%d codes", len(codes))
	}
	for _, m := range codes {
		if !seen[m[1]] && m[1] != string(DuplicateID) { // that one takes two files: TestLoad
			t.Errorf("no case for the code %s", m[1])
		}
	}
}
