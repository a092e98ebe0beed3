package pipeline

import (
	"testing"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// BenchmarkProcess judges the project's own events with the bundled pack. Its controls, on the same chunk: walking over it, which is the
// least that anything can cost, and decoding it.
func BenchmarkProcess(b *testing.B) {
	e, err := New(conf.Default())
	if err != nil {
		b.Fatal(err)
	}
	var data []byte
	n := 0
	err = record.ReadFile("../../testdata/events/cloudtrail.ndjson", record.Sink{
		Item: func(i record.Item) error { n++; data = append(data, event(b, string(i.JSON))...); return nil },
		Bad:  func(err error) { b.Error(err) },
	})
	if err != nil {
		b.Fatal(err)
	}
	perEvent := func(b *testing.B) {
		b.Helper()
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/event")
	}
	b.Run("process", func(b *testing.B) {
		var out []byte
		for b.Loop() {
			e.Process(data, func(n int) []byte {
				if cap(out) < n {
					out = make([]byte, n)
				}
				return out[:n]
			})
		}
		perEvent(b)
	})
	b.Run("control=walk", func(b *testing.B) {
		var ev chunk.Event
		for b.Loop() {
			for w := chunk.NewWalker(data); w.Next(&ev); {
			}
		}
		perEvent(b)
	})
	b.Run("control=decode", func(b *testing.B) {
		var ev chunk.Event
		for b.Loop() {
			for w := chunk.NewWalker(data); w.Next(&ev); {
				record.Decode(data, ev.BodyStart)
			}
		}
		perEvent(b)
	})
}
