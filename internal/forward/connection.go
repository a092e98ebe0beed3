package forward

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// connection is one connection, past its handshakes.
type connection struct {
	raw  net.Conn // below TLS
	conn net.Conn
	in   []byte // what has been read and not been looked at yet
	once bool   // not for another message: mostly as the receiver closes it after one
}

// connect opens a connection and proves the shared key. ctx must have a deadline.
func connect(ctx context.Context, c *Config) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, c.ConnectTimeout)
	defer cancel()
	raw, conn, err := c.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", c.Address, err)
	}
	k := &connection{raw: raw, conn: conn}
	if c.SharedKey == "" {
		return k, nil
	}
	defer k.bound(ctx)()
	if err := k.shake(c); err != nil {
		k.close()
		return nil, fmt.Errorf("handshake with %s: %w", c.Address, err)
	}
	return k, nil
}

// bound makes reading and writing fail when ctx ends, until the returned function is called.
func (k *connection) bound(ctx context.Context) (done func()) {
	deadline, _ := ctx.Deadline()
	_ = k.conn.SetDeadline(deadline) // fails only on what is closed, where reading and writing will tell
	stop := context.AfterFunc(ctx, func() { _ = k.conn.SetDeadline(time.Unix(1, 0)) })
	return func() {
		if !stop() {
			k.once = true // the deadline may yet be set, for whoever came next
		}
	}
}

// send writes the messages that are not delivered yet, then waits for their acknowledgements.
func (k *connection) send(ctx context.Context, messages []*Message, c *Config) error {
	defer k.bound(ctx)()
	waiting := make(map[string]*Message)
	for _, m := range messages {
		if m.Delivered {
			continue
		}
		b, err := m.buffers(c)
		if err != nil {
			return err
		}
		if _, err := b.WriteTo(k.conn); err != nil {
			return fmt.Errorf("writing to %s: %w", c.Address, err)
		}
		if c.Ack {
			waiting[m.chunk] = m
		} else {
			m.Delivered = true
		}
	}
	for len(waiting) > 0 {
		id, err := k.readAck()
		if err != nil {
			return fmt.Errorf("no acknowledgement from %s: %w", c.Address, err)
		}
		m, known := waiting[id]
		if !known {
			return fmt.Errorf("%s acknowledges %q, which was not sent", c.Address, id)
		}
		m.Delivered = true
		delete(waiting, id)
	}
	return nil
}

// readAck reads {"ack": id}.
func (k *connection) readAck() (id string, err error) {
	v, err := k.read()
	if err != nil {
		return "", err
	}
	if id, ok := v.member("ack"); ok {
		return id, nil
	}
	if parts := v.parts(); len(parts) > 0 && parts[0].is("HELO") {
		return "", errors.New("it asks for a shared key, and none is set")
	}
	return "", fmt.Errorf("it answered %.100q", v)
}

// stands reports whether an idle connection can be used: the receiver has neither closed it nor said anything that nobody asked for.
func (k *connection) stands() bool {
	s, ok := k.raw.(syscall.Conn)
	if !ok || len(k.in) > 0 {
		return false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return false
	}
	var pending, standing bool
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		pending, standing = err == nil && n > 0, errors.Is(err, syscall.EAGAIN)
		return true
	})
	if err == nil && pending && k.raw != k.conn {
		return k.quiet()
	}
	return err == nil && standing
}

// quiet reads what has come in below TLS, and reports whether it was the protocol's own, such as session tickets.
func (k *connection) quiet() bool {
	const enough = 10 * time.Millisecond // it is here already
	var b [1]byte
	if k.conn.SetReadDeadline(time.Now().Add(enough)) != nil {
		return false
	}
	_, err := k.conn.Read(b[:])
	return errors.Is(err, os.ErrDeadlineExceeded)
}

func (k *connection) close() { _ = k.conn.Close() } // nothing is left to be said on it
