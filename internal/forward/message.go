package forward

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net"

	"github.com/klauspost/compress/gzip"
	"github.com/vmihailenco/msgpack/v5"
)

// Message is entries under one tag.
type Message struct {
	Tag string
	// Entries is msgpack values behind each other, each [time, record] or another form that the receiver takes. It is borrowed until the
	// message is delivered or given up.
	Entries []byte
	// Count is how many entries there are.
	Count int
	// Delivered is set once the message has arrived, as far as Config.Ack lets one know.
	Delivered bool

	// What goes over the wire, made at the first attempt: head, body (the entries, or them compressed), options.
	head, body, options []byte
	chunk               string
}

// buffers returns the message as it goes over the wire, in Packed Forward mode: [tag, entries, options].
func (m *Message) buffers(c *Config) (net.Buffers, error) {
	if m.head == nil {
		if err := m.pack(c); err != nil {
			return nil, err
		}
	}
	return net.Buffers{m.head, m.body, m.options}, nil
}

func (m *Message) pack(c *Config) error {
	m.body = m.Entries
	options := map[string]any{"size": m.Count, "fluent_signal": 0} // 0: logs, of what Fluent Bit knows
	if c.Gzip {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write(m.Entries); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		m.body = packed.Bytes()
		options["compressed"] = "gzip"
	}
	if c.Ack {
		m.chunk = m.id()
		options["chunk"] = m.chunk
	}
	var head, tail bytes.Buffer
	e := msgpack.NewEncoder(&head)
	e.UseCompactInts(true)
	for _, err := range []error{e.EncodeArrayLen(3), e.EncodeString(m.Tag), e.EncodeBytesLen(len(m.body))} {
		if err != nil {
			return err
		}
	}
	e.Reset(&tail)
	e.UseCompactInts(true)
	e.SetSortMapKeys(true)
	if err := e.Encode(options); err != nil {
		return err
	}
	m.head, m.options = head.Bytes(), tail.Bytes()
	return nil
}

// id returns what the receiver is to acknowledge: 128 bits, in base64. The same message has the same id when it is sent again, also by
// another Client, so that a receiver which looks can tell.
func (m *Message) id() string {
	h := sha256.New()
	h.Write([]byte(m.Tag))
	h.Write([]byte{0})
	h.Write(m.Entries)
	return base64.StdEncoding.EncodeToString(h.Sum(nil)[:16])
}
