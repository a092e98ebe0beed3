package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// service is a running receiver of records that is a program of its own (e2e/receivers). It ends with its standard input.
type service struct {
	name string
	out  *syncBuffer // standard output
	log  *syncBuffer // standard error
	done chan struct{}
}

// startService runs a receiver that make receivers has built. Without built, one of its files, the test is skipped.
func startService(t *testing.T, name, built string, cmd *exec.Cmd) *service {
	t.Helper()
	if _, err := os.Stat(built); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("skipped: %s is not built: run make receivers, which says what it lacks", name)
	}
	s := &service{name: name, out: &syncBuffer{}, log: &syncBuffer{}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = s.out, s.log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	go func() {
		_ = cmd.Wait() // an end that nobody asked for is noticed in until
		close(s.done)
	}()
	t.Cleanup(func() {
		_ = stdin.Close()
		select {
		case <-s.done:
		case <-time.After(deadline):
			_ = cmd.Process.Kill()
			t.Errorf("%s does not end", name)
		}
		if t.Failed() {
			t.Logf("the log of %s:\n%s", name, tail(s.log.String()))
		}
	})
	return s
}

// tail returns the end of a log, which is not to bury what the test has to say.
func tail(log string) string {
	const most = 16 << 10
	return log[max(0, len(log)-most):]
}

// until waits for something to become true while the receiver runs. A virtual machine that starts on a busy machine takes its time.
func (s *service) until(t *testing.T, what string, ready func() bool) {
	t.Helper()
	const patience = 3 * deadline
	for end := time.Now().Add(patience); !ready(); time.Sleep(20 * time.Millisecond) {
		select {
		case <-s.done:
			t.Fatalf("%s ended before %s", s.name, what)
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("no sign of %s in %s after %v", what, s.name, patience)
		}
	}
}

// canonical writes a JSON text in the one way in which values that are equal, and of the same type, have the same text: keys sorted, integers as
// they are, other numbers as Go writes them.
func canonical(t *testing.T, text []byte) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v: %.1000s", err, text)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Fatalf("more than one value: %.1000s", text)
	}
	return string(encode(t, plain(v)))
}

// plain gives numbers a type: int64 where they are one, float64 elsewhere.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	}
	return v
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// sent returns what the receiver of the forward output has taken, as canonical JSON texts and how often each came.
func (r *receiver) sent(t *testing.T) map[string]int {
	t.Helper()
	all := make(map[string]int)
	for _, body := range r.take(t) {
		var v any
		if err := msgpack.Unmarshal(body, &v); err != nil {
			t.Fatal(err)
		}
		all[canonical(t, encode(t, v))]++
	}
	return all
}

// withHits counts the records on which the filter has written something.
func withHits(records map[string]int) int {
	n := 0
	for text, times := range records {
		if strings.Contains(text, `"sigma":{"level":`) {
			n += times
		}
	}
	return n
}
