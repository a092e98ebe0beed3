package correlate

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// childVariable names the file of a process that a test has started.
const childVariable = "SIGMA_STATE_CHILD"

const perGroup = 5 // events

const endless = "title: C\nname: c\nlevel: low\ncorrelation: {timespan: 9999d, group-by: [who], type: event_count, rules: [a], condition: {gte: 100000}}\n"

// TestChild is the process that is killed: it feeds numbered events, from a number on, and says after each one what it was, when that was, and how often
// something had been saved by then.
func TestChild(t *testing.T) {
	path := os.Getenv(childVariable)
	if path == "" {
		t.Skip("it is started by others")
	}
	_, compiled := load(t, endless)
	s, err := OpenState(path, Options{Now: time.Now}, func(line string, _ bool) { fmt.Println("#", line) })
	if err != nil {
		t.Fatal(err)
	}
	first, err := strconv.Atoi(os.Getenv(childVariable + "_FROM"))
	if err != nil {
		t.Fatal(err)
	}
	c := NewCorrelator(compiled, s)
	fmt.Println("open")
	for n := first; first >= 0; n++ {
		feedOne(c, int64(n), fmt.Sprint(n/perGroup), fmt.Sprint("k", n))
		fmt.Println(n, time.Now().UnixNano(), s.Stats().Saves)
		time.Sleep(200 * time.Microsecond)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// child starts a process that feeds events, or with -1 only opens the file.
func child(t *testing.T, path string, from int) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), must(os.Executable()), "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), childVariable+"="+path, childVariable+"_FROM="+strconv.Itoa(from))
	_ = must(cmd.StdinPipe())
	out := must(cmd.StdoutPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// applied is an event that a process said it had applied.
type applied struct {
	n, saves int
	at       time.Time
}

// killed runs a process for a while, kills it, and returns what it had said by then and when that was.
func killed(t *testing.T, path string, from int, after time.Duration) (list []applied, at time.Time) {
	t.Helper()
	cmd, out := child(t, path, from)
	killed := make(chan time.Time, 1)
	time.AfterFunc(after, func() {
		now := time.Now()
		_ = cmd.Process.Kill()
		killed <- now
	})
	for out.Scan() {
		var a applied
		var nanos int64
		if n, _ := fmt.Sscan(out.Text(), &a.n, &nanos, &a.saves); n == 3 {
			a.at = time.Unix(0, nanos)
			list = append(list, a)
		} else if text := out.Text(); text != "open" && !strings.HasSuffix(text, "restored") {
			t.Fatal(text)
		}
	}
	at = <-killed
	if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Fatalf("it ended by itself: %v", err)
	}
	return list, at
}

// saved returns the numbers of the events in a file, which must be sound.
func saved(t *testing.T, path string) map[int]bool {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.View(func(tx *bbolt.Tx) error { return errors.Join(slices.Collect(checks(tx))...) }), db.Close()); err != nil {
		t.Fatal(err)
	}
	s, said := reopen(t, path, Options{Now: time.Now}, saveEvery, aMinute)
	if text := said.String(); text != "" && !strings.HasSuffix(text, "restored") {
		t.Fatal(text)
	}
	events := make(map[int]bool)
	for _, g := range groupsOf(s) {
		for i := range g.events {
			events[must(strconv.Atoi(strings.TrimPrefix(g.events[i].eventID(), "k")))] = true
		}
	}
	shut(t, s)
	return events
}

// TestKill kills a process at any moment, again and again, and looks at what it has left. With SIGMA_KILLS, that many times; then what was applied a second before must
// be there, too, which on a busy machine may take longer.
func TestKill(t *testing.T) {
	times, timed := 6, false
	if text := os.Getenv("SIGMA_KILLS"); text != "" {
		times, timed = must(strconv.Atoi(text)), true
	}
	path := filepath.Join(t.TempDir(), "state")
	next, checked, late, most := 0, 0, 0, time.Duration(0)
	required := make(map[int]bool)
	for round := range times {
		after := time.Duration(rand.Int64N(int64(1500 * time.Millisecond)))
		list, at := killed(t, path, next, after)
		for i, a := range list {
			next = a.n + perGroup // one more may have been applied
			last := list[len(list)-1]
			if last.saves >= a.saves+2 || (timed && a.at.Before(at.Add(-time.Second))) {
				required[a.n] = true
				checked++
			}
			if i == len(list)-1 && a.saves > 0 {
				late++
			}
		}
		events := saved(t, path)
		for n := range required {
			if !events[n] {
				t.Fatalf("round %d, killed after %v: event %d is lost", round, after, n)
			}
		}
		for _, a := range list {
			if !events[a.n] {
				most = max(most, at.Sub(a.at))
			}
		}
		required = events
	}
	t.Logf("%d kills, %d of them behind a save, %d events that had to be there, %d there at last; the oldest one lost was applied %v before the kill", times, late, checked, len(required), most)
	if timed && checked == 0 {
		t.Error("that proves nothing")
	}
}

func TestTwoProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	cmd, out := child(t, path, -1)
	for out.Scan() && out.Text() != "open" {
		t.Log(out.Text())
	}
	_, err := OpenState(path, Options{}, func(string, bool) {})
	if err == nil || err.Error() != path+": another process has this state of correlations open: give each process a file of its own" {
		t.Error(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	s, said := reopen(t, path, Options{}, saveEvery, aMinute)
	if s.Stats().Groups != 0 || said.String() != "" {
		t.Error(said)
	}
}
