package pipeline

import (
	"testing"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/mixes"
)

func TestCandidates(t *testing.T) {
	e, err := New(conf.Default())
	if err != nil {
		t.Fatal(err)
	}
	stop := event(t, `{"eventVersion":"1.11","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging"}`)
	other := event(t, `{"eventVersion":"1.11","eventSource":"none.amazonaws.com","eventName":"None"}`)
	foreign := event(t, `{"log":"x"}`)
	one, none := e.Candidates(stop), e.Candidates(append(append([]byte(nil), other...), foreign...))
	if all := e.Candidates(append(append(append([]byte(nil), stop...), other...), foreign...)); one == 0 || none > one || all != one+none {
		t.Errorf("%d and %d, together %d", one, none, all)
	}
}

// BenchmarkMix takes the path of a chunk apart, on each mix: the bare walk as the control, framing and projection, and the whole of Process with SigmaHQ's
// rules, and with the bundled pack besides. No hit is written, as Process then copies. make bench compares these in one run.
func BenchmarkMix(b *testing.B) {
	shared, reason, ok := mixes.Open()
	if !ok {
		b.Skip(reason)
	}
	sigmahq := conf.Default()
	sigmahq.Rules, sigmahq.MinLevel, sigmahq.MinStatus = shared.SigmaHQ(), "critical", "stable"
	both := sigmahq
	both.Rules += "," + Builtin
	list, err := shared.Mixes()
	if err != nil {
		b.Fatal(err)
	}
	for _, mix := range list {
		each := func(name string, run func(data []byte)) {
			b.Run(mix.Name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					run(mix.Data)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*mix.Records), "ns/record")
			})
		}
		each("control=walk", func(data []byte) {
			for pos := 0; pos < len(data); {
				pos, _ = chunk.Skip(data, pos)
			}
		})
		for _, s := range []struct {
			name     string
			settings conf.Settings
		}{{"sigmahq", sigmahq}, {"both", both}} {
			e, err := New(s.settings)
			if err != nil {
				b.Fatal(err)
			}
			each(s.name+"/project", projecting(e))
			each(s.name+"/process", func(data []byte) { e.Process(data, nil) })
		}
	}
}

// projecting takes the first step of Process alone.
func projecting(e *Engine) func(data []byte) {
	r := e.Projector()
	return func(data []byte) {
		var ev chunk.Event
		for w := chunk.NewWalker(data); w.Project(&ev, r); {
		}
	}
}
