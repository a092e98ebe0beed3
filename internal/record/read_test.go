package record

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readAll returns the events in content, and what was bad.
func readAll(content []byte) (items, bad []string, err error) {
	err = Read("f", bytes.NewReader(content), Sink{
		Item: func(i Item) error { items = append(items, fmt.Sprintf("%d %s", i.Line, i.JSON)); return nil },
		Bad:  func(err error) { bad = append(bad, err.Error()) },
	})
	return items, bad, err
}

func zipped(t *testing.T, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRead(t *testing.T) {
	for _, test := range []struct {
		name, content string
		items, bad    []string
		err           string
	}{
		{"nothing", "", nil, nil, ""},
		{"white space", " \n\n", nil, nil, ""},
		{"S3 object", `{"Records":[{"a":1},{"b":2}]}`, []string{`0 {"a":1}`, `0 {"b":2}`}, nil, ""},
		{"S3 object, indented", "{\n \"Records\" : [\n {\"a\":\n1}, {}\n] ,\"x\":[1]}\n", []string{"0 {\"a\":\n1}", "0 {}"}, nil, ""},
		{"two S3 objects", `{"Records":[{"a":1}]}{"Records":[{"b":2}]}`, []string{`0 {"a":1}`, `0 {"b":2}`}, nil, ""},
		{"array", `[{"a":1}, {"b":2}]`, []string{`0 {"a":1}`, `0 {"b":2}`}, nil, ""},
		{"array with others", `[{"a":1}, 7, {"b":2}]`, []string{`0 {"a":1}`, `0 {"b":2}`}, []string{`f: the value that ends at byte 11: "7" is not a JSON object`}, ""},
		{"single object", `{"a":1}`, []string{`1 {"a":1}`}, nil, ""},
		{"single object, indented", "{\n \"a\": 1\n}\n", []string{"0 {\n \"a\": 1\n}"}, nil, ""},
		{"several, indented", "{\n\"a\":1\n}\n{\n\"b\":2\n}", []string{"0 {\n\"a\":1\n}", "0 {\n\"b\":2\n}"}, nil, ""},
		{"NDJSON", "{\"a\":1}\n\n{\"b\":2}\r\n{\"c\":3}", []string{`1 {"a":1}`, `3 {"b":2}`, `4 {"c":3}`}, nil, ""},
		{"NDJSON with bad lines", "{\"a\":1}\nnot json\n{\"b\":\n{\"c\":3}\n7\n", []string{`1 {"a":1}`, `4 {"c":3}`}, []string{
			`f:2: invalid character 'o' in literal null (expecting 'u') at byte 2`, `f:3: unexpected end of JSON input at byte 5`, `f:5: "7" is not a JSON object`,
		}, ""},
		{"NDJSON whose first line is cut", "{\"a\":\n{\"b\":2}\n", []string{`2 {"b":2}`}, []string{`f:1: unexpected end of JSON input at byte 5`}, ""},
		{"NDJSON of S3 objects", "{\"x\":1,\"Records\":[{\"a\":1},5,{\"b\":2}]}\n", []string{`1 {"a":1}`, `1 {"b":2}`}, []string{`f:1: "5" is not a JSON object`}, ""},
		{"NDJSON of arrays", "{}\n[{\"a\":1}]\n", []string{`1 {}`, `2 {"a":1}`}, nil, ""},
		{"byte order mark", "\xef\xbb\xbf{\"a\":1}", []string{`1 {"a":1}`}, nil, ""},
		{"UTF-16", "\xff\xfe{\x00}\x00", nil, nil, "f: the file is UTF-16; convert it to UTF-8 first, for example with iconv"},
		{"S3 object that is cut", `{"Records":[{"a":1},{"b"`, []string{`0 {"a":1}`}, nil, "f: cut short after 20 bytes: unexpected EOF"},
		{"array that is cut", `[{"a":1}`, []string{`0 {"a":1}`}, nil, "f: cut short after 8 bytes: unexpected EOF"},
		{"gzip that is none", "\x1f\x8bxx", nil, nil, "f: gzip: unexpected EOF"},
		{
			"too deep", `{"a":` + strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth) + "}\n{\"b\":2}",
			[]string{`2 {"b":2}`},
			[]string{`f:1: containers are nested more than 128 deep at byte 132`},
			"",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			contents := [][]byte{[]byte(test.content)}
			if test.err == "" {
				contents = append(contents, zipped(t, test.content))
			}
			for _, content := range contents {
				items, bad, err := readAll(content)
				if diff := cmp.Diff([][]string{test.items, test.bad}, [][]string{items, bad}); diff != "" {
					t.Error(diff)
				}
				if text := fmt.Sprint(err); (err == nil) != (test.err == "") || (err != nil && text != test.err) {
					t.Errorf("error %v, want %q", err, test.err)
				}
			}
		})
	}
}

// TestReadLong reads lines longer than any buffer.
func TestReadLong(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", 1<<20) + `"}`
	items, bad, err := readAll([]byte(long + "\n" + long + "\n{\"b\":2}"))
	if len(items) != 3 || len(items[0]) != len(long)+2 || len(bad) > 0 || err != nil {
		t.Errorf("%d items, %v, %v", len(items), bad, err)
	}
}

func TestReadSinkError(t *testing.T) {
	stop := errors.New("stop")
	for _, content := range []string{"{}\n{}\n", "[{},{}]", `{"Records":[{},{}]}`, "{\n}\n{}"} {
		n := 0
		err := Read("f", strings.NewReader(content), Sink{Item: func(Item) error { n++; return stop }, Bad: func(err error) { t.Error(err) }})
		if !errors.Is(err, stop) || err.Error() != "stop" || n != 1 {
			t.Errorf("%q: %v after %d items", content, err, n)
		}
	}
}

func TestReadFileMissing(t *testing.T) {
	if err := ReadFile(filepath.Join(t.TempDir(), "none"), Sink{}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.json.gz", "a/x.NDJSON", "a/y.txt", "c.log", ".hidden.json", "d.jsonl", "z.gz"} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(dir, filepath.Join(dir, "loop.json")); err != nil {
		t.Fatal(err)
	}
	files, skipped, unreadable := Files(dir)
	for i := range files {
		files[i], _ = filepath.Rel(dir, files[i])
	}
	if diff := cmp.Diff([]string{"a/x.NDJSON", "b.json.gz", "c.log", "d.jsonl"}, files); diff != "" || skipped != 4 || unreadable != nil {
		t.Errorf("%s%d skipped, %v", diff, skipped, unreadable)
	}
	if files, _, _ := Files(filepath.Join(dir, "z.gz")); len(files) != 1 {
		t.Error("a file that is named is read, whatever its name")
	}
	if files, _, unreadable := Files(filepath.Join(dir, "none")); len(files) != 0 || len(unreadable) != 1 {
		t.Errorf("%v %v", files, unreadable)
	}
}

// TestCorpora reads the shared events and counts them.
func TestCorpora(t *testing.T) {
	dir := "../../../shared/data/events"
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("skipped: %s is not there", dir)
	}
	for name, want := range map[string]int{
		"cloud-custodian": 25, "cribl-pack": 44, "grycap-tracker": 142, "misc-small": 25, "opensearch-catalog": 891,
		"panther-tests.labelled": 311, "splunk-data_sources": 48, "stratus-red-team": 310, "streamalert-tests": 54,
	} {
		items, records := 0, 0
		err := ReadFile(filepath.Join(dir, name+".ndjson"), Sink{
			Item: func(i Item) error {
				items++
				found, _ := Find(value(t, string(i.JSON)), nil)
				records += len(found)
				return nil
			},
			Bad: func(err error) { t.Error(err) },
		})
		if err != nil || items != want {
			t.Errorf("%s: %d events, want %d; error %v", name, items, want, err)
		}
		t.Logf("%s: %d events, %d records", name, items, records)
	}
}
