package pipeline

import (
	"os"
	"slices"
	"testing"
	"time"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/mixes"
	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/internal/ruletest"
	"sigmatrail/matcher"
	"sigmatrail/rules"
)

func viewOf(t testing.TB, rs []*rules.Rule) *look {
	t.Helper()
	v, err := newView(rs, record.DefaultAliases(), "sigma", matcher.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return newLook(v)
}

func TestConformanceView(t *testing.T) {
	verdicts, err := ruletest.Conformance(os.DirFS("../../testdata/conformance"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range verdicts {
		l := viewOf(t, []*rules.Rule{v.Rule})
		packed, _ := record.AppendMsgpack(nil, v.Record)
		if _, ok := l.projector.Record(packed, 0, 0); !ok {
			t.Fatal("walk")
		}
		if got := len(l.match(nil, time.Time{})) > 0; got != v.Hit {
			t.Errorf("%s: %s: %v, want %v", v.Position, v.Record, got, v.Hit)
		}
	}
}

func TestQuickLadder(t *testing.T) {
	set, err := rules.Load("../../../shared/data/rules/sigmahq/rules/cloud", nil, rules.Options{})
	if err != nil {
		t.Skip(err)
	}
	all := append(slices.Clone(set.Rules), set.NotApplicable...)
	l := viewOf(t, all)
	o := oracle.New(all, record.DefaultAliases(), "sigma")
	pairs, hits := 0, 0
	n := events(t, sharedEvents+"/*.ndjson", func(text []byte) {
		packed, err := record.AppendMsgpack(nil, text)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := record.Decode(packed, 0)
		found, _ := record.Find(body, nil)
		for _, f := range found {
			if f.Record != body {
				continue
			}
			want := o.Match(f.Record, time.Time{})
			l.projector.Record(packed, 0, 0)
			got := l.match(nil, time.Time{})
			pairs += len(all)
			hits += len(got)
			if !slices.Equal(want, got) {
				t.Errorf("%s: %v want %v", text[:min(200, len(text))], got, want)
			}
		}
	})
	t.Log(n, pairs, hits)
}

func BenchmarkView(b *testing.B) {
	shared, reason, ok := mixes.Open()
	if !ok {
		b.Skip(reason)
	}
	set, err := shared.SigmaHQRules()
	if err != nil {
		b.Fatal(err)
	}
	list, err := shared.Mixes()
	if err != nil {
		b.Fatal(err)
	}
	p, err := newView(set, record.DefaultAliases(), "sigma", matcher.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, mix := range list {
		l := newLook(p)
		report := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*mix.Records), "ns/record")
		}
		b.Run(mix.Name+"/skip", func(b *testing.B) {
			for b.Loop() {
				for pos := 0; pos < len(mix.Data); {
					pos, _ = chunk.Skip(mix.Data, pos)
				}
			}
			report(b)
		})
		b.Run(mix.Name+"/walk", func(b *testing.B) {
			var ev chunk.Event
			for b.Loop() {
				for w := chunk.NewWalker(mix.Data); w.Project(&ev, l.projector); {
				}
			}
			report(b)
		})
		b.Run(mix.Name+"/match", func(b *testing.B) {
			b.ReportAllocs()
			var hits []int
			var ev chunk.Event
			for b.Loop() {
				for w := chunk.NewWalker(mix.Data); w.Project(&ev, l.projector); {
					if l.isRecord(mix.Data) {
						hits = l.match(hits[:0], time.Time{})
					}
				}
			}
			report(b)
		})
	}
}
