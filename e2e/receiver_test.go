package e2e

import (
	"net"
	"sync"
	"testing"

	"sigmatrail/internal/chunk"
)

// receiver takes what Fluent Bit's forward output sends and keeps the bytes of every entry's body.
type receiver struct {
	listener net.Listener

	mu     sync.Mutex
	bodies [][]byte
	faults []string
}

// listen starts a receiver on a port of its own; it ends with the test.
func listen(t *testing.T) *receiver {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{listener: l}
	t.Cleanup(func() { _ = l.Close() })
	go r.accept()
	return r
}

func (r *receiver) port() int { return r.listener.Addr().(*net.TCPAddr).Port }

func (r *receiver) accept() {
	for {
		c, err := r.listener.Accept()
		if err != nil {
			return
		}
		go r.serve(c)
	}
}

// serve reads messages until the connection ends.
func (r *receiver) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	var data []byte
	buf := make([]byte, 1<<20)
	for {
		n, err := c.Read(buf)
		data = append(data, buf[:n]...)
		for {
			end, ok := chunk.Skip(data, 0)
			if !ok {
				break
			}
			r.message(data[:end:end])
			data = data[end:]
		}
		if err != nil {
			if len(data) > 0 {
				r.fault("a connection ended inside a message")
			}
			return
		}
	}
}

// message takes one message of the forward protocol: [tag, entries, options], where entries is an array of [time, body] or a string of
// them.
func (r *receiver) message(m []byte) {
	h, _ := chunk.ReadHead(m, 0)
	if h.Type != chunk.Array || h.Len < 2 {
		r.fault("a message that is no array of tag and entries")
		return
	}
	pos, _ := chunk.Skip(m, h.Next)
	entries, _ := chunk.ReadHead(m, pos)
	switch entries.Type {
	case chunk.Array:
		end, _ := chunk.Skip(m, pos)
		r.entries(m[entries.Next:end:end])
	case chunk.Bin, chunk.Str:
		r.entries(entries.Content(m))
	default:
		r.fault("entries that are neither an array nor a string")
	}
}

func (r *receiver) entries(data []byte) {
	var ev chunk.Event
	for w := chunk.NewWalker(data); w.Next(&ev); {
		if ev.Kind != chunk.Log {
			r.fault("an entry that is no event")
			continue
		}
		r.mu.Lock()
		r.bodies = append(r.bodies, data[ev.BodyStart:ev.BodyEnd])
		r.mu.Unlock()
	}
}

func (r *receiver) fault(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, what)
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.bodies)
}

// take returns the bodies after the sender has stopped.
func (r *receiver) take(t *testing.T) [][]byte {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.faults {
		t.Error("received", f)
	}
	return r.bodies
}
