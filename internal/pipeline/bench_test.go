package pipeline

import (
	"bytes"
	"os"
	"slices"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/mixes"
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

// BenchmarkFormats tells what writing a hit costs in each format: the own events that rules match, through Process.
func BenchmarkFormats(b *testing.B) {
	text, err := os.ReadFile("../../testdata/events/cloudtrail.ndjson")
	if err != nil {
		b.Fatal(err)
	}
	var data []byte
	for line := range bytes.Lines(text) {
		data = append(data, event(b, string(line))...)
	}
	for _, format := range []struct {
		name   string
		change func(*conf.Settings)
	}{
		{"sigma", func(*conf.Settings) {}},
		{"ecs", func(s *conf.Settings) { s.Format = "ecs" }},
		{"ecs_base", func(s *conf.Settings) { s.Format, s.EcsBase = "ecs", true }},
		{"flat", func(s *conf.Settings) { s.Format = "flat" }},
		{"flatten", func(s *conf.Settings) { s.Flatten = "requestParameters,responseElements" }},
		{"summary", func(s *conf.Settings) { s.Summary = true }},
		{"suppress", func(s *conf.Settings) { s.Suppress = "1h" }},
		{"evidence", func(s *conf.Settings) { s.Evidence = true }},
	} {
		b.Run(format.name, func(b *testing.B) {
			s := conf.Default()
			format.change(&s)
			e, err := New(s)
			if err != nil {
				b.Fatal(err)
			}
			hit, _ := mixes.Mix{Data: data}.Partition(func(body []byte) bool {
				j := e.NewJudge().Event(body, time.Time{})
				return j.Hit()
			})
			var out []byte
			b.ReportAllocs()
			for b.Loop() {
				e.Process(hit.Data, func(n int) []byte {
					out = slices.Grow(out[:0], n)
					return out[:n]
				})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(e.Tally().Matched), "ns/hit")
		})
	}
}
