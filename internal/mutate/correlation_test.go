package mutate

import (
	"strings"
	"testing"
	"testing/fstest"

	"sigmatrail/rules"

	"github.com/google/go-cmp/cmp"
)

const counted = "title: A\nname: a\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  s: {eventName: A}\n  condition: s\n---\n" +
	"title: B\nname: b\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  s: {eventName: B}\n  condition: s\n"

// TestChanges lists what is made of correlations.
func TestChanges(t *testing.T) {
	for _, c := range []struct {
		correlation string
		want        []string
	}{
		{"type: event_count, rules: [a], group-by: [who], timespan: 5m, condition: {gte: 3}", []string{
			"does not group by who", "doubles the timespan", "halves the timespan", "the condition becomes gt 3", "the condition becomes gte 2",
		}},
		{"type: value_count, rules: [a, b], timespan: 5m, condition: {field: [x, y], gt: 3, lte: 9}", []string{
			"becomes event_count", "does not count x", "does not count y", "doubles the timespan", "halves the timespan", "leaves out the rule a", "leaves out the rule b",
			"the condition becomes gt 4", "the condition becomes gte 3", "the condition becomes lt 9", "the condition becomes lte 10",
		}},
		{"type: value_avg, rules: [a], timespan: 5m, condition: {field: x, eq: 1}", []string{
			"doubles the timespan", "halves the timespan", "the condition becomes eq 0", "the condition becomes eq 2",
		}},
		{"type: value_sum, rules: [a], timespan: 5m, condition: {field: x, lt: 1.5}", []string{"doubles the timespan", "halves the timespan"}},
		{"type: temporal, rules: [a, b], timespan: 5m", []string{
			"becomes temporal_ordered", "doubles the timespan", "halves the timespan", "leaves out the rule a", "leaves out the rule b",
		}},
		{"type: temporal_ordered, rules: [a, b], timespan: 5m, condition: a and b", []string{
			"becomes temporal", "doubles the timespan", "halves the timespan", "the condition becomes a and not b", "the condition becomes a or b", "the condition becomes not a and b",
		}},
	} {
		set := rules.ParseFiles([]rules.File{{Name: "r.yml", Text: []byte(counted + "---\ntitle: C\nlevel: low\ncorrelation: {" + c.correlation + "}\n")}}, rules.Options{})
		if len(set.Correlations) != 1 {
			t.Fatalf("%s: %v", c.correlation, set.Problems)
		}
		var got []string
		for _, m := range changes(set.Correlations[0]) {
			got = append(got, m.what)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.correlation, diff)
		}
	}
}

// TestCheckCorrelations: cases over time tell mutants of correlations, and of the rules beside them, from what they are made of.
func TestCheckCorrelations(t *testing.T) {
	const rule = "title: Three\nlevel: low\ncorrelation: {type: event_count, rules: [a], group-by: [who], timespan: 5m, condition: {gte: 3}}\n---\n" + counted
	tests := "- {name: hits, event: {eventSource: s3.amazonaws.com, eventName: A, who: x}, hit: true}\n- {name: misses, like: hits, set: {eventName: C}, hit: false}\n"
	for _, c := range []struct{ add, survivors string }{
		{"", "does not group by who; doubles the timespan; halves the timespan; the condition becomes gt 3; the condition becomes gte 2"},
		{"- {name: three, like: hits, steps: [{times: 3, fires: true}]}\n", "does not group by who; doubles the timespan; halves the timespan"},
		{"- {name: long, like: hits, steps: [{times: 2}, {after: 5m, fires: true}]}\n", "does not group by who; doubles the timespan"},
		{"- {name: late, like: hits, steps: [{times: 2}, {after: 301s}]}\n", "does not group by who"},
		{"- {name: others, like: hits, steps: [{times: 2}, {after: 9s, set: {who: y}}]}\n", ""},
	} {
		tests += c.add
		reports, err := Check(fstest.MapFS{"r.yml": {Data: []byte(rule)}, "r.test.yml": {Data: []byte(tests)}})
		if err != nil || len(reports) != 3 {
			t.Fatalf("%d reports, error %v", len(reports), err)
		}
		var survivors []string
		for _, m := range reports[2].Survivors {
			survivors = append(survivors, m.What)
		}
		if got := strings.Join(survivors, "; "); got != c.survivors || reports[2].Mutants != 5 || reports[2].Rule.Title != "Three" {
			t.Errorf("%s: of %d mutants of %s survive: %s", tests, reports[2].Mutants, reports[2].Rule.Title, got)
		}
	}
	for add, want := range map[string]string{
		"- {name: x, like: hits, steps: []}\n":              "steps must be a list",
		"- {name: x, like: hits, steps: [{fires: true}]}\n": "a case over time fails without any change",
	} {
		if _, err := Check(fstest.MapFS{"r.yml": {Data: []byte(rule)}, "r.test.yml": {Data: []byte(tests + add)}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", add, err)
		}
	}
}
