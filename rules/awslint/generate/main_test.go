package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	operations = `{"b": {"Do": ["b", ["Z", "A"], ["X"]], "Be": ["b", [], []]}, "a": {"Do": ["a", ["Z", "A"], []], "Be": ["a", [], []]}, "c": {"Do": ["c", [], []]}}`
	records    = `{"eventSource":"a.amazonaws.com","eventName":"Do","requestParameters":{"z":"secret","list":[{"k":1},{"k":null}],"a b":1},"responseElements":null}
{"rule":"x","event":{"eventSource":"a.amazonaws.com","eventName":"Do","requestParameters":{"list":"x"},"userAgent":"y"}}
{"detail":{"eventSource":"b.amazonaws.com","eventName":"Be","resources":[[{"ARN":"x"}]]}}
{"eventSource":"...","eventName":"Do"}
{"other":1}
`
)

// TestTables: both files, of small data made up for it.
func TestTables(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	put(t, filepath.Join(dir, "operations.json"), operations)
	put(t, filepath.Join(dir, "events", "some.ndjson"), records)
	if err := run(filepath.Join(dir, "operations.json"), filepath.Join(dir, "events"), out); err != nil {
		t.Fatal(err)
	}
	text := unpack(t, filepath.Join(out, "operations.gz"))
	first, rest, _ := strings.Cut(text, "\n")
	if !strings.HasPrefix(first, "# AWS operations 1: 2 services, 3 operations, from sha256 ") {
		t.Errorf("%s", first)
	}
	if diff := cmp.Diff("a b\n\tBe\n\tDo A Z\nc\n\tDo\n", rest); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	shapes := "# Shapes of CloudTrail records 1: 3 records, 2 events\na.amazonaws.com Do\n\trequestParameters o2\n\trequestParameters.list a1s1\n" +
		"\trequestParameters.list.k s1\n\trequestParameters.z s1\nb.amazonaws.com Be\n\tresources a1\n\tresources.ARN s1\n"
	if diff := cmp.Diff(shapes, unpack(t, filepath.Join(out, "shapes.gz"))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestUnchanged: a file that holds the text already is left alone, however it was compressed.
func TestUnchanged(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.gz")
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("text")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, name, b.String())
	if err := write(name, "text"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, b.Bytes()) {
		t.Errorf("%v: it was written anew", err)
	}
	if err := write(name, "other"); err != nil || unpack(t, name) != "other" {
		t.Errorf("%v: it was not written", err)
	}
}

// TestRefused: data of which no sound table can be made writes none; where there is none at all nothing is said to be wrong.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, operations, records, want string }{
		{"no JSON", "{", records, "unexpected end"},
		{"another form", `{"a": {"Do": ["a", []]}}`, records, "2 columns"},
		{"no names", `{"a": {"Do": ["a", ["x y"], []]}}`, records, `"x y" of "Do" is no name`},
		{"nothing", `{}`, records, "has no operations"},
		{"no records", operations, "{}\n", "has no records"},
		{"records that are no JSON", operations, "{\n", "some.ndjson: unexpected end"},
	} {
		dir, out := t.TempDir(), t.TempDir()
		put(t, filepath.Join(dir, "operations.json"), c.operations)
		put(t, filepath.Join(dir, "events", "some.ndjson"), c.records)
		if err := run(filepath.Join(dir, "operations.json"), filepath.Join(dir, "events"), out); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if list, err := os.ReadDir(out); err != nil || len(list) > 0 {
			t.Errorf("%s: %v %v", c.name, err, list)
		}
	}
	out := t.TempDir()
	if err := run(filepath.Join(out, "absent.json"), out, out); err != nil {
		t.Error(err)
	}
	if list, err := os.ReadDir(out); err != nil || len(list) > 0 {
		t.Errorf("%v %v", list, err)
	}
}

// TestFresh: the tables that the package holds are those of the data beside the checkout.
func TestFresh(t *testing.T) {
	const source, events = "../../../../shared/data/aws_operations.json", "../../../../shared/data/events"
	if _, err := os.Stat(source); err != nil {
		t.Skipf("the data is not beside the checkout: %v", err)
	}
	out := t.TempDir()
	if err := run(source, events, out); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"operations.gz", "shapes.gz"} {
		if unpack(t, filepath.Join(out, name)) != unpack(t, filepath.Join("..", name)) {
			t.Errorf("%s is stale: run go generate ./rules/awslint", name)
		}
	}
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func unpack(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
