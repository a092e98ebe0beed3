package rules

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// rule is the text of a sound rule.
func rule(id, title string) string {
	return fmt.Sprintf("title: %s\nid: %s\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  a:\n    f: 1\n  condition: a\n", title, id)
}

const (
	idA = "5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11"
	idB = "5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b12"
	idC = "5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b13"
)

// folder writes files and returns where.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoad(t *testing.T) {
	windows := strings.ReplaceAll(rule(idC, "W"), "product: aws, service: cloudtrail", "product: windows")
	dir := folder(t, map[string]string{
		"a.yml": rule(idA, "A"), "deep/b.yaml": rule(idB, "B"), "deep/w.YML": windows, "bad.yml": "title: X\n",
		"a.test.yml": "- not a rule\n", "notes.txt": "none", "other/b2.yml": rule(strings.ToUpper(idB), "B again"), "same.rule": rule(idC, "C"),
	})
	packs := map[string]fs.FS{"builtin": fstest.MapFS{"x.yml": {Data: []byte(rule(idA, "bundled A"))}, "x.test.yml": {Data: []byte("- x\n")}, "y.yml": {Data: []byte(rule(idC, "bundled C"))}}}
	at := func(names ...string) string {
		for i := range names {
			names[i] = filepath.Join(dir, names[i])
		}
		return strings.Join(names, ",")
	}
	for _, test := range []struct {
		name, spec string
		rules      []string
		other      int // not applicable
		rejected   int
		codes      []Code
	}{
		{"one file", at("a.yml"), []string{"A"}, 0, 0, nil},
		{"one file of any name", at("same.rule"), []string{"C"}, 0, 0, nil},
		{"a list with spaces and a trailing comma", at("a.yml") + " , " + at("deep/b.yaml") + ",", []string{"A", "B"}, 0, 0, nil},
		{"the same file twice", at("a.yml", "a.yml", "./a.yml"), []string{"A"}, 0, 0, nil},
		{"a folder", at("deep"), []string{"B"}, 1, 0, nil},
		{"a glob", at("*.yml"), []string{"A"}, 0, 1, nil},
		{"everything", dir, []string{"A", "B"}, 1, 2, []Code{DuplicateID}},
		{"a pack", "builtin", []string{"bundled A", "bundled C"}, 0, 0, nil},
		{"a file instead of the pack's", "builtin," + at("a.yml"), []string{"bundled C", "A"}, 0, 0, nil},
		{"the same in the other order", at("a.yml") + ",builtin", []string{"A", "bundled C"}, 0, 0, nil},
	} {
		set, err := Load(test.spec, packs, Options{})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var titles []string
		for _, r := range set.Rules {
			titles = append(titles, r.Title)
		}
		if diff := cmp.Diff(test.rules, titles); diff != "" || len(set.NotApplicable) != test.other || set.Rejected != test.rejected {
			t.Errorf("%s: %d not applicable, %d rejected %s\n%v", test.name, len(set.NotApplicable), set.Rejected, diff, set.Problems)
		}
		for _, code := range test.codes {
			found := false
			for _, p := range set.Problems {
				found = found || p.Code == code
			}
			if !found {
				t.Errorf("%s: no problem %s in %v", test.name, code, set.Problems)
			}
		}
	}
}

func TestLoadErrors(t *testing.T) {
	dir := folder(t, map[string]string{"a.yml": rule(idA, "A")})
	for spec, want := range map[string]string{
		filepath.Join(dir, "none.yml"):  "no such file",
		filepath.Join(dir, "none*.yml"): "no file has such a name",
		filepath.Join(dir, "[") + "*":   "syntax error in pattern",
		dir + ",/nonexistent,/nowhere":  "/nowhere",
		"bultin":                        "bultin",
	} {
		set, err := Load(spec, nil, Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", spec, set, err)
		}
	}
}

// TestLoadLinks follows a link that is named, as Kubernetes mounts rules, and does not run in circles.
func TestLoadLinks(t *testing.T) {
	dir := folder(t, map[string]string{"..data_1/a.yml": rule(idA, "A")})
	for link, target := range map[string]string{"rules": "..data_1", "..data_1/loop": ".."} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	set, err := Load(filepath.Join(dir, "rules"), nil, Options{})
	if err != nil || len(set.Rules) != 1 || set.Rejected != 0 {
		t.Errorf("%+v, %v", set, err)
	}
}
