package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigmatrail/internal/hostconf"
	"sigmatrail/rules"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestCheckConf holds check --conf to the host: what it finds no fault with starts, and what it says to stop the host does stop it.
func TestCheckConf(t *testing.T) {
	so := plugin(t)
	cases, err := filepath.Glob("../internal/hostconf/testdata/problems/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	// The host starts all the same, and something goes wrong later.
	quiet := []rules.Code{hostconf.AskedEarly, hostconf.AskedForNobody, hostconf.RoutesEarly}
	checked := 0
	for _, name := range cases {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			text := string(archive.Files[0].Data)
			if _, outputs, _ := strings.Cut(text, "outputs:\n    - {name: sigma"); outputs != "" || strings.Contains(text, "inputs:\n    - {name: sigma}") {
				t.Skip("skipped: the plugin is loaded as a filter alone")
			}
			dir := t.TempDir()
			env := make(map[string]string)
			for _, f := range archive.Files {
				if f.Name == "env" {
					key, value, _ := strings.Cut(strings.TrimSpace(string(f.Data)), "=")
					env[key] = value
					continue
				}
				if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(f.Name)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("fluent-bit", "-e", so, "--dry-run", "-c", archive.Files[0].Name)
			cmd.Dir, cmd.Env = dir, os.Environ()
			for key, value := range env {
				cmd.Env = append(cmd.Env, key+"="+value)
			}
			log, failed := cmd.CombinedOutput()
			t.Chdir(dir)
			report := hostconf.Check(archive.Files[0].Name, func(name string) string { return env[name] })
			if slices.ContainsFunc(report.Problems, func(p rules.Problem) bool { return p.Code == hostconf.Unset || p.Code == hostconf.JudgedTwice }) {
				t.Skip("skipped: variables are not set, or an output is named sigma")
			}
			stops := slices.ContainsFunc(report.Problems.Errors(), func(p rules.Problem) bool { return !slices.Contains(quiet, p.Code) })
			if stops != (failed != nil) {
				t.Errorf("check: %v\nthe host: %v\n%s", report.Problems, failed, log)
			}
			checked++
		})
	}
	if checked < 20 {
		t.Errorf("only %d configurations were compared", checked)
	}
}
