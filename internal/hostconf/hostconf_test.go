package hostconf

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigmatrail/internal/codepage"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestProblems holds what is said of each configuration in testdata/problems, and that every code has a case. The first file of a case is the
// configuration, env is the environment, want what is said.
func TestProblems(t *testing.T) {
	cases, err := filepath.Glob("testdata/problems/*.txtar")
	if err != nil || len(cases) < 20 {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	examples := make(map[string]string) // by code
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { problemsOf(t, name, examples) })
	}
	checkPage(t, examples)
}

func problemsOf(t *testing.T, name string, examples map[string]string) {
	t.Helper()
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	golden, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	env := make(map[string]string)
	var want *txtar.File
	for i := range archive.Files {
		f := &archive.Files[i]
		switch f.Name {
		case "want":
			want = f
			continue
		case "env":
			for line := range strings.Lines(string(f.Data)) {
				key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
				env[key] = value
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(f.Name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.Name, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	report := Check(archive.Files[0].Name, func(name string) string { return env[name] })
	var b strings.Builder
	for _, p := range report.Problems {
		b.WriteString(p.Excerpt())
		if _, taken := examples[string(p.Code)]; !taken {
			examples[string(p.Code)] = p.Excerpt()
		}
	}
	fmt.Fprintf(&b, "%d files, %d sections\n", report.Files, report.Sections)
	if *update {
		want.Data = []byte(b.String())
		if err := os.WriteFile(golden, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want.Data), b.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// checkPage holds docs/configuration.md to the codes and their cases.
func checkPage(t *testing.T, examples map[string]string) {
	t.Helper()
	const page = "../../docs/configuration.md"
	sections, n := codepage.Sections(t, examples)
	if n < 15 {
		t.Fatalf("%d codes", n)
	}
	var b strings.Builder
	b.WriteString("# What is wrong with a configuration\n\n`sigmatrail check --conf FILE` reads a configuration of Fluent Bit with what it includes, and checks what is ours in it: filters, " +
		"processors\nand outputs named sigma, and who asks for what they write. Problems of the rules are in [diagnostics.md](diagnostics.md). Every problem has a code " +
		"that never changes its\nmeaning. This page is made by `go test ./internal/hostconf -update` from the codes and their tests.\n")
	b.WriteString(sections)
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), string(got)); diff != "" {
		t.Errorf("%s is stale: run go test ./internal/hostconf -update\n%.2000s", page, diff)
	}
}

// TestShipped: there is nothing to say of the configurations that come with the project, once what they ask the environment for is there.
func TestShipped(t *testing.T) {
	files, err := filepath.Glob("../../conf/fluent-bit/*")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, file := range files {
		if name := filepath.Base(file); strings.HasPrefix(name, "parsers") || strings.HasSuffix(name, "-receiver.yaml") { // nothing of ours in them
			continue
		}
		checked++
		report := Check(file, func(name string) string {
			return map[string]string{"SIGMA_RULES": "builtin", "HOSTNAME": "", "SIGMA_RECEIVER": "h", "SIGMA_PORT": "24224", "SIGMA_SHARED_KEY": "k"}[name]
		})
		for _, p := range report.Problems {
			t.Error(p)
		}
		if report.Sections == 0 {
			t.Errorf("%s has no sigma", file)
		}
	}
	if checked == 0 {
		t.Error("there are none")
	}
}

func TestExpand(t *testing.T) {
	e := newEnvironment(func(name string) string { return map[string]string{"A": "a", "C": "c:-"}[name] })
	e.put("B", "b")
	e.put("EMPTY", "")
	f := func(text, want string, unset ...string) {
		t.Helper()
		got, names := e.expand(text)
		if got != want || !slices.Equal(names, unset) {
			t.Errorf("%q: %q, %q; want %q, %q", text, got, names, want, unset)
		}
	}
	f("", "")
	f("plain $A {B}", "plain $A {B}")
	f("${A}", "a")
	f("x${A}y${B}z", "xaybz")
	f("${C}${A}", "c:-a")
	f("${N}", "", "N")
	f("${N}-${M}", "-", "N", "M")
	f("${N:-word}", "word")
	f("${N:-}", "")
	f("${A:-word}", "a")
	f("${EMPTY:-word}", "word")
	f("${EMPTY}", "")
	f("${HOSTNAME}", e.set["HOSTNAME"])
	f("${A", "${A")
	f("${}", "${}")
	f("} ${A}", "} ${A}") // as the host does
}

func TestFits(t *testing.T) {
	f := func(match, tag string, want bool) {
		t.Helper()
		if got := fits(match, tag); got != want {
			t.Errorf("%q, %q: %v", match, tag, got)
		}
	}
	f("*", "", true)
	f("*", "a.b", true)
	f("a", "a", true)
	f("a", "ab", false)
	f("a*", "ab", true)
	f("a.*", "a", false)
	f("*.b", "a.b", true)
	f("a*c*e", "abcde", true)
	f("a*c*e", "abcdef", false)
	f("**b", "ab", true)
	f("*b", "abab", true)
}

func TestAsksFor(t *testing.T) {
	f := func(text string, want bool) {
		t.Helper()
		if got := asksFor(text, "sigma"); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	f("$sigma['level'] ^high$", true)
	f("$sigma", true)
	f("$sigmatic $sigma.level", true)
	f("$sigmatic['x']", false)
	f("sigma", false)
	f("$sigma_original['x']", false)
}

// FuzzRead: whatever a configuration is, reading it ends, and every place in it is one.
func FuzzRead(f *testing.F) {
	cases, err := filepath.Glob("testdata/problems/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range cases {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data, strings.HasSuffix(archive.Files[0].Name, ".yaml"))
	}
	f.Fuzz(func(t *testing.T, text []byte, isYAML bool) {
		path := filepath.Join(t.TempDir(), "fluent-bit"+map[bool]string{true: ".yaml", false: ".conf"}[isYAML])
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c := read(path, func(string) string { return "" })
		k := &checker{config: c}
		k.eachSigma(func(s *section) {
			d := doorOf(s.kind)
			k.names(s, &d)
			k.own = append(k.own, instance{section: s, key: "sigma", known: true})
		})
		k.order()
		k.routes()
		k.twice()
		lines := strings.Split(string(text), "\n")
		for _, p := range k.problems {
			if p.File == path && (p.Line > len(lines)+1 || p.Column < 0) {
				t.Errorf("%d lines: %v", len(lines), p)
			}
			_ = p.Excerpt()
		}
	})
}
