package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shippedFiles is where the configurations lie that users copy.
const shippedFiles = "../conf/fluent-bit"

// TestShipped runs every configuration that we ship as it is, its parameters in the environment, and compares what its receivers have with what the
// forward output has sent of the same records. A file without a test fails.
func TestShipped(t *testing.T) {
	plugin(t)
	tests := map[string]func(t *testing.T, file string){
		"tail-sigma.yaml":       testTwoFiles,
		"tail-routes.yaml":      testRoutes,
		"tail-rewrite-tag.yaml": testTwoFiles,
		"tail-rewrite-tag.conf": testRewriteTagClassic,
		"parsers.conf":          testParsers,
		"splunk.yaml":           testSplunk,
		"elasticsearch.yaml":    func(t *testing.T, file string) { testECS(t, file, elasticsearch) },
		"opensearch.yaml":       func(t *testing.T, file string) { testECS(t, file, openSearch) },
		"s3.yaml":               testS3,
		"webhook.yaml":          testWebhook,
		"go-output.yaml":        testGoOutput,
	}
	files, err := os.ReadDir(shippedFiles)
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(f os.DirEntry) bool { return strings.HasSuffix(f.Name(), "-receiver.yaml") }) // run with what sends to them
	for _, f := range files {
		test := tests[f.Name()]
		if test == nil {
			t.Errorf("%s has no test here", f.Name())
			continue
		}
		t.Run(f.Name(), func(t *testing.T) { test(t, filepath.Join(shippedFiles, f.Name())) })
	}
	if len(files) != len(tests) {
		t.Errorf("%d files in %s, and tests of %d", len(files), shippedFiles, len(tests))
	}
}

// ship runs a shipped file with the Fluent Bit b on all events, and with the variables that env adds or replaces. The file asks for just the variables
// that its head explains and that the test sets.
func ship(t *testing.T, b program, file string, env ...string) *host {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pattern, _ := corpora(t)
	env = append([]string{"CLOUDTRAIL_FILES=" + pattern, "SIGMA_RULES=builtin", "SIGMA_STATE=" + t.TempDir()}, env...)
	comment := regexp.MustCompile(`^(#.*\n)+`).FindString(string(text))
	asked, set := make(map[string]bool), make(map[string]bool)
	for _, m := range regexp.MustCompile(`\$\{(\w+)\}`).FindAllStringSubmatch(string(text), -1) {
		asked[m[1]] = true
	}
	delete(asked, "HOSTNAME") // which the host sets
	for _, variable := range env {
		name, _, _ := strings.Cut(variable, "=")
		if (!asked[name] || !strings.Contains(comment, name+"=")) && !strings.HasPrefix(name, "AWS_") {
			t.Errorf("%s does not ask for %s, or its head does not say so", file, name)
		}
		set[name] = true
	}
	for name := range asked {
		if !set[name] {
			t.Errorf("%s asks for %s, which is not set", file, name)
		}
	}
	return b.runFile(t, file, env, []string{"-e", plugin(t)})
}

// sentWith returns what the forward output sends of all events behind a filter with these properties: all records, and those with a high or critical hit.
func sentWith(t *testing.T, properties ...string) (all, high map[string]int) {
	t.Helper()
	pattern, events := corpora(t)
	return sentOf(t, pattern, events, properties...)
}

// sentOf does so of the events in files.
func sentOf(t *testing.T, pattern string, events int, properties ...string) (all, high map[string]int) {
	t.Helper()
	filter := asFilter
	for _, p := range properties {
		filter += "      " + p + "\n"
	}
	r := listen(t)
	h := start(t, tailConfig(pattern, filter, "builtin")+fmt.Sprintf("    - {name: forward, match: ct, host: 127.0.0.1, port: %d}\n", r.port()), nil)
	h.until(t, fmt.Sprintf("%d records", events), func() bool { return r.count() >= events })
	h.stop(t)
	all, high = r.sent(t), make(map[string]int)
	for text, n := range all {
		if isHigh(t, text) {
			high[text] = n
		}
	}
	if total(all) != events || len(high) == 0 || len(high) == len(all) {
		t.Fatalf("%d records of %d, %d of them high", total(all), events, total(high))
	}
	return all, high
}

func isHigh(t *testing.T, record string) bool {
	t.Helper()
	var r struct {
		Sigma struct {
			Level string `json:"level"`
		} `json:"sigma"`
	}
	if err := json.Unmarshal([]byte(record), &r); err != nil {
		t.Fatalf("%v: %s", err, record)
	}
	return r.Sigma.Level == "high" || r.Sigma.Level == "critical"
}

// total is how many records there are.
func total(records map[string]int) (n int) {
	for _, times := range records {
		n += times
	}
	return n
}

// counted returns the records of a file, or of a body, as canonical texts, and how often each is there.
func counted(t *testing.T, records []string) map[string]int {
	t.Helper()
	all := make(map[string]int)
	for _, r := range records {
		all[canonical(t, []byte(r))]++
	}
	return all
}

// same demands the same records as often.
func same(t *testing.T, what string, want, got map[string]int) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s, %d records, want %d (-want +got):\n%.4000s", what, total(got), total(want), diff)
	}
}

// quiet demands that the host has neither warned of its filters and outputs nor failed to deliver.
func (h *host) quiet(t *testing.T) {
	t.Helper()
	for line := range strings.Lines(h.log.String()) {
		bad := strings.Contains(line, "[ warn]") || strings.Contains(line, "[error]")
		if bad && slices.ContainsFunc([]string{"[filter:", "[output:", "[storage]", "flush chunk"}, func(part string) bool { return strings.Contains(line, part) }) {
			t.Errorf("the host says %s", line)
		}
	}
}

// twoFiles are the files of the configurations that write to files.
type twoFiles struct{ folder string }

func (f twoFiles) records(t *testing.T) []string {
	return lines(t, filepath.Join(f.folder, "records.ndjson"))
}

func (f twoFiles) alerts(t *testing.T) []string {
	return lines(t, filepath.Join(f.folder, "alerts.ndjson"))
}

// compare waits until the host has written everything, stops it and compares.
func (f twoFiles) compare(t *testing.T, h *host, all, high map[string]int) {
	t.Helper()
	h.until(t, fmt.Sprintf("%d records and %d alerts", total(all), total(high)), func() bool {
		return len(f.records(t)) >= total(all) && len(f.alerts(t)) >= total(high)
	})
	h.stop(t)
	same(t, "the archive", all, counted(t, f.records(t)))
	same(t, "the alerts", high, counted(t, f.alerts(t)))
	if h.logged("sigmatrail:", fmt.Sprintf(" %d events =", total(all))) == "" {
		t.Errorf("not every record has passed the filter once:\n%s", h.log)
	}
}

func testTwoFiles(t *testing.T, file string) {
	all, high := sentWith(t)
	f := twoFiles{t.TempDir()}
	h := ship(t, onPath, file, "SIGMA_OUT="+f.folder)
	f.compare(t, h, all, high)
	h.quiet(t)
}

// testRoutes also holds what the file's head warns of.
func testRoutes(t *testing.T, file string) {
	testTwoFiles(t, file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const processor = "      processors:\n        logs:\n          - name: sigma\n            rules: ${SIGMA_RULES}\n"
	const unconditional = "          - name: cloudtrail_all\n            to:\n              outputs: [archive]\n"
	const asFilter = "  filters:\n    - name: sigma\n      match: cloudtrail\n      rules: ${SIGMA_RULES}\n\n  outputs:\n"
	config := string(text)
	for _, part := range []string{processor, unconditional, "  outputs:\n"} {
		if strings.Count(config, part) != 1 {
			t.Fatalf("%s no longer has %q", file, part)
		}
	}
	_, high := sentWith(t)
	for name, test := range map[string]struct {
		config       string
		alerts, hits int
		archive      bool
	}{
		"sigma under filters":    {strings.NewReplacer(processor, "", "  outputs:\n", asFilter).Replace(config), 0, total(high), true},
		"no unconditional route": {strings.Replace(strings.Replace(config, unconditional, "", 1), "alias: archive\n", "alias: archive\n      match: cloudtrail\n", 1), total(high), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			pattern, events := corpora(t)
			f := twoFiles{t.TempDir()}
			h := start(t, test.config, []string{"CLOUDTRAIL_FILES=" + pattern, "SIGMA_RULES=builtin", "SIGMA_STATE=" + t.TempDir(), "SIGMA_OUT=" + f.folder})
			h.until(t, "the records", func() bool { return len(f.records(t)) >= events || (!test.archive && len(f.alerts(t)) >= test.alerts) })
			h.stop(t)
			hits := 0
			for _, r := range f.records(t) {
				if isHigh(t, r) {
					hits++
				}
			}
			if archived := len(f.records(t)) == events; archived != test.archive || hits != test.hits || len(f.alerts(t)) != test.alerts {
				t.Errorf("%d records in the archive, %d high; %d alerts", len(f.records(t)), hits, len(f.alerts(t)))
			}
		})
	}
}

// testRewriteTagClassic runs the classic file on every host.
func testRewriteTagClassic(t *testing.T, file string) {
	all, high := sentWith(t)
	eachHost(t, func(t *testing.T, b program) {
		f := twoFiles{t.TempDir()}
		h := ship(t, b, file, "SIGMA_OUT="+f.folder)
		f.compare(t, h, all, high)
		h.quiet(t)
	})
}

// testParsers holds that a file that is no configuration by itself is part of one.
func testParsers(t *testing.T, file string) {
	text, err := os.ReadFile(filepath.Join(shippedFiles, "tail-rewrite-tag.conf"))
	if err != nil || !regexp.MustCompile(`(?m)^ *Parsers_File +`+filepath.Base(file)+`$`).Match(text) {
		t.Errorf("nothing reads %s; %v", file, err)
	}
}

// TestConfReadme: conf/README.md names every file that users copy.
func TestConfReadme(t *testing.T) {
	readme, err := os.ReadFile("../conf/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"fluent-bit", "splunk", "elastic", "opensearch"} {
		files, err := filepath.Glob("../conf/" + folder + "/*")
		if err != nil || len(files) == 0 {
			t.Fatalf("nothing in conf/%s; %v", folder, err)
		}
		for _, f := range files {
			if link := "](" + folder + "/" + filepath.Base(f) + ")"; !strings.Contains(string(readme), link) {
				t.Errorf("conf/README.md has no link %s", link)
			}
		}
	}
}
