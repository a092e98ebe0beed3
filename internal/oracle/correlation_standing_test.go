package oracle_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sigmatrail/internal/oracle"
	"sigmatrail/rules"
)

// TestStandings: what a group holds at the time of a record, for each type of correlation.
func TestStandings(t *testing.T) {
	const base = "title: A\nname: a\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  s: {eventName: A}\n  condition: s\n---\n" +
		"title: B\nname: b\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  s: {eventName: B}\n  condition: s\n---\n"
	start := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	// Each is a second of the hour, the rule that hits, and what the field n has.
	stream := []struct {
		at, rule int
		id, n    string
	}{{0, 0, "1", "1"}, {100, 0, "2", "2"}, {200, 1, "3", "4"}, {300, 0, "4", "2"}, {300, 0, "4", "2"}, {301, 0, "5", ""}}
	var records []oracle.Occurrence
	for _, s := range stream {
		records = append(records, oracle.Occurrence{Time: start.Add(time.Duration(s.at) * time.Second), Account: "x", ID: s.id, Rules: []int{s.rule}, Values: func(field string) []string {
			if field == "n" && s.n != "" {
				return []string{s.n}
			}
			return map[string][]string{"who": {"bob"}}[field]
		}})
	}
	for _, test := range []struct {
		correlation string
		record      int
		want        string
	}{
		{"type: event_count, rules: [a], group-by: [who], timespan: 5m, condition: {gte: 3}", 3, "[bob] true since 300: 3 of [0 100 300] [], beside [301]"},
		{"type: event_count, rules: [a], group-by: [who], timespan: 5m, condition: {gte: 3}", 4, "[bob] true since 300: 3 of [0 100 300] [], beside [301]"},
		{"type: event_count, rules: [a], group-by: [who], timespan: 5m, condition: {gte: 3}", 5, "[bob] true since 300: 3 of [100 300 301] [], beside [0]"},
		{"type: event_count, rules: [a], group-by: [who], timespan: 5m, condition: {gte: 3}", 1, "[bob] false: 2 of [0 100] [], beside [300 301]"},
		{"type: event_count, rules: [a], group-by: [who], timespan: 5m, condition: {gte: 3}", 2, ""},
		{"type: event_count, rules: [a], group-by: [nobody], timespan: 5m, condition: {gte: 3}", 0, ""},
		{"type: value_count, rules: [a, b], timespan: 5m, condition: {field: n, gte: 3}", 3, `[] true since 200: 3 of [0 100 200 300] ["1" "2" "4" "2"], beside []`},
		{"type: value_count, rules: [a, b], timespan: 5m, condition: {field: n, gte: 3}", 5, ""},
		{"type: value_sum, rules: [a, b], timespan: 100s, condition: {field: n, gte: 7}", 3, "[] false: 6 of [200 300] [4 2], beside [0 100]"},
		{"type: value_avg, rules: [a, b], timespan: 200s, condition: {field: n, gte: 2}", 2, "[] true since 200: 7/3 of [0 100 200] [1 2 4], beside [300]"},
		{"type: value_percentile, rules: [a, b], timespan: 200s, condition: {field: n, gte: 2, percentile: 50}", 2, "[] true since 200: 2 of [0 100 200] [1 2 4], beside [300]"},
		{"type: temporal_ordered, rules: [b, a], group-by: [who], timespan: 5m", 2, "[bob] false: 2 of [0 100 200] [], beside [300 301]"},
		{"type: temporal, rules: [a, b], group-by: [who], timespan: 5m", 2, "[bob] true since 200: 2 of [0 100 200] [], beside [300 301]"},
	} {
		set := rules.ParseFiles([]rules.File{{Name: "r.yml", Text: []byte(base + "title: C\nlevel: low\ncorrelation: {" + test.correlation + "}\n")}}, rules.Options{})
		if len(set.Correlations) != 1 {
			t.Fatalf("%s: %v", test.correlation, set.Problems)
		}
		var got []string
		seconds := func(list []oracle.Taken) (at []int, values []string) {
			for _, e := range list {
				at, values = append(at, int(e.Time.Sub(start).Seconds())), append(values, e.Values...)
			}
			return at, values
		}
		for _, st := range oracle.Standings(set, 0, records, test.record) {
			text := fmt.Sprint(st.Values, " ", st.Holds)
			if !st.Since.IsZero() {
				text += fmt.Sprint(" since ", st.Since.Sub(start).Seconds())
			}
			window, values := seconds(st.Window)
			others, _ := seconds(st.Others)
			got = append(got, fmt.Sprintf("%s: %s of %v %v, beside %v", text, st.Value.RatString(), window, values, others))
		}
		if strings.Join(got, "; ") != test.want {
			t.Errorf("%s, record %d: %s, want %s", test.correlation, test.record, strings.Join(got, "; "), test.want)
		}
	}
}
