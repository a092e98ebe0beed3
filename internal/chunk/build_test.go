package chunk

import (
	"encoding/binary"
	"math"
)

// width is how wide the headers of arrays and maps are.
type width int

const (
	fix width = iota
	wide16
	wide32
)

func mapHeader(w width, n int) []byte {
	return containerHeader(w, n, 0x80, 0xde)
}

func arrayHeader(w width, n int) []byte {
	return containerHeader(w, n, 0x90, 0xdc)
}

func containerHeader(w width, n int, fixed, code byte) []byte {
	switch w {
	case wide16:
		return binary.BigEndian.AppendUint16([]byte{code}, uint16(n))
	case wide32:
		return binary.BigEndian.AppendUint32([]byte{code + 1}, uint32(n))
	}
	return []byte{fixed | byte(n)}
}

func join(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func str(text string) []byte { return AppendStr(nil, text) }

// stamp is an EventTime as Fluent Bit writes it.
func stamp(seconds, nanos uint32) []byte {
	b := binary.BigEndian.AppendUint32([]byte{0xd7, 0}, seconds)
	return binary.BigEndian.AppendUint32(b, nanos)
}

func float64Bytes(f float64) []byte {
	return binary.BigEndian.AppendUint64([]byte{0xcb}, math.Float64bits(f))
}

// framing makes an event of a time and a body.
type framing struct {
	name string
	make func(time, body []byte) []byte
}

// framings are those of every Fluent Bit: legacy, with metadata in wide arrays (2.1 to 4.2), with metadata in short ones (5.0).
func framings() []framing {
	v2 := func(w width) func(time, body []byte) []byte {
		return func(time, body []byte) []byte {
			return join(arrayHeader(w, 2), arrayHeader(w, 2), time, mapHeader(w, 0), body)
		}
	}
	return []framing{
		{"legacy", func(time, body []byte) []byte { return join(arrayHeader(fix, 2), time, body) }},
		{"legacy array16", func(time, body []byte) []byte { return join(arrayHeader(wide16, 2), time, body) }},
		{"v2 fix", v2(fix)},
		{"v2 array16", v2(wide16)},
		{"v2 array32", v2(wide32)},
		{"v2 with metadata", func(time, body []byte) []byte {
			return join(arrayHeader(fix, 2), arrayHeader(fix, 2), time, mapHeader(wide16, 1), str("k"), str("v"), body)
		}},
	}
}

// parts walks over data and returns every part.
func parts(data []byte) []Event {
	var all []Event
	var ev Event
	for w := NewWalker(data); w.Next(&ev); {
		all = append(all, ev)
	}
	return all
}
