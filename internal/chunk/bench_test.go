package chunk

import (
	"bytes"
	"fmt"
	"testing"
)

// benchChunk has the size and the mix of values of a chunk of management events.
func benchChunk() (data []byte, records int) {
	body := mapHeader(wide16, 22)
	for i := range 20 {
		body = append(body, join(str(fmt.Sprintf("someField%d", i)), str("a value of an ordinary length"))...)
	}
	body = append(body, join(str("userIdentity"), mapHeader(fix, 3), str("type"), str("AssumedRole"), str("arn"), str("arn:aws:sts::111122223333:assumed-role/x/y"), str("mfa"), []byte{0xc2})...)
	body = append(body, join(str("readOnly"), []byte{0xc3})...)
	const n = 1000
	return bytes.Repeat(framings()[2].make(stamp(1, 0), body), n), n
}

func BenchmarkSkip(b *testing.B) {
	data, records := benchChunk()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for pos := 0; pos < len(data); {
			end, ok := Skip(data, pos)
			if !ok {
				b.Fatal("damaged")
			}
			pos = end
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*records), "ns/record")
}

func BenchmarkWalk(b *testing.B) {
	data, records := benchChunk()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	var ev Event
	for b.Loop() {
		for w := NewWalker(data); w.Next(&ev); {
			if ev.Kind != Log {
				b.Fatal("damaged")
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*records), "ns/record")
}
