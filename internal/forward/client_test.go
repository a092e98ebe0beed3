package forward_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"

	"sigmatrail/internal/forward"
	"sigmatrail/internal/forward/receiver"
)

func listen(t *testing.T, o receiver.Options) *receiver.Receiver {
	t.Helper()
	r, err := receiver.Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Stop()
		for _, f := range r.Faults() {
			t.Error("received:", f)
		}
	})
	return r
}

// to is how one sends to a receiver.
func to(r *receiver.Receiver) forward.Config {
	return forward.Config{Network: "tcp", Address: r.Address(), Ack: true, ConnectTimeout: 20 * time.Second, SelfHostname: "sender.example"}
}

// newClient checks, too, that no goroutine is left when the test is over.
func newClient(t *testing.T, c forward.Config) *forward.Client {
	t.Helper()
	before := runtime.NumGoroutine()
	client := forward.New(c)
	t.Cleanup(func() {
		client.Close()
		for range 500 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		var stacks bytes.Buffer
		stacks.Grow(1 << 16)
		b := stacks.AvailableBuffer()
		b = b[:cap(b)]
		t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, b[:runtime.Stack(b, true)])
	})
	return client
}

// entry is [time, {"n": n}] with headers that an encoder would not choose, so that encoding anew would show.
func entry(n byte) []byte {
	return append([]byte("\x92\xd7\x00\x65\x00\x00\x00\x00\x00\x00\x07\xdf\x00\x00\x00\x01\xd9\x01n"), n)
}

func message(tag string, entries ...byte) *forward.Message {
	m := &forward.Message{Tag: tag, Count: len(entries)}
	for _, n := range entries {
		m.Entries = append(m.Entries, entry(n)...)
	}
	return m
}

// send sends with a bound that a sound test never reaches.
func send(t *testing.T, c *forward.Client, messages ...*forward.Message) error {
	t.Helper()
	return sendWithin(t, c, 30*time.Second, messages...)
}

func sendWithin(t *testing.T, c *forward.Client, limit time.Duration, messages ...*forward.Message) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	return c.Send(ctx, messages)
}

func received(r *receiver.Receiver, tag string) (numbers []byte) {
	for _, e := range r.Entries(tag) {
		numbers = append(numbers, e[len(e)-1])
	}
	return numbers
}

// TestSend: every way to send delivers the same bytes, in order, under their tags.
func TestSend(t *testing.T) {
	certificates, err := receiver.NewCertificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	server, client := secure(t, certificates)
	for name, ways := range map[string]struct {
		options receiver.Options
		config  func(*forward.Config)
	}{
		"plain":    {receiver.Options{}, func(*forward.Config) {}},
		"gzip":     {receiver.Options{}, func(c *forward.Config) { c.Gzip = true }},
		"no ack":   {receiver.Options{}, func(c *forward.Config) { c.Ack = false }},
		"unix":     {receiver.Options{Network: "unix", Address: filepath.Join(t.TempDir(), "s")}, func(c *forward.Config) { c.Network = "unix" }},
		"tls":      {receiver.Options{TLS: server}, func(c *forward.Config) { c.TLS = client }},
		"key":      {receiver.Options{SharedKey: "secret"}, func(c *forward.Config) { c.SharedKey = "secret" }},
		"once":     {receiver.Options{SharedKey: "secret", Once: true}, func(c *forward.Config) { c.SharedKey = "secret" }},
		"no user":  {receiver.Options{SharedKey: "secret", Salted: true}, func(c *forward.Config) { c.SharedKey = "secret" }},
		"user":     {receiver.Options{SharedKey: "secret", Users: map[string]string{"ann": "pw"}}, func(c *forward.Config) { c.SharedKey, c.Username, c.Password = "secret", "ann", "pw" }},
		"tls, all": {receiver.Options{SharedKey: "k", TLS: server, Users: map[string]string{"ann": ""}}, func(c *forward.Config) { c.TLS, c.SharedKey, c.Username, c.Gzip = client, "k", "ann", true }},
	} {
		t.Run(name, func(t *testing.T) {
			r := listen(t, ways.options)
			config := to(r)
			ways.config(&config)
			c := newClient(t, config)
			const rounds = 5
			for n := range byte(rounds) {
				if err := send(t, c, message("a", 2*n, 2*n+1), message("b", 100+n)); err != nil {
					t.Fatal(err)
				}
			}
			for range 1000 { // what is not acknowledged may still be on its way
				if len(r.Messages()) == 2*rounds {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			for tag, want := range map[string][]byte{"a": {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, "b": {100, 101, 102, 103, 104}} {
				if diff := cmp.Diff(want, received(r, tag)); diff != "" {
					t.Errorf("%s: %s", tag, diff)
				}
			}
			if got := r.Entries("a"); len(got) > 0 && !bytes.Equal(got[0], entry(0)) {
				t.Errorf("%x", got[0])
			}
			if n := r.Connections(); n != 1 && !ways.options.Once {
				t.Errorf("%d connections", n)
			}
		})
	}
}

// secure returns the two sides of TLS, with certificates for both.
func secure(t *testing.T, c receiver.Certificates) (server, client *tls.Config) {
	t.Helper()
	pair := func(cert, key string) []tls.Certificate {
		p, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		return []tls.Certificate{p}
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &tls.Config{Certificates: pair(c.ServerCertFile, c.ServerKeyFile), ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots},
		&tls.Config{Certificates: pair(c.ClientCertFile, c.ClientKeyFile), RootCAs: roots, ServerName: "127.0.0.1"}
}

// TestErrors: whatever is wrong is said, no message counts as delivered, and a receiver that has come to its senses gets what is left.
func TestErrors(t *testing.T) {
	certificates, err := receiver.NewCertificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	server, client := secure(t, certificates)
	other := client.Clone()
	other.RootCAs = x509.NewCertPool()
	wrong := func(a receiver.Answer) func(int) receiver.Answer {
		return func(n int) receiver.Answer {
			if n == 0 {
				return a
			}
			return receiver.Acknowledge
		}
	}
	for _, test := range []struct {
		name    string
		options receiver.Options
		config  func(*forward.Config)
		want    string
		mends   bool // the next attempt goes well
	}{
		{"hangs up inside a message", receiver.Options{Answer: wrong(receiver.HangUp)}, nil, "", true},
		{"hangs up behind a message", receiver.Options{Answer: wrong(receiver.HangUpAfter)}, nil, "no acknowledgement from 127.0.0.1", true},
		{"acknowledges another message", receiver.Options{Answer: wrong(receiver.Lie)}, nil, "which was not sent", true},
		{"never acknowledges", receiver.Options{Answer: wrong(receiver.Silence)}, nil, "i/o timeout", true},
		{"another key", receiver.Options{SharedKey: "a"}, func(c *forward.Config) { c.SharedKey = "b" }, "another shared key", false},
		{"a key, and none set", receiver.Options{SharedKey: "a"}, nil, "asks for a shared key", false},
		{"no key, and one set", receiver.Options{}, func(c *forward.Config) { c.SharedKey = "b"; c.ConnectTimeout = time.Second / 4 }, "waiting for HELO", false},
		{"another user", receiver.Options{SharedKey: "a", Users: map[string]string{"ann": "x"}}, func(c *forward.Config) { c.SharedKey, c.Username = "a", "ann" }, "username/password mismatch", false},
		{"a user, and none set", receiver.Options{SharedKey: "a", Users: map[string]string{"ann": "x"}}, func(c *forward.Config) { c.SharedKey = "a" }, "username/password mismatch", false},
		{"unknown authority", receiver.Options{TLS: server}, func(c *forward.Config) { c.TLS = other }, "certificate signed by unknown authority", false},
		{"another name", receiver.Options{TLS: server}, func(c *forward.Config) { c.TLS = client.Clone(); c.TLS.ServerName = "other.example" }, "other.example", false},
		{"no TLS", receiver.Options{}, func(c *forward.Config) { c.TLS = client; c.ConnectTimeout = time.Second }, "connecting to 127.0.0.1", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := receiver.Listen(test.options)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Stop()
			config := to(r)
			if test.config != nil {
				test.config(&config)
			}
			c := newClient(t, config)
			m := message("t", 1)
			if err := sendWithin(t, c, time.Second, m); err == nil || !strings.Contains(err.Error(), test.want) || m.Delivered {
				t.Fatalf("error %v, want one with %q; delivered: %v", err, test.want, m.Delivered)
			}
			if test.mends {
				if err := send(t, c, m); err != nil || !m.Delivered || !slices.Contains(received(r, "t"), 1) {
					t.Errorf("%v; received: %v", err, received(r, "t"))
				}
			}
		})
	}
}

// TestRestart: a receiver that has gone away while nothing was sent is found out before anything is written to it, with acknowledgements or
// without; while it is away sending fails.
func TestRestart(t *testing.T) {
	certificates, err := receiver.NewCertificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	server, client := secure(t, certificates)
	for name, ack := range map[string]bool{"ack": true, "no ack": false, "tls": true, "tls no ack": false} {
		t.Run(name, func(t *testing.T) {
			options := receiver.Options{}
			if strings.HasPrefix(name, "tls") {
				options.TLS = server
			}
			r := listen(t, options)
			config := to(r)
			if config.Ack = ack; options.TLS != nil {
				config.TLS = client
			}
			c := newClient(t, config)
			for n := range byte(4) {
				if err := send(t, c, message("t", n)); err != nil {
					t.Fatal(err)
				}
				for range 1000 {
					if len(r.Messages()) == int(n)+1 {
						break
					}
					time.Sleep(10 * time.Millisecond)
				}
				r.Stop()
				if err := sendWithin(t, c, time.Second, message("t", 99)); err == nil {
					t.Error("sent to nobody")
				}
				if err := r.Start(); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff([]byte{0, 1, 2, 3}, received(r, "t")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPart: of two messages of which one was acknowledged, the other alone is sent again, under the same id.
func TestPart(t *testing.T) {
	r := listen(t, receiver.Options{Answer: func(n int) receiver.Answer {
		if n == 1 {
			return receiver.HangUpAfter
		}
		return receiver.Acknowledge
	}})
	c := newClient(t, to(r))
	a, b := message("a", 1), message("b", 2)
	if err := send(t, c, a, b); err == nil || !a.Delivered || b.Delivered {
		t.Fatalf("%v; delivered: %v, %v", err, a.Delivered, b.Delivered)
	}
	if err := send(t, c, a, b); err != nil || !b.Delivered {
		t.Fatal(err)
	}
	if len(received(r, "a")) != 1 || len(received(r, "b")) != 2 {
		t.Errorf("%v %v", received(r, "a"), received(r, "b"))
	}
	if list := r.Messages(); list[1].Options["chunk"] != list[2].Options["chunk"] || list[0].Options["chunk"] == list[1].Options["chunk"] {
		t.Errorf("%v", list)
	}
}

// TestCancel: a call ends when it is told to, and a closed client sends nothing.
func TestCancel(t *testing.T) {
	r := listen(t, receiver.Options{Answer: func(int) receiver.Answer { return receiver.Silence }})
	c := newClient(t, to(r))
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	go func() {
		for len(r.Messages()) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if err := c.Send(ctx, []*forward.Message{message("t", 1)}); err == nil {
		t.Error("no error")
	}
	c.Close()
	if err := send(t, c, message("t", 1)); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Error(err)
	}
}

// TestConcurrent: calls at once have connections for themselves, and leave no more than there were calls.
func TestConcurrent(t *testing.T) {
	const senders, rounds = 8, 50
	r := listen(t, receiver.Options{})
	c := newClient(t, to(r))
	var all sync.WaitGroup
	for s := range byte(senders) {
		all.Go(func() {
			for range rounds {
				if err := send(t, c, message("t", s)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := len(received(r, "t")); n != senders*rounds || r.Connections() > senders {
		t.Errorf("%d entries on %d connections", n, r.Connections())
	}
}

// TestHostileReplies: whatever a receiver answers is an error, in bounded memory.
func TestHostileReplies(t *testing.T) {
	long, err := msgpack.Marshal(map[string]string{"ack": strings.Repeat("x", 1<<17)})
	if err != nil {
		t.Fatal(err)
	}
	for name, reply := range map[string]string{
		"nothing": "", "nil": "\xc0", "unused byte": "\xc1", "a huge text": "\xdb\xff\xff\xff\xff", "a huge array": "\xdd\xff\xff\xff\xff\xc0", "a huge map": "\xdf\xff\xff\xff\xff",
		"depth": strings.Repeat("\x91", 1<<17), "an extension": "\xc7\x01\x05x", "keys that are no texts": "\x81\x01\x02", "long": string(long), "no ack": "\x81\xa1a\xa1b", "PONG": "\x91\xa4PONG",
	} {
		t.Run(name, func(t *testing.T) {
			address := answerAll(t, reply)
			config := forward.Config{Network: "tcp", Address: address, Ack: true, ConnectTimeout: 20 * time.Second}
			for _, key := range []string{"", "k"} {
				config.SharedKey = key
				c := newClient(t, config)
				m := message("t", 1)
				if err := send(t, c, m); err == nil || m.Delivered {
					t.Errorf("error %v, delivered: %v", err, m.Delivered)
				}
			}
		})
	}
}
