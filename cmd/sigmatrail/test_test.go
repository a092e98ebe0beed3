package main

import (
	"bytes"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"sigmatrail/internal/explain"
	"sigmatrail/internal/record"
	"sigmatrail/rules"

	"github.com/google/go-cmp/cmp"
)

// TestTestingPage runs docs/testing.md: blocks that begin with # and a name are files, those that begin with $ a command and all that it prints.
func TestTestingPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	files, commands := 0, 0
	for _, block := range regexp.MustCompile("(?s)```[a-z]*\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		head, rest, _ := strings.Cut(block[1], "\n")
		if name, ok := strings.CutPrefix(head, "# "); ok {
			if err := os.WriteFile(name, []byte(rest), 0o600); err != nil {
				t.Fatal(err)
			}
			files++
			continue
		}
		command, ok := strings.CutPrefix(head, "$ sigmatrail ")
		if !ok {
			t.Fatalf("neither a file nor a command: %s", head)
		}
		var printed bytes.Buffer
		run(strings.Fields(command), streams{out: &printed, err: &printed})
		if diff := cmp.Diff(rest, printed.String()); diff != "" {
			t.Errorf("%s: %s", head, diff)
		}
		commands++
	}
	if files != 9 || commands != 4 {
		t.Errorf("%d files, %d commands", files, commands)
	}
}

// failingWriter fails from its first byte on.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

// TestExplainOutput: colours, an output that fails, and an engine that says otherwise.
func TestExplainOutput(t *testing.T) {
	set := rules.ParseFiles([]rules.File{{Name: "r.yml", Text: []byte("title: T\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  a: {eventName: A}\n  condition: a\n")}}, rules.Options{})
	var out, said bytes.Buffer
	e := &explaining{
		command: &explainCommand{}, std: streams{out: &out, err: &said}, about: []int{0}, explainer: explain.New(set, "sigma"), color: true,
	}
	found := record.Found{Record: record.NewObject(record.Member{Key: "eventName", Value: "A"})}
	if err := e.record("x:1", found, func(int) bool { return false }); err != nil || !strings.Contains(out.String(), "\x1b[32m✓\x1b[0m T matches\n  \x1b[32m✓\x1b[0m a\n") {
		t.Errorf("%v %q", err, out.String())
	}
	if want := "x:1: the engine says otherwise of \"T\" (please report it with the rule and the record)\n"; said.String() != want || !e.failed {
		t.Errorf("%q", said.String())
	}
	e.std.out = failingWriter{}
	if err := e.record("x:1", found, func(int) bool { return true }); !errors.Is(err, errOutput) || !strings.Contains(err.Error(), "the disk is full") {
		t.Error(err)
	}
	const events = "../../testdata/events"
	if code := run([]string{"explain", "--rule", "Root User Activity", events}, streams{out: failingWriter{}, err: &said}); code != exitError || !strings.Contains(said.String(), "the disk is full") {
		t.Error(code, said.String())
	}
	for _, form := range []string{"text", "json", "junit"} {
		if code := run([]string{"test", "-v", "-o", form, "builtin"}, streams{out: failingWriter{}, err: &said}); code != exitError {
			t.Error(form, code)
		}
	}
}
