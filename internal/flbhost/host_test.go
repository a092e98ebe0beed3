package flbhost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// hosts are the three kinds of Fluent Bit, by the size of their descriptor and the stride of their options.
var hosts = []struct{ descriptor, stride string }{{"72", "96"}, {"80", "96"}, {"88", "104"}}

// built has what TestMain builds: the hosts, the plugin with its test-only faults and a link to it, another Go shared object.
var built struct{ dir, plugin, output, other string }

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "flbhost")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	built.dir, built.plugin, built.other = dir, filepath.Join(dir, "flb-filter_sigma.so"), filepath.Join(dir, "other.so")
	built.output = filepath.Join(dir, "out_sigma.so")
	if err := os.Symlink(built.plugin, built.output); err != nil {
		panic(err)
	}
	commands := [][]string{
		{"go", "build", "-trimpath", "-buildvcs=false", "-tags", "sigmafaults,netgo", "-buildmode=c-shared", "-o", built.plugin, "../../plugin"},
		{"go", "build", "-trimpath", "-buildvcs=false", "-buildmode=c-shared", "-o", built.other, "./testdata/other"},
	}
	for _, h := range hosts {
		commands = append(commands, []string{
			"gcc", "-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-rdynamic", "-DDESCRIPTOR=" + h.descriptor, "-DSTRIDE=" + h.stride,
			"-o", hostPath(h.descriptor), "testdata/host.c", "-ldl", "-lpthread",
		})
	}
	for _, c := range commands {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n%s", strings.Join(c, " "), err, out)
			return 1
		}
	}
	return m.Run()
}

func hostPath(descriptor string) string { return filepath.Join(built.dir, "host-"+descriptor) }

// result is what a run of the host left.
type result struct {
	out, log string
	status   int
}

// value returns the number behind a word of the output.
func (r result) value(t testing.TB, word string) float64 {
	t.Helper()
	for line := range strings.Lines(r.out) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), word+" "); ok {
			n, err := strconv.ParseFloat(text, 64)
			if err == nil {
				return n
			}
		}
	}
	t.Fatalf("no number %q in %q", word, r.out)
	return 0
}

// host runs one command of a host. Properties are name=value.
func host(t testing.TB, descriptor string, properties []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	path := built.plugin
	if strings.HasPrefix(args[0], "output-") {
		path = built.output
	}
	cmd := exec.CommandContext(ctx, hostPath(descriptor), append([]string{path}, args...)...)
	cmd.Env = append(os.Environ(), "PROPERTIES="+strings.Join(properties, "\n"))
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return result{out: out.String(), log: log.String(), status: cmd.ProcessState.ExitCode()}
}

// each runs f for every kind of host.
func each(t *testing.T, f func(t *testing.T, descriptor string)) {
	t.Helper()
	for _, h := range hosts {
		t.Run(h.descriptor, func(t *testing.T) { f(t, h.descriptor) })
	}
}

// ok demands that the host ended well, and logged no error unless one is expected.
func (r result) ok(t testing.TB) result {
	t.Helper()
	if r.status != 0 {
		t.Fatalf("the host ended with status %d\n%s%s", r.status, r.out, r.log)
	}
	r.kept(t)
	return r
}

// kept demands that the log was used within callbacks alone, and in Go only while no signal of the host's could come on that thread. What is C's to
// say, instead of a call of Go, is exempt.
func (r result) kept(t testing.TB) {
	t.Helper()
	if strings.Contains(r.log, "OFF THREAD") {
		t.Errorf("the host's log was used outside a callback:\n%s", r.log)
	}
	for line := range strings.Lines(r.log) {
		if strings.Contains(line, "SIGNALS OPEN") && !strings.Contains(line, "-d (--daemon)") && !strings.Contains(line, "hot reload is refused") {
			t.Errorf("a signal could come while Go runs: %s", line)
		}
	}
}

// logs demands a line of the log that has all parts.
func (r result) logs(t *testing.T, parts ...string) {
	t.Helper()
	for line := range strings.Lines(r.log) {
		found := true
		for _, p := range parts {
			found = found && strings.Contains(line, p)
		}
		if found {
			return
		}
	}
	t.Errorf("no line with %q in the log:\n%s", parts, r.log)
}
