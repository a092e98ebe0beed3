package correlate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// How events come: one a second, up to 900 seconds late, or a thousand a second.
const (
	inOrder  = "in order"
	shuffled = "shuffled"
	tied     = "tied"
)

// benchmark applies events of which 1000 stand in a window, or of tied ones all that there is room for.
func benchmark(b *testing.B, correlation, outer string, groups int, arrive string) {
	b.Helper()
	set := "title: X\nname: x\nlevel: low\ncorrelation: {timespan: 999s, group-by: [who], " + correlation + "}\n"
	if outer != "" {
		set += "---\ntitle: Y\nname: y\nlevel: low\ncorrelation: {timespan: 999s, " + outer + "}\n"
	}
	_, compiled := load(b, set)
	o := Options{MaxEvents: 4000, MaxGroups: 10_000}
	if arrive == shuffled {
		o.Lateness = 15 * time.Minute
	}
	c := NewCorrelator(compiled, NewState(o))
	random := rand.New(rand.NewPCG(1, 2))
	const n = 1 << 14
	ids, whos := make([]string, n), make([][]string, groups)
	for i := range ids {
		ids[i] = fmt.Sprintf("%08x-0000-4000-8000-%012d", random.Uint32(), i)
	}
	for i := range whos {
		whos[i] = []string{fmt.Sprint("arn:aws:iam::111122223333:user/", i)}
	}
	var who, value []string
	ev := Event{Account: "111122223333", Region: "us-east-1", Values: func(field string) []string {
		if field == "who" {
			return who
		}
		return value
	}}
	numbers := make([][]string, 4096)
	for i := range numbers {
		numbers[i] = []string{fmt.Sprint(i)}
	}
	at, i := int64(1_700_000_000), 0
	var out []Firing
	step := func() {
		if arrive != tied || i%1000 == 0 {
			at++
		}
		t := at
		if arrive == shuffled {
			t -= random.Int64N(900)
		}
		ev.Time, ev.ID, ev.Serial = time.Unix(t, 0), ids[i%n], uint64(i)
		ev.Rules = []int{i % 2}
		who, value = whos[i%groups], numbers[(i*7)%len(numbers)]
		out = c.Apply(out[:0], &ev)
		i++
	}
	for range 4000 + 2*groups {
		step()
	}
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
}

// BenchmarkApply is the time for one event in a group of 1000. Whether the condition is true makes a difference: below it is not, above it is all the time.
func BenchmarkApply(b *testing.B) {
	for _, kind := range []struct{ name, below, above string }{
		{"event_count", "type: event_count, rules: [a, b], condition: {gte: 1500}", "type: event_count, rules: [a, b], condition: {gte: 100}"},
		{"value_count", "type: value_count, rules: [a, b], condition: {gte: 1500, field: n}", "type: value_count, rules: [a, b], condition: {gte: 100, field: n}"},
		{"value_sum", "type: value_sum, rules: [a, b], condition: {gte: 1e9, field: n}", "type: value_sum, rules: [a, b], condition: {gte: 10000, field: n}"},
		{"value_avg", "type: value_avg, rules: [a, b], condition: {gt: 1e9, field: n}", "type: value_avg, rules: [a, b], condition: {gt: 1, field: n}"},
		{"value_percentile", "type: value_percentile, rules: [a, b], condition: {gt: 1e9, field: n, percentile: 95}", "type: value_percentile, rules: [a, b], condition: {gt: 1, field: n, percentile: 95}"},
		{"temporal", "type: temporal, rules: [a, b, c]", "type: temporal, rules: [a, b]"},
		{"temporal_ordered", "type: temporal_ordered, rules: [a, c, b]", "type: temporal_ordered, rules: [a, b, a, b]"},
		{"lt", "type: event_count, rules: [a, b], condition: {lt: 3}", "type: event_count, rules: [a, b], condition: {lt: 1500}"},
		{"not", "type: temporal, rules: [a, b], condition: a and not b", "type: temporal, rules: [a, b, c], condition: a and not c"},
		{"ordered_not", "type: temporal_ordered, rules: [a, b, c], condition: a and c and not b", "type: temporal_ordered, rules: [a, b, c], condition: a and b and not c"},
	} {
		b.Run(kind.name+"/below", func(b *testing.B) { benchmark(b, kind.below, "", 1, inOrder) })
		b.Run(kind.name+"/above", func(b *testing.B) { benchmark(b, kind.above, "", 1, inOrder) })
		b.Run(kind.name+"/below/tied", func(b *testing.B) { benchmark(b, kind.below, "", 1, tied) })
		b.Run(kind.name+"/above/tied", func(b *testing.B) { benchmark(b, kind.above, "", 1, tied) })
		b.Run(kind.name+"/below/shuffled", func(b *testing.B) { benchmark(b, kind.below, "", 1, shuffled) })
		b.Run(kind.name+"/above/shuffled", func(b *testing.B) { benchmark(b, kind.above, "", 1, shuffled) })
	}
	for _, outer := range []string{
		"type: temporal, rules: [x, c], group-by: [who]", "type: temporal, rules: [x, c], group-by: [n]", "type: event_count, rules: [x], group-by: [who], condition: {gte: 3}",
	} {
		name, _, _ := strings.Cut(strings.ReplaceAll(outer, " ", ""), ",condition")
		const inner = "type: event_count, rules: [a, b], condition: {gte: 100}"
		b.Run("chain/"+name, func(b *testing.B) { benchmark(b, inner, outer, 1, inOrder) })
		b.Run("chain/"+name+"/shuffled", func(b *testing.B) { benchmark(b, inner, outer, 1, shuffled) })
	}
	b.Run("groups", func(b *testing.B) {
		benchmark(b, "type: event_count, rules: [a, b], condition: {gte: 100}", "", 5000, inOrder)
	})
}
