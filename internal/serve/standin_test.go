package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/pipeline"
)

// vector stands in for Vector's http_server source with acknowledgements (src/sources/util/http/prelude.rs): it answers 400 where a frame is no JSON
// object, and otherwise when the sinks behind it have the events: 200, or 500 where one has failed for now, or 400 where one has refused them.
type vector struct {
	*httptest.Server

	sinks func(batch int) int // the status that the sinks lead to; nil: 200

	mu      sync.Mutex
	batches int
	events  []string // of batches that were answered with 200
}

func newVector(t *testing.T, sinks func(batch int) int) *vector {
	t.Helper()
	v := &vector{sinks: sinks}
	v.Server = httptest.NewServer(v)
	t.Cleanup(v.Close)
	return v
}

func (v *vector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	var events []string
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSuffix(line, "\n")
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			http.Error(w, `{"code":400,"message":"Failed decoding body: Error parsing JSON"}`, http.StatusBadRequest)
			return
		}
		events = append(events, line)
	}
	v.mu.Lock()
	batch := v.batches
	v.batches++
	v.mu.Unlock()
	status := http.StatusOK
	if v.sinks != nil {
		status = v.sinks(batch)
	}
	if status == http.StatusOK {
		v.mu.Lock()
		v.events = append(v.events, events...)
		v.mu.Unlock()
	}
	w.WriteHeader(status)
}

func (v *vector) taken() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]string(nil), v.events...)
}

// vectorSink stands in for Vector's http sink: it posts a batch until it was taken, again after 408, 429, any 5xx but 501 and errors of the connection
// (src/sinks/util/http.rs), and drops it after anything else.
func vectorSink(t *testing.T, address string, body []byte) (taken bool, attempts int) {
	t.Helper()
	for attempts = 1; attempts < 200; attempts++ {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+EventsPath, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-ndjson")
		response, err := http.DefaultClient.Do(r)
		if err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			switch code := response.StatusCode; {
			case code < 300:
				return true, attempts
			case code == http.StatusNotImplemented, code < 500 && code != http.StatusTooManyRequests && code != http.StatusRequestTimeout:
				return false, attempts
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("no end of trying")
	return false, attempts
}

// door is a server under test.
type door struct {
	*Server

	address string
	log     *logged
	stop    func() error
}

// logged keeps what is logged.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// open starts a server on a port of its own. upstream may be "".
func open(t *testing.T, upstream string, change ...func(*Options)) *door {
	t.Helper()
	log := &logged{}
	o := Options{
		Settings: conf.Default(), Version: "test", MaxBody: 1 << 20, MaxRequests: 8, ReadTimeout: 20 * time.Second, Timeout: 20 * time.Second,
		Grace: 20 * time.Second, Log: slog.New(slog.NewTextHandler(log, nil)),
	}
	if upstream != "" {
		u, err := url.Parse(upstream)
		if err != nil {
			t.Fatal(err)
		}
		o.Upstream = u
	}
	for _, f := range change {
		f(&o)
	}
	engine, err := pipeline.New(o.Settings)
	if err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	d := &door{Server: New(engine, o), address: "http://" + l.Addr().String(), log: log}
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx, l) }()
	var stopped atomic.Bool
	d.stop = func() error {
		stopped.Store(true)
		cancel()
		return <-done
	}
	t.Cleanup(func() {
		if !stopped.Load() {
			if err := d.stop(); err != nil {
				t.Error(err)
			}
		}
		a := d.Accounts()
		if sum := a.Delivered + a.Refused + a.Busy + a.Unavailable + a.Aborted + a.Failed; a.Requests != sum {
			t.Errorf("%d batches, %d outcomes", a.Requests, sum)
		}
		if c := a.Tally; c.Events != c.Matched+c.Unmatched+c.Foreign {
			t.Errorf("events do not add up: %+v", c)
		}
	})
	return d
}

// post sends one body, with headers as pairs of name and value.
func (d *door) post(t *testing.T, body string, headers ...string) (response *http.Response, text string) {
	t.Helper()
	return d.do(t, http.MethodPost, EventsPath, body, headers...)
}

func (d *door) do(t *testing.T, method, path, body string, headers ...string) (response *http.Response, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, d.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err = http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // was read
	all, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(all)
}

// settled waits until so many batches are accounted for: that is done behind their answers.
func (d *door) settled(t *testing.T, batches uint64) Accounts {
	t.Helper()
	eventually(t, func() bool { return d.Accounts().Requests >= batches })
	a := d.Accounts()
	if a.Requests != batches {
		t.Errorf("%d batches, want %d", a.Requests, batches)
	}
	return a
}

func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for range 2000 {
		if holds() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("it never came to hold")
}
