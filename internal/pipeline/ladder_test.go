package pipeline

import (
	"os"
	"slices"
	"testing"
	"time"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

func TestQuickLadder(t *testing.T) {
	src, _ := os.ReadFile("../../testdata/placeholders.yml")
	ph, _ := rules.ParsePlaceholders("p", src)
	set, err := rules.Load("../../../shared/data/rules/sigmahq", nil, rules.Options{Placeholders: ph})
	if err != nil {
		t.Skip(err)
	}
	all := append(slices.Clone(set.Rules), set.NotApplicable...)
	aliases := record.DefaultAliases()
	paths := func(f string) []string {
		if a := aliases[f]; a != nil {
			return a
		}
		return []string{f}
	}
	start := time.Now()
	v, err := newView(all, paths, "sigma")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("compile %d rules: %v; %+v", len(all), time.Since(start), v.program.Stats())
	l := newLook(v)
	o := oracle.New(all, aliases, "sigma")
	pairs, hits := 0, 0
	n := events(t, sharedEvents+"/*.ndjson", func(text []byte) {
		packed, err := record.AppendMsgpack(nil, text)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := record.Decode(packed, 0)
		found, _ := record.Find(body)
		for _, f := range found {
			if f.Record != body {
				continue
			}
			want := o.Match(f.Record, time.Time{})
			l.projector.Record(packed, 0, 0)
			got := l.match(nil)
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
	set, err := rules.Load(sharedRules, nil, rules.Options{})
	if err != nil {
		b.Skip(err)
	}
	aliases := record.DefaultAliases()
	paths := func(f string) []string {
		if a := aliases[f]; a != nil {
			return a
		}
		return []string{f}
	}
	v, err := newView(set.Rules, paths, "sigma")
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%+v", v.program.Stats())
	for i := range set.Rules {
		if r := v.program.Rule(i); r.Found > 0 {
			b.Logf("%s %v", set.Rules[i].Title, r)
		}
	}
	for _, mix := range []string{"opensearch-catalog", "grycap-tracker", "stratus-red-team"} {
		var data []byte
		n := 0
		record.ReadFile(sharedEvents+"/"+mix+".ndjson", record.Sink{Item: func(i record.Item) error {
			data, _ = record.AppendMsgpack(data, i.JSON)
			n++
			return nil
		}, Bad: func(error) {}})
		b.Run(mix+"/skip", func(b *testing.B) {
			for b.Loop() {
				for pos := 0; pos < len(data); {
					pos, _ = chunk.Skip(data, pos)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
		})
		l := newLook(v)
		b.Run(mix+"/walk", func(b *testing.B) {
			for b.Loop() {
				for pos := 0; pos < len(data); {
					pos, _ = l.projector.Record(data, pos, 0)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
		})
		b.Run(mix+"/match", func(b *testing.B) {
			b.ReportAllocs()
			var hits []int
			for b.Loop() {
				for pos := 0; pos < len(data); {
					pos, _ = l.projector.Record(data, pos, 0)
					hits = l.match(hits[:0])
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
			b.ReportMetric(float64(len(data))/float64(n), "bytes/record")
		})
	}
}
