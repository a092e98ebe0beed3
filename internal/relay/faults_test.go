package relay

import (
	"crypto/tls"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"sigmatrail/internal/forward/receiver"
)

// TestReceiverFaults: whatever is wrong with the receiver, a chunk is to be tried again and the reason is said; when the receiver has come to its
// senses within the flush, or later, the events arrive.
func TestReceiverFaults(t *testing.T) {
	certificates, err := receiver.NewCertificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(certificates.ServerCertFile, certificates.ServerKeyFile)
	if err != nil {
		t.Fatal(err)
	}
	server := &tls.Config{Certificates: []tls.Certificate{pair}}
	always := func(a receiver.Answer) receiver.Options {
		return receiver.Options{Answer: func(int) receiver.Answer { return a }}
	}
	for _, test := range []struct {
		name       string
		options    receiver.Options
		properties []string
		want       string
	}{
		{"never acknowledges", always(receiver.Silence), nil, "no acknowledgement"},
		{"dies inside every message", always(receiver.HangUp), nil, "127.0.0.1"},
		{"dies behind every message", always(receiver.HangUpAfter), nil, "no acknowledgement"},
		{"acknowledges something else", always(receiver.Lie), nil, "which was not sent"},
		{"has another key", receiver.Options{SharedKey: "a"}, []string{"shared_key=b"}, "another shared key"},
		{"wants a key", receiver.Options{SharedKey: "a"}, nil, "asks for a shared key"},
		{"wants another password", receiver.Options{SharedKey: "a", Users: map[string]string{"ann": "x"}}, []string{"shared_key=a", "username=ann", "password=y"}, "it refuses"},
		{"has another authority", receiver.Options{TLS: server}, []string{"forward_tls=on"}, "unknown authority"},
		{"has another name", receiver.Options{TLS: server}, []string{"forward_tls=on", "forward_tls_vhost=other.example", "forward_tls_ca_file=" + certificates.CAFile}, "other.example"},
		{"has no TLS", receiver.Options{}, []string{"forward_tls=on", "connect_timeout=300ms", "forward_tls_ca_file=" + certificates.CAFile}, "connecting to"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := listen(t, test.options)
			relay := open(t, outputTo(t, r, append(test.properties, "flush_timeout=1s", "connect_timeout=900ms")...))
			outcome, err := relay.Flush("t", framed(t, v2, read), forever)
			if outcome != Retry || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, %v", outcome, err)
			}
			if c := relay.Counts(); c.Retries != 1 || c.Events != 0 {
				t.Errorf("%+v", c)
			}
		})
	}
}

// TestMends: a receiver that fails a few times gets the chunk within one flush.
func TestMends(t *testing.T) {
	for name, answers := range map[string][]receiver.Answer{
		"dies inside":   {receiver.HangUp, receiver.HangUp, receiver.HangUp},
		"dies behind":   {receiver.HangUpAfter},
		"lies":          {receiver.Lie},
		"second of two": {receiver.Acknowledge, receiver.HangUpAfter},
	} {
		t.Run(name, func(t *testing.T) {
			r := listen(t, receiver.Options{Answer: func(n int) receiver.Answer {
				if n < len(answers) {
					return answers[n]
				}
				return receiver.Acknowledge
			}})
			relay := open(t, outputTo(t, r, "alert_tag=alert"))
			if outcome, err := relay.Flush("t", framed(t, v2, read, stop), forever); outcome != Delivered || err != nil {
				t.Fatal(outcome, err)
			}
			if len(r.Entries("t")) < 2 || len(r.Entries("alert")) < 1 {
				t.Errorf("%d events, %d alerts", len(r.Entries("t")), len(r.Entries("alert")))
			}
		})
	}
}

// TestSlow: a receiver that is slow, and with a message larger than what sockets hold, gets everything once.
func TestSlow(t *testing.T) {
	r := listen(t, receiver.Options{Delay: 100 * time.Millisecond})
	relay := open(t, outputTo(t, r, "alert_tag=alert"))
	var data []byte
	for len(data) < 8<<20 {
		data = append(data, framed(t, v2, read, stop)...)
	}
	if outcome, err := relay.Flush("t", data, forever); outcome != Delivered || err != nil {
		t.Fatal(outcome, err)
	}
	if c := relay.Counts(); len(r.Messages()) != 2 || c.Events != uint64(len(r.Entries("t"))) || c.Alerts != c.Events/2 || c.Alerts != uint64(len(r.Entries("alert"))) {
		t.Errorf("%d messages, %+v", len(r.Messages()), c)
	}
}

// TestRefusing: while nobody listens a flush ends in its time, and asks again and again in it, ever less often.
func TestRefusing(t *testing.T) {
	r := listen(t, receiver.Options{})
	relay := open(t, outputTo(t, r, "flush_timeout=500ms", "connect_timeout=500ms"))
	r.Stop()
	for n := range 3 {
		if outcome, err := relay.Flush("t", framed(t, v2, read), forever); outcome != Retry || (err == nil) != (n > 0) {
			t.Error(outcome, err)
		}
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	for outcome := Retry; outcome == Retry; time.Sleep(time.Millisecond) {
		outcome, _ = relay.Flush("t", framed(t, v2, read), forever)
	}
	if n := len(r.Entries("t")); n != 1 {
		t.Errorf("%d events", n)
	}
}

// TestAtMost: the caller's bound holds where it is the shorter one.
func TestAtMost(t *testing.T) {
	r := listen(t, receiver.Options{Answer: func(int) receiver.Answer { return receiver.Silence }})
	relay := open(t, outputTo(t, r, "flush_timeout=1h"))
	if outcome, err := relay.Flush("t", framed(t, v2, read), 100*time.Millisecond); outcome != Retry || err == nil {
		t.Error(outcome, err)
	}
}

// TestClose ends a flush that would wait for an hour.
func TestClose(t *testing.T) {
	r := listen(t, receiver.Options{Answer: func(int) receiver.Answer { return receiver.Silence }})
	relay := open(t, outputTo(t, r, "flush_timeout=1h"))
	go func() {
		for len(r.Messages()) == 0 {
			time.Sleep(time.Millisecond)
		}
		relay.Close()
	}()
	if outcome, err := relay.Flush("t", framed(t, v2, read), time.Hour); outcome != Retry || err == nil {
		t.Error(outcome, err)
	}
	if outcome, _ := relay.Flush("t", framed(t, v2, read), time.Hour); outcome != Retry {
		t.Error(outcome)
	}
}

// TestDiesAndComesBack: workers of two instances deliver chunks, each until it is delivered, to a receiver that dies again and again, at whatever
// moment. Every event arrives, at least once; so does every alert.
func TestDiesAndComesBack(t *testing.T) {
	const workers, chunks = 3, 40
	for _, compress := range []string{"text", "gzip"} {
		t.Run(compress, func(t *testing.T) {
			r := listen(t, receiver.Options{})
			stopKilling := make(chan struct{})
			var killer sync.WaitGroup
			killer.Go(func() {
				for {
					seen := len(r.Messages())
					for len(r.Messages()) < seen+7 { // dies after so many messages
						select {
						case <-stopKilling:
							return
						default:
							runtime.Gosched()
						}
					}
					r.Stop()
					if err := r.Start(); err != nil {
						t.Error(err)
						return
					}
				}
			})
			var all sync.WaitGroup
			for instance := range 2 {
				relay := open(t, outputTo(t, r, "alert_tag=alert", "compress="+compress))
				for worker := range workers {
					all.Go(func() {
						for n := range chunks {
							id := fmt.Sprintf("%d-%d-%d", instance, worker, n)
							data := framed(t, v2, strings.Replace(read, "e2", id, 1), strings.Replace(stop, "e1", id, 1))
							for outcome := Retry; outcome != Delivered; runtime.Gosched() {
								outcome, _ = relay.Flush("t", data, forever)
							}
						}
					})
				}
			}
			all.Wait()
			close(stopKilling)
			killer.Wait()
			for tag, each := range map[string]int{"t": 2, "alert": 1} {
				seen := make(map[string]bool)
				entries := r.Entries(tag)
				for _, b := range bodies(t, entries) {
					seen[b] = true
				}
				if want := 2 * workers * chunks * each; len(seen) != want {
					t.Errorf("%s: %d different events, want %d", tag, len(seen), want)
				}
				t.Logf("%s: %d events, %d of them twice or more; %d connections", tag, len(seen), len(entries)-len(seen), r.Connections())
			}
		})
	}
}

// TestMemory: a receiver that takes nothing does not make memory grow, however often a large chunk is tried.
func TestMemory(t *testing.T) {
	r := listen(t, receiver.Options{Answer: func(int) receiver.Answer { return receiver.HangUp }})
	relay := open(t, outputTo(t, r, "flush_timeout=20ms", "connect_timeout=20ms"))
	var data []byte
	for len(data) < 4<<20 {
		data = append(data, framed(t, v2, read, stop)...)
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	_, _ = relay.Flush("t", data, forever)
	before := heap()
	for range 50 {
		relay.backoff.worked() // so that it tries
		if outcome, _ := relay.Flush("t", data, forever); outcome != Retry {
			t.Fatal("delivered to nobody")
		}
	}
	if after := heap(); after > before+32<<20 {
		t.Errorf("%d MiB more", (after-before)>>20)
	}
}

// TestSecured: the settings of TLS make connections to a receiver with a certificate for another name than its address, or one that nobody verifies; and
// with a certificate of ours where it asks for one.
func TestSecured(t *testing.T) {
	certificates, err := receiver.NewCertificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(certificates.ServerCertFile, certificates.ServerKeyFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, properties := range [][]string{
		{"forward_tls_ca_file=" + certificates.CAFile},
		{"forward_tls_ca_file=" + certificates.CAFile, "forward_tls_vhost=receiver.example"},
		{"forward_tls_verify=off"},
		{"forward_tls_verify=off", "forward_tls_crt_file=" + certificates.ClientCertFile, "forward_tls_key_file=" + certificates.ClientKeyFile, "shared_key=k", "self_hostname=h"},
	} {
		options := receiver.Options{TLS: &tls.Config{Certificates: []tls.Certificate{pair}}}
		if len(properties) > 2 {
			options.TLS.ClientAuth, options.SharedKey = tls.RequireAnyClientCert, "k"
		}
		r := listen(t, options)
		relay := open(t, outputTo(t, r, append(properties, "forward_tls=on", "require_ack_response=on")...))
		if outcome, err := relay.Flush("t", framed(t, v2, read), forever); outcome != Delivered || err != nil || len(r.Entries("t")) != 1 {
			t.Errorf("%v: %v, %v", properties, outcome, err)
		}
	}
}

// TestUnixPath: over a unix socket.
func TestUnixPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	r := listen(t, receiver.Options{Network: "unix", Address: path})
	relay := open(t, outputTo(t, nil, "forward_host=", "unix_path="+path))
	if outcome, err := relay.Flush("t", framed(t, v2, read), forever); outcome != Delivered || err != nil || len(r.Entries("t")) != 1 {
		t.Error(outcome, err)
	}
	if where := relay.Receiver(); where != "unix "+path {
		t.Error(where)
	}
}

// TestNotAcknowledged: with require_ack_response off a chunk is delivered when it was written.
func TestNotAcknowledged(t *testing.T) {
	r := listen(t, receiver.Options{Answer: func(int) receiver.Answer { return receiver.Silence }})
	relay := open(t, outputTo(t, r, "require_ack_response=off"))
	if outcome, err := relay.Flush("t", framed(t, v2, read), forever); outcome != Delivered || err != nil {
		t.Error(outcome, err)
	}
	for range 1000 {
		if list := r.Messages(); len(list) == 1 {
			if _, asked := list[0].Options["chunk"]; asked {
				t.Error("an acknowledgement is asked for")
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("nothing has arrived")
}
