package forward

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"sigmatrail/internal/chunk"
)

// maxReply bounds what a receiver may answer at once: acknowledgements and handshakes are far smaller.
const maxReply = 64 << 10

// value is one value of msgpack that a receiver has sent, whole and not to be trusted: lengths in it say nothing about what is there.
type value []byte

// read returns the next value that the receiver sends.
func (k *connection) read() (value, error) {
	const step = 512
	for {
		if end, ok := chunk.Skip(k.in, 0); ok {
			v := value(k.in[:end:end])
			k.in = k.in[end:]
			return v, nil
		}
		if len(k.in) >= maxReply {
			return nil, fmt.Errorf("an answer of more than %d bytes", maxReply)
		}
		k.in = slices.Grow(k.in, step)
		n, err := k.conn.Read(k.in[len(k.in):cap(k.in)])
		k.in = k.in[:len(k.in)+n]
		switch {
		case n > 0: // an error comes again
		case errors.Is(err, io.EOF):
			return nil, errors.New("it has closed the connection")
		case err != nil:
			return nil, err
		}
	}
}

// parts returns the elements of an array; none of anything else.
func (v value) parts() (list []value) {
	h, ok := chunk.ReadHead(v, 0)
	if !ok || h.Type != chunk.Array {
		return nil
	}
	for pos := h.Next; pos < len(v); {
		end, ok := chunk.Skip(v, pos)
		if !ok {
			return nil
		}
		list = append(list, v[pos:end])
		pos = end
	}
	return list
}

// text returns a text, or the bytes that stand for one; of anything else it is empty.
func (v value) text() string {
	h, ok := chunk.ReadHead(v, 0)
	if !ok || (h.Type != chunk.Str && h.Type != chunk.Bin) {
		return ""
	}
	return string(h.Content(v))
}

func (v value) is(text string) bool { return v.text() == text }

// yes reports whether v is true.
func (v value) yes() bool {
	h, ok := chunk.ReadHead(v, 0)
	return ok && h.Type == chunk.Bool && h.Bits == 1
}

// member returns the text under a key of a map, and whether there is one.
func (v value) member(key string) (text string, ok bool) {
	start, end, ok := chunk.Lookup(v, 0, key)
	if !ok {
		return "", false
	}
	h, ok := chunk.ReadHead(v, start)
	return v[start:end].text(), ok && (h.Type == chunk.Str || h.Type == chunk.Bin)
}

// off reports whether false is under a key of a map.
func (v value) off(key string) bool {
	start, _, ok := chunk.Lookup(v, 0, key)
	if !ok {
		return false
	}
	h, ok := chunk.ReadHead(v, start)
	return ok && h.Type == chunk.Bool && h.Bits == 0
}
