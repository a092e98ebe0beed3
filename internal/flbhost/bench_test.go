package flbhost

import (
	"strconv"
	"testing"
)

// BenchmarkBorder measures a call of the filter from C on a chunk that it has next to nothing to do with, and on one of two events with a
// hit, which costs an allocation and a copy; the control is the same work without the border, in this process.
func BenchmarkBorder(b *testing.B) {
	const calls = 20000
	foreign, two := framed(b, framings["v2"], `{}`), framed(b, framings["v2"], quiet, stop)
	b.Run("in=C", func(b *testing.B) {
		var idle, hit float64
		for b.Loop() {
			r := host(b, "88", nil, "cost", file(b, "quiet", foreign), file(b, "in", two), strconv.Itoa(calls)).ok(b)
			idle, hit = r.value(b, "quiet"), r.value(b, "hit")
		}
		b.ReportMetric(idle, "ns/quiet-call")
		b.ReportMetric(hit, "ns/hit-call")
	})
	e := bundled(b)
	for name, data := range map[string][]byte{"quiet": foreign, "hit": two} {
		b.Run("control=Go/"+name, func(b *testing.B) {
			out := make([]byte, 1<<16)
			for b.Loop() {
				e.Process(data, func(n int) []byte { return out[:n] })
			}
		})
	}
}
