package forward

import (
	"testing"

	"sigmatrail/internal/chunk"
)

// FuzzReply: whatever a receiver answers can be looked at.
func FuzzReply(f *testing.F) {
	for _, s := range []string{"\x81\xa3ack\xa1x", "\x92\xa4HELO\x81\xa5nonce\xc4\x01x", "\x95\xa4PONG\xc3\xa0\xa0\xa0", "\xdd\xff\xff\xff\xff\xc0", "\x91\x91\x91"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		end, whole := chunk.Skip(data, 0)
		v := value(data)
		if whole {
			v = v[:end]
		}
		size := 0
		for _, p := range v.parts() {
			size += len(p) + len(p.text())
			_ = p.yes()
		}
		text, ok := v.member("ack")
		if size > 2*len(v) || len(text) > len(v) || (!ok && text != "") || (v.off("keepalive") && v.is("HELO")) {
			t.Errorf("%x: parts of %d bytes, ack %q", v, size, text)
		}
	})
}
