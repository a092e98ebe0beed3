package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// want are the rows that testdata/bundle.json makes.
const want = "T9000\tMurmur\t\tT9001.001\n" +
	"T9001\tWhisper\tloud quiet\n" +
	"T9001.001\tWhisper Näher\tquiet\n" +
	"T9002\tMumble\tquiet\tT9001.001\n" +
	"T9003\tHum\tloud\tdeprecated\n" +
	"T9004\tSigh\tloud\tdeprecated\n" +
	"TA0901\tQuiet\tquiet\n" +
	"TA0902\tLoud\tloud\n" +
	"defense-evasion\tDefense Evasion\tTA0005\tTA0005 TA0112\n"

const bundle = "testdata/bundle.json"

// TestBundle: the whole bundle in one file.
func TestBundle(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.tsv")
	if err := run(out, "", []string{bundle}); err != nil {
		t.Fatal(err)
	}
	text := read(t, out)
	first, rest, _ := strings.Cut(text, "\n")
	_, rows, _ := strings.Cut(rest, "\n# Columns")
	_, rows, _ = strings.Cut(rows, "\n")
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if first != "# MITRE ATT&CK enterprise 30.2" || !strings.Contains(text, "\n# Copyright 2015-2031, Somebody.\n") || !strings.Contains(text, "\n# \"© 2031 ") {
		t.Errorf("header\n%s", strings.TrimSuffix(text, rows))
	}
}

// TestDirectory: every object in a file of its own and none of the version, as in mitre/cti, whatever lies beside them.
func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	var whole struct{ Objects []json.RawMessage }
	if err := json.Unmarshal([]byte(read(t, bundle)), &whole); err != nil {
		t.Fatal(err)
	}
	for i, o := range whole.Objects {
		if !bytes.Contains(o, []byte("x-mitre-collection")) {
			write(t, filepath.Join(dir, string(rune('a'+i)), "o.json"), `{"objects":[`+string(o)+`]}`)
		}
	}
	write(t, filepath.Join(dir, "README.md"), "no JSON")
	out := filepath.Join(t.TempDir(), "out.tsv")
	if err := run(out, "", []string{dir}); err == nil || !strings.Contains(err.Error(), "-version") {
		t.Errorf("without a version: %v", err)
	}
	if err := run(out, "31.0", []string{dir}); err != nil {
		t.Fatal(err)
	}
	if text := read(t, out); !strings.HasSuffix(text, "\n"+want) || !strings.HasPrefix(text, "# MITRE ATT&CK enterprise 31.0\n") {
		t.Errorf("got\n%s", text)
	}
}

// TestOlder: data from before a tactic was renamed has it under its old name, and keeps its own row.
func TestOlder(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.tsv")
	older := filepath.Join(t.TempDir(), "older.json")
	write(t, older, strings.NewReplacer(`"quiet"`, `"defense-evasion"`).Replace(read(t, bundle)))
	if err := run(out, "", []string{older}); err != nil {
		t.Fatal(err)
	}
	if text := read(t, out); !strings.HasSuffix(text, "TA0901\tQuiet\tdefense-evasion\nTA0902\tLoud\tloud\n") {
		t.Errorf("got\n%s", text)
	}
}

// TestRefused: data of which no sound file can be made writes none.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, old, new, version, want string }{
		{"no JSON", `"objects": [`, `"objects": `, "", "in.json"},
		{"no version", `"30.2"`, `""`, "", "-version"},
		{"a version that is none", "", "", "thirty", "no version"},
		{"another version", "", "", "30.1", "30.2 and not of 30.1"},
		{"two versions", `{"type": "identity"`, `{"type": "x-mitre-collection", "x_mitre_version": "29.0"}, {"type": "identity"`, "", "name one bundle"},
		{"no copyright", `"Copyright 2015-2031, Somebody."`, `""`, "", "copyright"},
		{"no tactics", `"x-mitre-tactic",`, `"x-tactic",`, "", "no tactics"},
		{"a tactic that is not there", `"mitre-attack", "phase_name": "loud"`, `"mitre-attack", "phase_name": "mute"`, "", `T9001 is of the tactic "mute"`},
		{"no parent", `"T9001.001"`, `"T9009.001"`, "", "T9009.001 has no parent"},
		{"one id twice", `"T9003"`, `"T9002"`, "", "two objects have the id T9002"},
		{"an id that is none", `"T9003"`, `"T903"`, "", "attack-pattern--5"},
		{"a tab in a name", `"Hum"`, `"H\tum"`, "", "attack-pattern--5"},
		{"a line end in a name", `"Hum"`, `"H\num"`, "", "attack-pattern--5"},
		{"no name", `"Hum"`, `""`, "", "attack-pattern--5"},
	} {
		dir := t.TempDir()
		in, out := filepath.Join(dir, "in.json"), filepath.Join(dir, "out.tsv")
		src := read(t, bundle)
		if c.old != "" {
			if !strings.Contains(src, c.old) {
				t.Fatalf("%s: the bundle has no %s", c.name, c.old)
			}
			src = strings.ReplaceAll(src, c.old, c.new)
		}
		write(t, in, src)
		if err := run(out, c.version, []string{in}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: a file was written", c.name)
		}
	}
	if err := run("out.tsv", "1.0", nil); err == nil || !strings.Contains(err.Error(), "name the STIX bundle") {
		t.Errorf("without a path: %v", err)
	}
	if err := run("out.tsv", "1.0", []string{filepath.Join(t.TempDir(), "absent")}); err == nil {
		t.Error("a path that is not there")
	}
}

// TestCircle: techniques that replace each other end, and count as deprecated.
func TestCircle(t *testing.T) {
	out, in := filepath.Join(t.TempDir(), "out.tsv"), filepath.Join(t.TempDir(), "in.json")
	write(t, in, strings.ReplaceAll(read(t, bundle), `"target_ref": "attack-pattern--2"`, `"target_ref": "attack-pattern--3"`))
	if err := run(out, "", []string{in}); err != nil {
		t.Fatal(err)
	}
	if text := read(t, out); !strings.Contains(text, "\nT9000\tMurmur\t\tdeprecated\n") || !strings.Contains(text, "\nT9002\tMumble\tquiet\tdeprecated\n") {
		t.Errorf("got\n%s", text)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
