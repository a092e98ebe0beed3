package oracle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// TestCorrelate: windows by hand. A record is "second rules group".
func TestCorrelate(t *testing.T) {
	const simple = "title: %s\nname: %s\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection: {sel: {eventName: %s}, condition: sel}\n---\n"
	for _, test := range []struct{ correlation, records, want, episodes string }{
		{"type: event_count, rules: [a], condition: {gte: 2}", "1 a x, 2 a x, 11 a x, 12 a x, 40 a x", "x 1-2 2 rises, x 1-11 3, x 2-12 3", "x 1-12"},
		{"type: event_count, rules: [a], condition: {gte: 2}", "1 a x, 1 a y, 12 a x, 13 a x, 25 a x, 26 a x", "x 12-13 2 rises, x 25-26 2 rises", "x 12-13, x 25-26"},
		{"type: event_count, rules: [a], condition: {lt: 2}", "1 a x, 2 a x, 12 a x, 13 a x", "x 1-1 1 rises", "x 1-1"},
		{"type: temporal, rules: [a, b], condition: a and not b", "1 a x, 2 b x, 30 a x", "x 1-1 1 rises, x 30-30 1 rises", "x 1-1, x 30-30"},
		{"type: temporal_ordered, rules: [a, b]", "1 b x, 2 a x, 3 b x, 13 b x", "x 1-3 3 rises", "x 1-3"},
		{"type: temporal_ordered, rules: [a, a]", "1 a x, 1 ab x", "x 1-1 2 rises", "x 1-1"},
		{"type: temporal_ordered, rules: [a, b]", "1 ab x", "", ""},
	} {
		var b strings.Builder
		for _, name := range []string{"a", "b"} {
			fmt.Fprintf(&b, simple, name, name, name)
		}
		text := b.String() + "title: C\nname: c\nlevel: low\ncorrelation: {timespan: 10s, group-by: [who], " + test.correlation + "}\n"
		set := rules.ParseFiles([]rules.File{{Name: "c.yml", Text: []byte(text)}}, rules.Options{})
		if errs := set.Problems.Errors(); len(errs) > 0 {
			t.Fatal(errs)
		}
		var list []Occurrence
		for i, line := range strings.Split(test.records, ", ") {
			var second int64
			var names, who string
			_, _ = fmt.Sscan(line, &second, &names, &who)
			o := Occurrence{Time: time.Unix(second, 0), ID: fmt.Sprint(i), Values: func(string) []string { return []string{who} }}
			for _, name := range names {
				o.Rules = append(o.Rules, int(name-'a'))
			}
			list = append(list, o, o) // the second one is no other
		}
		slices.Reverse(list)
		var windows, episodes []string
		for _, g := range Correlate(set, list)[0].Groups {
			for _, w := range g.Windows {
				text := fmt.Sprintf("%s %d-%d %d", g.Values[0], w.First.Unix(), w.Last.Unix(), w.Events)
				windows = append(windows, text+map[bool]string{true: " rises"}[w.Rises])
			}
			for _, e := range g.Episodes(10 * time.Second) {
				episodes = append(episodes, fmt.Sprintf("%s %d-%d", g.Values[0], e.First.Unix(), e.Last.Unix()))
			}
		}
		if got := strings.Join(windows, ", "); got != test.want {
			t.Errorf("%s on %s: %q, want %q", test.correlation, test.records, got, test.want)
		}
		if got := strings.Join(episodes, ", "); got != test.episodes {
			t.Errorf("%s on %s: episodes %q, want %q", test.correlation, test.records, got, test.episodes)
		}
	}
}

// TestTexts: what a field is to correlations.
func TestTexts(t *testing.T) {
	packed, err := record.AppendMsgpack(nil, []byte(`{"a":["x",1,[22.0,true],null,{"b":"y"}],"b":null,"c":{"d":[{"e":"1"},{"e":"2"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := record.Decode(packed, 0)
	o := New(nil, record.DefaultAliases(), "sigma")
	for field, want := range map[string][]string{"a": {"x", "1", "22", "true"}, "b": nil, "c": nil, "c.d.e": {"1", "2"}, "none": nil} {
		if got := o.Texts(body.(*record.Object), field); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
}
