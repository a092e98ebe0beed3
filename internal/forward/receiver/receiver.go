// Package receiver is a receiver of the forward protocol for tests and benchmarks. It keeps what it gets, and can be as unkind as networks are: it may
// never answer, hang up in the middle of a message, acknowledge what nobody sent, go away and come back at the same address.
package receiver

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// Answer is what becomes of a message.
type Answer int

const (
	// Acknowledge takes the message, and acknowledges it if that is asked for.
	Acknowledge Answer = iota
	// Silence takes the message and says nothing.
	Silence
	// HangUp closes the connection inside the message, which is not taken.
	HangUp
	// HangUpAfter takes the message and closes the connection.
	HangUpAfter
	// Lie takes the message and acknowledges another one.
	Lie
)

// Options describe a receiver. The zero value listens on a free port of this machine and is kind.
type Options struct {
	// Network is tcp or unix; Address is host:port or a path.
	Network, Address string
	TLS              *tls.Config
	SharedKey        string
	// Users are names and passwords; with any, a sender must be one of them.
	Users map[string]string
	// Salted makes the receiver send a salt for passwords also without users, as Fluent Bit does.
	Salted bool
	// Once makes the receiver close a connection after a message, and say so in its HELO.
	Once bool
	// Delay is how long the receiver takes for each message, before it reads and before it answers.
	Delay time.Duration
	// Answer says what becomes of a message by its number, from 0 on.
	Answer func(n int) Answer
	// Answered, where it is set, is called after the answer to each message, by the goroutines of the connections.
	Answered func(Message)
}

// Message is what was received at once.
type Message struct {
	Tag     string
	Entries [][]byte
	Options map[string]any
}

// Receiver is a receiver that listens.
type Receiver struct {
	options  Options
	listener net.Listener
	running  sync.WaitGroup

	mu          sync.Mutex
	conns       map[net.Conn]bool
	stopped     bool
	connections int
	numbered    int
	messages    []Message
	faults      []string
}

// Listen starts a receiver.
func Listen(o Options) (*Receiver, error) {
	if o.Network == "" {
		o.Network, o.Address = "tcp", "127.0.0.1:0"
	}
	if o.Answer == nil {
		o.Answer = func(int) Answer { return Acknowledge }
	}
	r := &Receiver{options: o, conns: make(map[net.Conn]bool)}
	return r, r.Start()
}

// Start listens again after Stop, at the same address.
func (r *Receiver) Start() error {
	address := r.options.Address
	if r.listener != nil {
		address = r.listener.Addr().String()
	}
	l, err := net.Listen(r.options.Network, address)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.listener, r.stopped = l, false
	r.mu.Unlock()
	r.running.Go(func() { r.accept(l) })
	return nil
}

// Stop closes the listener and every connection, as when the process dies, and waits until all is still.
func (r *Receiver) Stop() {
	_ = r.listener.Close()
	r.mu.Lock()
	r.stopped = true
	for c := range r.conns {
		_ = c.Close()
	}
	r.mu.Unlock()
	r.running.Wait()
}

// Address is where the receiver listens.
func (r *Receiver) Address() string { return r.listener.Addr().String() }

// Port is the port of a receiver on tcp.
func (r *Receiver) Port() int {
	a, _ := r.listener.Addr().(*net.TCPAddr)
	return a.Port
}

// Connections is how many connections there have been.
func (r *Receiver) Connections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.connections
}

// Messages returns what was taken so far.
func (r *Receiver) Messages() []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.messages)
}

// Entries returns the entries under a tag, in the order in which they came.
func (r *Receiver) Entries(tag string) (list [][]byte) {
	for _, m := range r.Messages() {
		if m.Tag == tag {
			list = append(list, m.Entries...)
		}
	}
	return list
}

// Faults returns what was wrong with what came in.
func (r *Receiver) Faults() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.faults)
}

func (r *Receiver) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if !r.open(c) {
			_ = c.Close()
			return
		}
		r.running.Go(func() { r.end(c, r.serve(c)) })
	}
}

// open notes a connection, unless the receiver has stopped.
func (r *Receiver) open(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return false
	}
	r.conns[c] = true
	r.connections++
	return true
}

// end closes a connection, and notes what was wrong with what came in on it.
func (r *Receiver) end(c net.Conn, err error) {
	_ = c.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, syscall.ECONNRESET) {
		r.faults = append(r.faults, err.Error())
	}
}

func (r *Receiver) serve(c net.Conn) error {
	if r.options.TLS != nil {
		c = tls.Server(c, r.options.TLS)
	}
	in := msgpack.NewDecoder(c)
	if r.options.SharedKey != "" {
		if err := r.shake(c, in); err != nil {
			return err
		}
	}
	for {
		if _, err := in.PeekCode(); err != nil {
			return err
		}
		r.mu.Lock()
		answer := r.options.Answer(r.numbered)
		r.numbered++
		r.mu.Unlock()
		if answer == HangUp {
			return nil
		}
		time.Sleep(r.options.Delay)
		m, err := read(in)
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.messages = append(r.messages, m)
		r.mu.Unlock()
		time.Sleep(r.options.Delay)
		if err := r.answer(c, answer, m); err != nil {
			return err
		}
	}
}

func (r *Receiver) answer(c net.Conn, answer Answer, m Message) error {
	id, asked := m.Options["chunk"]
	switch answer {
	case HangUpAfter:
		return io.EOF
	case Lie:
		id, asked = "AAAAAAAAAAAAAAAAAAAAAA==", true
	case Silence:
		asked = false
	case Acknowledge, HangUp: // the one as it is; the other never gets here
	}
	if asked {
		ack, err := msgpack.Marshal(map[string]any{"ack": id})
		if err != nil {
			return err
		}
		if _, err := c.Write(ack); err != nil {
			return err
		}
	}
	if r.options.Answered != nil {
		r.options.Answered(m)
	}
	if r.options.Once {
		return io.EOF
	}
	return nil
}

// read reads [tag, entries, options], where entries are an array or bytes.
func read(in *msgpack.Decoder) (m Message, err error) {
	n, err := in.DecodeArrayLen()
	if err != nil {
		return m, fmt.Errorf("message: %w", err)
	}
	if n != 3 {
		return m, fmt.Errorf("a message of %d parts", n)
	}
	if m.Tag, err = in.DecodeString(); err != nil {
		return m, fmt.Errorf("tag: %w", err)
	}
	var packed []byte
	code, err := in.PeekCode()
	if err == nil && (msgpcode.IsString(code) || msgpcode.IsBin(code)) {
		packed, err = in.DecodeBytes()
	} else if err == nil {
		m.Entries, err = array(in)
	}
	if err != nil {
		return m, fmt.Errorf("entries: %w", err)
	}
	if err = in.Decode(&m.Options); err != nil {
		return m, fmt.Errorf("options: %w", err)
	}
	if packed != nil {
		if m.Entries, err = unpack(packed, m.Options["compressed"] == "gzip"); err != nil {
			return m, err
		}
	}
	if size := fmt.Sprint(m.Options["size"]); size != strconv.Itoa(len(m.Entries)) {
		return m, fmt.Errorf("%d entries, said to be %s", len(m.Entries), size)
	}
	return m, nil
}

// array reads entries that are an array.
func array(in *msgpack.Decoder) (entries [][]byte, err error) {
	n, err := in.DecodeArrayLen()
	for range n {
		raw, err := in.DecodeRaw()
		if err != nil {
			return nil, err
		}
		entries = append(entries, slices.Clone(raw))
	}
	return entries, err
}

// unpack reads entries that are bytes.
func unpack(packed []byte, compressed bool) (entries [][]byte, err error) {
	if compressed {
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, fmt.Errorf("compressed entries: %w", err)
		}
		if packed, err = io.ReadAll(z); err != nil {
			return nil, fmt.Errorf("compressed entries: %w", err)
		}
	}
	d := msgpack.NewDecoder(bytes.NewReader(packed))
	for {
		raw, err := d.DecodeRaw()
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", len(entries), err)
		}
		entries = append(entries, slices.Clone(raw))
	}
}

// shake is the receiver's side of the shared key.
func (r *Receiver) shake(c net.Conn, in *msgpack.Decoder) error {
	const nonce, auth, host = "0123456789abcdef", "fedcba9876543210", "receiver.example"
	asked := ""
	if len(r.options.Users) > 0 || r.options.Salted {
		asked = auth
	}
	send := func(v ...any) error {
		b, err := msgpack.Marshal(v)
		if err == nil {
			_, err = c.Write(b)
		}
		return err
	}
	if err := send("HELO", map[string]any{"nonce": []byte(nonce), "auth": asked, "keepalive": !r.options.Once}); err != nil {
		return err
	}
	var ping []string
	if err := in.Decode(&ping); err != nil {
		return fmt.Errorf("PING: %w", err)
	}
	if len(ping) != 6 || ping[0] != "PING" {
		return fmt.Errorf("%q where PING was due", ping)
	}
	if ping[3] != digest(ping[2]+ping[1]+nonce+r.options.SharedKey) {
		return io.EOF // as Fluent Bit does
	}
	if password, known := r.options.Users[ping[4]]; len(r.options.Users) > 0 && (!known || ping[5] != digest(auth+ping[4]+password)) {
		return send("PONG", false, "username/password mismatch", "", "")
	}
	return send("PONG", true, "", host, digest(ping[2]+host+nonce+r.options.SharedKey))
}

func digest(text string) string {
	h := sha512.Sum512([]byte(text))
	return hex.EncodeToString(h[:])
}
