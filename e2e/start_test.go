package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestReadme runs the configuration that the README shows, with paths of this machine.
func TestReadme(t *testing.T) {
	so := plugin(t)
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, config, _ := strings.Cut(string(readme), "```yaml\n")
	config, _, found := strings.Cut(config, "```")
	events, err := filepath.Abs("../testdata/events")
	if err != nil || !found {
		t.Fatalf("no configuration in the README; %v", err)
	}
	for shown, here := range map[string]string{
		"/usr/local/lib/flb-filter_sigma.so": so, "/var/log/cloudtrail/*.ndjson": events + "/*.ndjson, read_from_head: on", ",/etc/sigma/rules": "",
	} {
		if !strings.Contains(config, shown) {
			t.Fatalf("the README no longer shows %s", shown)
		}
		config = strings.ReplaceAll(config, shown, here)
	}
	h := startBare(t, config)
	highHits := func() int { return strings.Count(h.log.String(), `"sigma"=>{"level"=>"high"`) }
	h.until(t, "five high hits in both outputs", func() bool { return highHits() == 10 })
	h.stop(t)
	if h.logged("[error]") != "" || highHits() != 10 {
		t.Errorf("%d high hits, want 5 in each output:\n%s", highHits(), h.log)
	}
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")[:strings.Count(string(data), "\n")]
}

// withProperties is a pipeline that needs no files, with lines of properties under the filter.
func withProperties(lines ...string) string {
	config := `
service: {flush: 0.2, log_level: info}
pipeline:
  inputs:
    - {name: dummy, dummy: '{"eventVersion": "1.11", "eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging"}', rate: 50}
  filters:
    - name: sigma
      match: "*"
`
	for _, line := range lines {
		config += "      " + line + "\n"
	}
	return config + `
  outputs:
    - {name: stdout, match: "*", format: json_lines}
`
}

// TestRefusals gives the host what it must not start with, and looks for a message that says what is wrong and what is allowed.
func TestRefusals(t *testing.T) {
	plugin(t)
	broken := filepath.Join(t.TempDir(), "broken.yml")
	if err := os.WriteFile(broken, []byte("title: x\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  a:\n    eventName|contans: x\n  condition: a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name       string
		properties []string
		args       []string
		want       []string // parts of one line of the log
	}{
		{"unknown property", []string{"rulez: builtin"}, nil, []string{"unknown configuration property", "rulez"}},
		{"property twice", []string{"rules: [builtin, other]"}, nil, []string{"rules", "is set 2 times"}},
		{"unknown level", []string{"min_level: hgih"}, nil, []string{"min_level", "hgih", "high"}},
		{"bad switch", []string{"strict: perhaps"}, nil, []string{"strict", "perhaps", "on"}},
		{"key of a record", []string{"key: eventName"}, nil, []string{"key", "eventName"}},
		{"rules that are missing", []string{"rules: /nonexistent/rules"}, nil, []string{"/nonexistent/rules", "no such file"}},
		{"no rule that can run", []string{"rules: " + broken}, nil, []string{"broken.yml:5:", "contans", "contains"}},
		{"strict with a bad rule", []string{"rules: builtin," + broken, "strict: on"}, nil, []string{"strict", "1 of the rules"}},
		{"dry run of unknown level", []string{"min_level: hgih"}, []string{"--dry-run"}, []string{"min_level", "hgih"}},
		{"dry run without the directory of the state", []string{"correlation_state: /nonexistent/sigma.db"}, []string{"--dry-run"}, []string{"correlation_state", "there is no directory /nonexistent"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := start(t, withProperties(test.properties...), nil, test.args...)
			if code := h.wait(t); code == 0 {
				t.Errorf("the host ended with status 0")
			}
			if h.logged(test.want...) == "" {
				t.Errorf("no line with %q in\n%s", test.want, h.log)
			}
		})
	}
}

// TestSoundRulesGoOn starts the host with one bad rule beside good ones.
func TestSoundRulesGoOn(t *testing.T) {
	plugin(t)
	broken := filepath.Join(t.TempDir(), "broken.yml")
	if err := os.WriteFile(broken, []byte("title: x\ndetection: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := start(t, withProperties("rules: builtin,"+broken), nil)
	h.until(t, "a hit", func() bool { return h.logged(`"sigma":{"level":"high"`) != "" })
	h.stop(t)
	if h.logged("rules loaded", "1 rejected") == "" || h.logged("broken.yml:") == "" {
		t.Errorf("the rejected rule is not named:\n%s", h.log)
	}
	if h.logged("sigmatrail:", "events =", "matched") == "" {
		t.Errorf("no counts at the end:\n%s", h.log)
	}
}

// TestReload reloads the host's configuration while records flow: hits go on after it.
func TestReload(t *testing.T) {
	plugin(t)
	h := start(t, strings.Replace(withProperties("rules: builtin"), "log_level: info", "log_level: info, hot_reload: on", 1), nil)
	for reload := 1; reload <= 10; reload++ {
		seen := strings.Count(h.log.String(), `"sigma":{`)
		h.until(t, "more hits", func() bool { return strings.Count(h.log.String(), `"sigma":{`) > seen })
		for range 3 { // each makes the host install its own handlers anew
			if err := h.cmd.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second) // the host, with plugins or without, may lose a SIGHUP that comes right behind a SIGCONT, and then never reloads again
		if err := h.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		h.until(t, "the reload", func() bool { return strings.Count(h.log.String(), "rules loaded") > reload })
	}
	h.stop(t)
}
