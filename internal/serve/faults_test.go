package serve

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// TestUpstreamAnswers: what each answer of the upstream means to the sender, who is told nothing but that; and what a sender like Vector then does.
func TestUpstreamAnswers(t *testing.T) {
	f := func(upstream, want int, retry bool) {
		t.Helper()
		v := newVector(t, func(batch int) int {
			if batch < 2 {
				return upstream
			}
			return http.StatusOK
		})
		d := open(t, v.URL)
		response, text := d.post(t, quiet)
		if response.StatusCode != want || !strings.Contains(text, fmt.Sprintf(`"error":"upstream: %d `, upstream)) {
			t.Errorf("%d: answered %d %s, want %d", upstream, response.StatusCode, text, want)
		}
		if got := response.Header.Get("Retry-After"); (got != "") != retry {
			t.Errorf("%d: Retry-After %q", upstream, got)
		}
		if got := response.Header.Get("Sigmatrail-Events"); got != "" {
			t.Errorf("%d: %s events are said to be delivered", upstream, got)
		}
		if a := d.Accounts(); a.Delivered != 0 || a.Tally.Events != 0 || (a.Refused == 1) == retry || (a.Unavailable == 1) != retry {
			t.Errorf("%d: %+v", upstream, a)
		}
		taken, _ := vectorSink(t, d.address, []byte(quiet))
		if taken != retry || len(v.taken()) != map[bool]int{true: 1}[retry] {
			t.Errorf("%d: taken: %v, %q", upstream, taken, v.taken())
		}
	}
	f(400, 400, false)
	f(413, 413, false)
	f(422, 422, false)
	f(408, 503, true)
	f(429, 503, true)
	f(500, 503, true)
	f(501, 503, true)
	f(502, 503, true)
	f(503, 503, true)
	// Something else listens there, or listens otherwise: no reason for the sender to drop anything.
	f(302, 503, true)
	f(401, 503, true)
	f(404, 503, true)
	f(405, 503, true)
}

// TestRetryAfter: the upstream's own is passed on where it is a number.
func TestRetryAfter(t *testing.T) {
	f := func(said, want string) {
		t.Helper()
		v := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", said)
			w.WriteHeader(http.StatusServiceUnavailable)
		}))
		defer v.Close()
		if response, _ := open(t, v.URL).post(t, quiet); response.Header.Get("Retry-After") != want {
			t.Errorf("%q: got %q, want %q", said, response.Header.Get("Retry-After"), want)
		}
	}
	f("17", "17")
	f("-1", "5")
	f("soon", "5")
	f("", "5")
}

// TestUpstreamDown: nobody listens; the sender holds the batch until somebody does, and then it is there once.
func TestUpstreamDown(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	d := open(t, "http://"+address)
	response, text := d.post(t, quiet)
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") != "5" || !strings.Contains(text, "connection refused") {
		t.Errorf("%d %s", response.StatusCode, text)
	}
	taken := make(chan bool)
	go func() {
		ok, _ := vectorSink(t, d.address, []byte(quiet+"\n"+other))
		taken <- ok
	}()
	eventually(t, func() bool { return d.Accounts().Unavailable > 2 })
	v := &vector{}
	again, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Skipf("the port was taken by somebody else: %v", err)
	}
	v.Server = httptest.NewUnstartedServer(v)
	v.Listener = again
	v.Start()
	defer v.Close()
	if !<-taken {
		t.Error("dropped")
	}
	if got := v.taken(); len(got) != 2 || got[0] != quiet || got[1] != other {
		t.Errorf("taken: %q", got)
	}
}

// TestUpstreamSlow: the wait is bounded, and the sender is told to try again.
func TestUpstreamSlow(t *testing.T) {
	var slow atomic.Bool
	slow.Store(true)
	gone := make(chan struct{}, 1)
	v := newVector(t, nil)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slow.Load() {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done() // nobody waits for the answer any more
			gone <- struct{}{}
			return
		}
		v.ServeHTTP(w, r)
	}))
	defer front.Close()
	d := open(t, front.URL, func(o *Options) { o.Timeout = 50 * time.Millisecond })
	response, text := d.post(t, quiet)
	if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(text, "no answer within 50ms (--upstream-timeout)") {
		t.Errorf("%d %s", response.StatusCode, text)
	}
	<-gone
	slow.Store(false)
	d.options.Timeout = time.Minute
	if taken, attempts := vectorSink(t, d.address, []byte(quiet)); !taken || attempts != 1 {
		t.Errorf("taken: %v at the attempt %d", taken, attempts)
	}
}

// TestUpstreamDies: what takes a batch and dies before it answers has not taken it, as far as anybody knows.
func TestUpstreamDies(t *testing.T) {
	f := func(name string, die func(net.Conn)) {
		t.Helper()
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() //nolint:errcheck // a test
		var posts atomic.Int32
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					_, _ = io.Copy(io.Discard, r.Body)
					posts.Add(1)
				}
				die(c)
				_ = c.Close()
			}
		}()
		d := open(t, "http://"+l.Addr().String())
		response, text := d.post(t, quiet)
		if response.StatusCode != http.StatusServiceUnavailable || posts.Load() != 1 {
			t.Errorf("%s: %d %s, %d times", name, response.StatusCode, text, posts.Load())
		}
		if a := d.Accounts(); a.Unavailable != 1 || a.Delivered != 0 {
			t.Errorf("%s: %+v", name, a)
		}
	}
	f("without an answer", func(net.Conn) {})
	f("within the head of its answer", func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 20") })
	f("with no HTTP", func(c net.Conn) { _, _ = io.WriteString(c, "hello\r\n\r\n") })
}

// TestTooLarge: as it comes, and unpacked.
func TestTooLarge(t *testing.T) {
	const most = 4096
	v := newVector(t, nil)
	d := open(t, v.URL, func(o *Options) { o.MaxBody = most })
	bomb := make([]byte, 64<<20)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(bomb)
	_ = z.Close()
	e, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := func(name, body string, status int, headers ...string) {
		t.Helper()
		response, text := d.post(t, body, headers...)
		if response.StatusCode != status || (status == 413) != strings.Contains(text, "more than 4096 bytes (--max-body); send smaller batches") {
			t.Errorf("%s: %d %s, want %d", name, response.StatusCode, text, status)
		}
	}
	line := func(n int) string { return `{"a":"` + strings.Repeat("x", n-8) + `"}` }
	f("as much as may be", line(most), 200)
	f("one byte more", line(most+1), 413)
	f("gzip bomb", zipped.String()[:most/2], 413, "Content-Encoding", "gzip")
	f("zstd bomb", string(e.EncodeAll(bomb, nil)), 413, "Content-Encoding", "zstd")
	pipe, in := io.Pipe()
	go func() { // of unknown length
		_, _ = in.Write([]byte(line(most + 1)))
		_ = in.Close()
	}()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.address+EventsPath, pipe)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != 413 {
		t.Errorf("chunked: %d", response.StatusCode)
	}
	if a := d.Accounts(); a.Delivered != 1 || a.Refused != 4 || len(v.taken()) != 1 {
		t.Errorf("%+v, %d taken", a, len(v.taken()))
	}
}

// dial sends the head of a request and the beginning of its body.
func dial(t *testing.T, d *door, length int, body string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(d.address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_, err = fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", EventsPath, length, body)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSlowClient: whoever does not send what was announced is not waited for, and nothing of it is passed on.
func TestSlowClient(t *testing.T) {
	v := newVector(t, nil)
	d := open(t, v.URL, func(o *Options) { o.ReadTimeout = 50 * time.Millisecond })
	c := dial(t, d, 1000, quiet)
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusRequestTimeout || !response.Close {
		t.Errorf("%d, the connection is closed: %v", response.StatusCode, response.Close)
	}
	if a := d.Accounts(); a.Aborted != 1 || len(v.taken()) != 0 {
		t.Errorf("%+v, taken: %q", a, v.taken())
	}
}

// TestSlowUpstreamIsNoSlowClient: the time to read a request does not run while the upstream is asked.
func TestSlowUpstreamIsNoSlowClient(t *testing.T) {
	v := newVector(t, func(int) int { time.Sleep(900 * time.Millisecond); return http.StatusOK })
	d := open(t, v.URL, func(o *Options) { o.ReadTimeout = 600 * time.Millisecond })
	for range 2 { // twice on one connection
		if response, text := d.post(t, quiet); response.StatusCode != http.StatusOK {
			t.Errorf("%d %s", response.StatusCode, text)
		}
	}
}

// TestIdleConnection: a connection that waits longer than a response may take to be read is as good as before.
func TestIdleConnection(t *testing.T) {
	d := open(t, "", func(o *Options) { o.ReadTimeout = 600 * time.Millisecond })
	for range 2 {
		if response, text := d.post(t, quiet); response.StatusCode != http.StatusOK || text != quiet+"\n" {
			t.Errorf("%d %s", response.StatusCode, text)
		}
		time.Sleep(800 * time.Millisecond)
	}
}

// TestClientGoesAway: in the midst of its body, and while the upstream is asked.
func TestClientGoesAway(t *testing.T) {
	asked, answer := make(chan struct{}, 1), make(chan struct{})
	v := newVector(t, func(int) int { asked <- struct{}{}; <-answer; return http.StatusOK })
	d := open(t, v.URL)
	_ = dial(t, d, 1000, quiet+"\n").Close()
	a := d.settled(t, 1)
	if a.Aborted != 1 || len(v.taken()) != 0 {
		t.Errorf("%+v, taken: %q", a, v.taken())
	}
	c := dial(t, d, len(quiet), quiet)
	<-asked
	_ = c.Close()
	if a = d.settled(t, 2); a.Aborted != 2 || a.Tally.Events != 0 {
		t.Errorf("%+v", a)
	}
	close(answer)
	if text := d.log.String(); !strings.Contains(text, "the client went away while the upstream was asked") {
		t.Error(text)
	}
}

// TestGivenBackUnread: a sender that does not read what is given back is not waited for.
func TestGivenBackUnread(t *testing.T) {
	body := strings.Repeat(other+"\n", 1<<20)
	d := open(t, "", func(o *Options) { o.MaxBody, o.ReadTimeout = int64(len(body)), time.Second })
	c := dial(t, d, len(body), body)
	if a := d.settled(t, 1); a.Aborted != 1 || a.Tally.Events != 0 {
		t.Errorf("%+v", a)
	}
	_ = c.Close()
}

// TestBusy: no more batches are in memory than were allowed; the others are sent away, and come again.
func TestBusy(t *testing.T) {
	asked, answer := make(chan struct{}, 100), make(chan struct{})
	v := newVector(t, func(int) int { asked <- struct{}{}; <-answer; return http.StatusOK })
	d := open(t, v.URL, func(o *Options) { o.MaxRequests = 2 })
	var senders sync.WaitGroup
	var taken atomic.Int32
	for i := range 6 {
		senders.Go(func() {
			if ok, _ := vectorSink(t, d.address, fmt.Appendf(nil, `{"a":%d}`, i)); ok {
				taken.Add(1)
			}
		})
	}
	<-asked
	<-asked
	response, text := d.post(t, quiet)
	if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") != "1" || !strings.Contains(text, "2 batches are being worked on") {
		t.Errorf("%d %s", response.StatusCode, text)
	}
	if n := len(d.slots); n != 2 {
		t.Errorf("%d batches in memory", n)
	}
	close(answer)
	senders.Wait()
	if taken.Load() != 6 || len(v.taken()) != 6 {
		t.Errorf("%d senders, %d events", taken.Load(), len(v.taken()))
	}
	if a := d.Accounts(); a.Busy == 0 || a.Delivered != 6 {
		t.Errorf("%+v", a)
	}
}

// TestStop: requests in flight are finished, no new ones are taken; beyond the grace their senders see that nothing was taken.
func TestStop(t *testing.T) {
	asked, answer := make(chan struct{}, 1), make(chan struct{})
	v := newVector(t, func(int) int { asked <- struct{}{}; <-answer; return http.StatusOK })
	f := func(grace time.Duration) (status int, posted, stopped error) {
		d := open(t, v.URL, func(o *Options) { o.Grace = grace })
		posting := make(chan struct{})
		go func() {
			defer close(posting)
			var r *http.Request
			if r, posted = http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, d.address+EventsPath, strings.NewReader(quiet)); posted != nil {
				return
			}
			var response *http.Response
			if response, posted = http.DefaultClient.Do(r); posted == nil {
				status = response.StatusCode
				_ = response.Body.Close()
			}
		}()
		<-asked
		ended := make(chan error)
		go func() { ended <- d.stop() }()
		eventually(t, func() bool {
			c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(d.address, "http://"))
			if err == nil {
				_ = c.Close()
			}
			return err != nil
		})
		if grace > time.Second {
			answer <- struct{}{}
		}
		stopped = <-ended
		<-posting
		return status, posted, stopped
	}
	if status, posted, stopped := f(time.Minute); status != http.StatusOK || posted != nil || stopped != nil {
		t.Errorf("%d %v %v", status, posted, stopped)
	}
	if status, posted, stopped := f(20 * time.Millisecond); posted == nil || stopped == nil || !strings.Contains(stopped.Error(), "not finished within 20ms") {
		t.Errorf("%d %v %v", status, posted, stopped)
	}
	close(answer)
}

// TestFault: a fault in judging one event makes a message of it, and the others go on; any other ends its request alone.
func TestFault(t *testing.T) {
	d := open(t, "")
	g := d.now.Load()
	w := &work{batch: &batch{}, generation: g, judge: nil, key: "sigma_error"} // a nil Judge panics
	for range 2 {
		if err := w.value([]byte(quiet), 1); err != nil {
			t.Fatal(err)
		}
	}
	got := strings.Split(string(w.out), "\n")
	if w.faults != 1 || w.broken != 1 || w.counts.Events != 1 || len(got) != 3 || got[1] != quiet ||
		!strings.Contains(got[0], "internal error") || !strings.HasPrefix(got[0], fmt.Sprintf(`{"message":%q,`, quiet)) {
		t.Errorf("%d faults, %d broken, %q", w.faults, w.broken, got)
	}

	log := d.options.Log.Handler()
	d = open(t, "", func(o *Options) { o.Log = slog.New(faulty{log}) })
	for range 2 {
		if response, text := d.post(t, "x"); response.StatusCode != http.StatusInternalServerError || !strings.Contains(text, "internal error") {
			t.Errorf("%d %s", response.StatusCode, text)
		}
	}
	if response, _ := d.post(t, quiet); response.StatusCode != http.StatusOK {
		t.Errorf("%d", response.StatusCode)
	}
	if a := d.settled(t, 3); a.Failed != 2 || a.Delivered != 1 || len(d.slots) != 0 {
		t.Errorf("%+v", a)
	}
}

// faulty panics where a broken line is logged.
type faulty struct{ slog.Handler }

func (f faulty) Handle(ctx context.Context, r slog.Record) error {
	if r.Level == slog.LevelWarn {
		panic("out of cheese")
	}
	return f.Handler.Handle(ctx, r)
}

// TestNothingLost: many senders, an upstream that fails now and then in every way, and in the end every line of a batch that was taken is there: as
// often as batches were taken, no more and no less.
func TestNothingLost(t *testing.T) {
	v := newVector(t, func(batch int) int {
		return []int{200, 500, 200, 503, 429, 200, 200}[batch%7]
	})
	d := open(t, v.URL, func(o *Options) { o.MaxRequests = 3 })
	const senders, batches, lines = 8, 10, 20
	var all sync.WaitGroup
	for sender := range senders {
		all.Go(func() {
			for n := range batches {
				var body []byte
				for line := range lines {
					body = fmt.Appendf(body, `{"eventSource":"iam.amazonaws.com","eventName":"CreateUser","id":"%d-%d-%d"}`+"\n", sender, n, line)
				}
				body = fmt.Appendf(body, "broken %d-%d\n", sender, n)
				if taken, _ := vectorSink(t, d.address, body); !taken {
					t.Error("dropped")
				}
			}
		})
	}
	all.Wait()
	seen := make(map[string]int)
	for _, event := range v.taken() {
		seen[event]++
	}
	const want = senders * batches * (lines + 1)
	if len(seen) != want {
		t.Errorf("%d different events, want %d", len(seen), want)
	}
	for event, n := range seen {
		if n != 1 {
			t.Errorf("%d times: %s", n, event)
		}
	}
	a := d.Accounts()
	if a.Delivered != senders*batches || a.Tally.Events != senders*batches*lines || a.Broken != senders*batches || a.Unavailable == 0 {
		t.Errorf("%+v", a)
	}
}

// TestListenerFails: what the listener fails with ends Run.
func TestListenerFails(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	if err := open(t, "").Run(t.Context(), l); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}
