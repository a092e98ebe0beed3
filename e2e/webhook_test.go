package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// webhook takes JSON arrays of records by HTTP.
type webhook struct {
	listener net.Listener

	mu      sync.Mutex
	refuse  int    // so many requests are answered with 503, or not at all, before one is taken
	refused int    // how many were
	header  string // Authorization of the last request
	path    string
	bodies  [][]byte // of requests that were taken
}

// listenHTTP starts a webhook on a port of its own that refuses some requests at first. It ends with the test.
func listenHTTP(t *testing.T, refuse int) *webhook {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &webhook{listener: l, refuse: refuse}
	server := &http.Server{Handler: w}
	t.Cleanup(func() { _ = server.Close() })
	go func() { _ = server.Serve(l) }()
	return w
}

func (w *webhook) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil || w.refused < w.refuse {
		w.refused++
		if w.refused%2 == 0 {
			panic(http.ErrAbortHandler) // no answer at all
		}
		out.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.header, w.path = r.Header.Get("Authorization"), r.URL.Path
	w.bodies = append(w.bodies, body)
}

func (w *webhook) port() int { return w.listener.Addr().(*net.TCPAddr).Port }

// env are the variables by which the shipped files find the webhook.
func (w *webhook) env() []string {
	return []string{
		"WEBHOOK_HOST=127.0.0.1", fmt.Sprintf("WEBHOOK_PORT=%d", w.port()), "WEBHOOK_TLS=off", "WEBHOOK_URI=/alerts",
		"WEBHOOK_AUTHORIZATION=Bearer-x",
	}
}

// records returns what was taken so far.
func (w *webhook) records(t *testing.T) map[string]int {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make(map[string]int)
	for _, body := range w.bodies {
		var list []json.RawMessage
		if err := json.NewDecoder(bytes.NewReader(body)).Decode(&list); err != nil {
			t.Fatalf("%v: %.1000s", err, body)
		}
		for _, record := range list {
			all[canonical(t, record)]++
		}
	}
	return all
}

// check demands that the webhook has been asked as the shipped files say.
func (w *webhook) check(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.header != "Bearer-x" || w.path != "/alerts" || w.refused != w.refuse {
		t.Errorf("Authorization %q at %q, %d requests refused of %d", w.header, w.path, w.refused, w.refuse)
	}
}

// testWebhook runs the alarm with a webhook that is down at first, in every way, and once more over a restart.
func testWebhook(t *testing.T, file string) {
	_, high := sentWith(t, "min_level: high")
	t.Run("refusing", func(t *testing.T) {
		w := listenHTTP(t, 2)
		_, events := corpora(t)
		h := ship(t, onPath, file, w.env()...)
		h.until(t, "all alerts", func() bool { return total(w.records(t)) >= total(high) })
		h.stop(t)
		same(t, "the alerts", high, w.records(t))
		w.check(t)
		if h.logged("sigmatrail:", fmt.Sprintf(" %d events =", events), fmt.Sprintf("; %d dropped", events-total(high))) == "" {
			t.Errorf("not everything else was dropped:\n%s", h.log)
		}
	})
	t.Run("down over a restart", func(t *testing.T) {
		w := listenHTTP(t, 0)
		state := "SIGMA_STATE=" + t.TempDir()
		nowhere := strings.ReplaceAll(strings.Join(w.env(), "\n"), fmt.Sprint(w.port()), fmt.Sprint(freePort(t)))
		h := ship(t, onPath, file, append(strings.Split(nowhere, "\n"), state)...)
		h.until(t, "a failure", func() bool { return h.logged("failed to flush chunk") != "" })
		if err := h.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = h.wait(t)
		h = ship(t, onPath, file, append(w.env(), state)...)
		h.until(t, "all alerts", func() bool { return len(w.records(t)) >= len(high) })
		h.stop(t)
		atLeast(t, "the alerts", high, w.records(t))
	})
}
