// Package forward is a client of Fluentd's forward protocol, version 1: messages of entries that are msgpack already, with acknowledgements,
// a shared key, gzip and TLS. It starts no goroutine that outlives a call. It does not know what is in an entry, nor who sends it.
package forward

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync"
	"time"
)

// Config says where messages go, and how.
type Config struct {
	// Network is tcp or unix; Address is host:port or a path.
	Network, Address string
	// TLS is nil for a plain connection.
	TLS *tls.Config
	// SharedKey, if it is not empty, is what both sides prove to have before the first message.
	SharedKey string
	// SelfHostname is the name under which we present ourselves in that.
	SelfHostname string
	// Username and Password are used where the receiver asks for them; only with a shared key.
	Username, Password string
	// Gzip compresses the entries of each message.
	Gzip bool
	// Ack makes a message delivered when the receiver has acknowledged it; else it is when it was written.
	Ack bool
	// ConnectTimeout bounds connecting, with the handshakes of TLS and of the shared key.
	ConnectTimeout time.Duration
}

// String says in a few words where messages go, and how; without secrets.
func (c *Config) String() string {
	parts := []string{c.Network + " " + c.Address}
	for _, way := range []struct {
		on   bool
		name string
	}{{c.TLS != nil, "TLS"}, {c.SharedKey != "", "shared key"}, {c.Username != "", "user " + c.Username}, {c.Gzip, "gzip"}, {!c.Ack, "not acknowledged"}} {
		if way.on {
			parts = append(parts, way.name)
		}
	}
	return strings.Join(parts, ", ")
}

// errClosed is what a Client says that is no longer there.
var errClosed = errors.New("the client is closed")

// Client sends messages to one receiver. It is safe for concurrent use: each call of Send has a connection for itself, and leaves it for
// the next one.
type Client struct {
	config Config

	mu     sync.Mutex
	idle   []*connection
	closed bool
}

// New returns a Client. It connects when there is something to send.
func New(c Config) *Client { return &Client{config: c} }

// Send delivers those messages that are not yet delivered, in their order, and marks each that is. ctx must have a deadline. After an error
// whether a message that is not marked has arrived is not known: sending it again may double it.
func (c *Client) Send(ctx context.Context, messages []*Message) error {
	for {
		messages = pending(messages)
		if len(messages) == 0 {
			return nil
		}
		k, err := c.take(ctx)
		if err != nil {
			return err
		}
		now := messages
		if k.once {
			now = messages[:1]
		}
		if err := k.send(ctx, now, &c.config); err != nil {
			k.close()
			return err
		}
		c.leave(k)
	}
}

// pending returns the messages from the first that is not delivered on.
func pending(messages []*Message) []*Message {
	for len(messages) > 0 && messages[0].Delivered {
		messages = messages[1:]
	}
	return messages
}

// take returns a connection that was left and still stands, or a new one.
func (c *Client) take(ctx context.Context) (*connection, error) {
	for {
		k, err := c.takeIdle()
		switch {
		case err != nil:
			return nil, err
		case k == nil:
			return connect(ctx, &c.config)
		case k.stands():
			return k, nil
		}
		k.close()
	}
}

func (c *Client) takeIdle() (*connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	last := len(c.idle) - 1
	if last < 0 {
		return nil, nil
	}
	k := c.idle[last]
	c.idle = c.idle[:last]
	return k, nil
}

// leave keeps a connection for the next call, if it is good for one.
func (c *Client) leave(k *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || k.once {
		k.close()
		return
	}
	c.idle = append(c.idle, k)
}

// Close closes the connections that nobody uses, and makes later calls fail. Those under way end by their context.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, k := range c.idle {
		k.close()
	}
	c.idle = nil
}

// dial opens the transport.
func (c *Config) dial(ctx context.Context) (raw, conn net.Conn, err error) {
	d := net.Dialer{Resolver: &net.Resolver{PreferGo: true}} // the C library's cannot be stopped, and would leave a thread behind
	if raw, err = d.DialContext(ctx, c.Network, c.Address); err != nil {
		return nil, nil, err
	}
	if c.TLS == nil {
		return raw, raw, nil
	}
	secure := tls.Client(raw, c.TLS)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = raw.Close() // the handshake has failed, which is what matters
		return nil, nil, err
	}
	return raw, secure, nil
}
