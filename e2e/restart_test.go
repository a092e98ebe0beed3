package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRoutingsOverCrash holds what conf/README.md says of the three routings: with the outputs of the shipped files replaced by others that can be down,
// everything that was read before a crash arrives after it, where it belongs.
func TestRoutingsOverCrash(t *testing.T) {
	plugin(t)
	all, high := sentWith(t)
	for _, file := range []string{"tail-sigma.yaml", "tail-routes.yaml", "tail-rewrite-tag.yaml"} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(shippedFiles, file))
			if err != nil {
				t.Fatal(err)
			}
			receivers := map[string]*webhook{"archive": listenHTTP(t, 0), "alerts": listenHTTP(t, 0)}
			before, after := string(text), string(text)
			for alias, r := range receivers {
				before = byHTTP(t, before, alias, freePort(t))
				after = byHTTP(t, after, alias, r.port())
			}
			pattern, _ := corpora(t)
			env := []string{"CLOUDTRAIL_FILES=" + pattern, "SIGMA_RULES=builtin", "SIGMA_STATE=" + t.TempDir()}
			h := start(t, before, env)
			h.until(t, "failures of both", func() bool {
				return h.logged("failed to flush chunk", "output=archive") != "" && h.logged("failed to flush chunk", "output=alerts") != ""
			})
			if err := h.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = h.wait(t)
			h = start(t, after, env)
			h.until(t, "everything", func() bool {
				return len(receivers["archive"].records(t)) >= len(all) && len(receivers["alerts"].records(t)) >= len(high)
			})
			h.stop(t)
			atLeast(t, "the archive", all, receivers["archive"].records(t))
			atLeast(t, "the alerts", high, receivers["alerts"].records(t))
		})
	}
}

// byHTTP puts an output by HTTP in the place of the output to files with an alias.
func byHTTP(t *testing.T, config, alias string, port int) string {
	t.Helper()
	head, rest, found := strings.Cut(config, "    - name: file\n      alias: "+alias+"\n")
	output, rest, whole := strings.Cut(rest, "      format: plain\n")
	matches, _, files := strings.Cut(output, "      path: ${SIGMA_OUT}\n")
	if !found || !whole || !files {
		t.Fatalf("no output %s to files in\n%s", alias, config)
	}
	return fmt.Sprintf("%s    - name: http\n      alias: %s\n%s      host: 127.0.0.1\n      port: %d\n      format: json\n      json_date_key: false\n%s", head, alias, matches, port, rest)
}

// atLeast demands that all records are there as often as they should be or more, and no others.
func atLeast(t *testing.T, what string, want, got map[string]int) {
	t.Helper()
	for text, n := range want {
		if got[text] < n {
			t.Errorf("%s: %d times, want %d: %.500s", what, got[text], n, text)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d different records, want %d", what, len(got), len(want))
	}
	t.Logf("%s: %d records, %d arrived", what, total(want), total(got))
}
