// Package e2e tests the built plugin inside a real Fluent Bit. Its tests run where fluent-bit is on PATH, and otherwise skip.
package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// deadline bounds the wait for anything that the host does.
const deadline = 60 * time.Second

// plugin returns the path of the built shared object, and skips the test where there is nothing to run it in.
func plugin(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("fluent-bit"); err != nil {
		t.Skip("skipped: fluent-bit is not on PATH")
	}
	path, err := filepath.Abs("../build/flb-filter_sigma.so")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run make build first", err)
	}
	return path
}

// host is a running Fluent Bit.
type host struct {
	cmd  *exec.Cmd
	done chan error
	log  *syncBuffer
}

// syncBuffer is what a process has written so far.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// program is a Fluent Bit and the text of a configuration for it, YAML or, of older ones, classic.
type program struct {
	path    string
	version [2]int
}

// onPath is the Fluent Bit on PATH.
var onPath = program{path: "fluent-bit"}

// start runs the Fluent Bit on PATH with the plugin, the text of a configuration and what the environment adds.
func start(t *testing.T, config string, env []string, args ...string) *host {
	t.Helper()
	return onPath.run(t, config, env, append([]string{"-e", plugin(t)}, args...))
}

// startBare runs the Fluent Bit on PATH with a configuration that names the plugin itself.
func startBare(t *testing.T, config string) *host {
	t.Helper()
	return onPath.run(t, config, nil, nil)
}

func (b program) run(t *testing.T, config string, env, args []string) *host {
	t.Helper()
	name := "fluent-bit.yaml"
	if strings.HasPrefix(config, "[") {
		name = "fluent-bit.conf"
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return b.runFile(t, file, env, args)
}

// runFile runs b with the file of a configuration.
func (b program) runFile(t *testing.T, file string, env, args []string) *host {
	t.Helper()
	h := &host{cmd: exec.Command(b.path, append(args, "-c", file)...), done: make(chan error, 1), log: &syncBuffer{}}
	h.cmd.Env = append(os.Environ(), env...)
	h.cmd.Stdout, h.cmd.Stderr = h.log, h.log
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { h.done <- h.cmd.Wait() }()
	t.Cleanup(func() { _ = h.cmd.Process.Kill() })
	return h
}

// until waits for something to become true while the host runs.
func (h *host) until(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !ready(); time.Sleep(20 * time.Millisecond) {
		select {
		case err := <-h.done:
			t.Fatalf("the host ended (%v) before %s:\n%s", err, what, h.log)
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("no sign of %s after %v:\n%s", what, deadline, h.log)
		}
	}
}

// stop asks the host to end, as a service manager does, and demands that it ends well.
func (h *host) stop(t *testing.T) {
	t.Helper()
	if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := h.wait(t); code != 0 {
		t.Errorf("the host ended with status %d:\n%s", code, h.log)
	}
}

// wait returns the exit status.
func (h *host) wait(t *testing.T) int {
	t.Helper()
	select {
	case err := <-h.done:
		if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
			t.Fatal(err)
		}
		return h.cmd.ProcessState.ExitCode()
	case <-time.After(deadline):
		t.Fatalf("the host does not end:\n%s", h.log)
		return -1
	}
}

// logged returns the line of the host's log that has all parts, or an empty text.
func (h *host) logged(parts ...string) string {
	for line := range strings.Lines(h.log.String()) {
		found := true
		for _, p := range parts {
			found = found && strings.Contains(line, p)
		}
		if found {
			return line
		}
	}
	return ""
}
