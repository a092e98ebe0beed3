package main

import (
	"strings"
	"testing"

	"sigmatrail/bench/fluentbit"
)

// TestAccount: what is lost, comes twice, is another record, or has hits where it must not, is noticed.
func TestAccount(t *testing.T) {
	c := &fluentbit.Corpus{Records: 3, Planted: 1, Marker: "id-7"}
	count := newCounter(c, `"sigma":{`)
	const line = "3 events = 1 matched + 2 unmatched + 0 not CloudTrail; 3 records, 2 hits"
	control, engine := &door{control: true}, &door{}
	check := newAccount(c)
	for _, test := range []struct {
		name, lines, log string
		door             *door
		ok               bool
	}{
		{"control", `{"a":1} {"a":2} {"id":"id-7"}`, "", control, true},
		{"engine, another order", `{"id":"id-7","sigma":{}} {"a":2} {"a":1}`, line, engine, true},
		{"lost", `{"id":"id-7","sigma":{}} {"a":2}`, line, engine, false},
		{"twice", `{"id":"id-7","sigma":{}} {"a":2} {"a":2}`, line, engine, false},
		{"without its hit", `{"id":"id-7"} {"a":2} {"a":1}`, line, engine, false},
		{"with a hit", `{"id":"id-7","sigma":{}} {"a":2,"sigma":{}} {"a":1}`, line, engine, false},
		{"control with a hit", `{"id":"id-7","sigma":{}} {"a":2} {"a":1}`, "", control, false},
		{"other counts in the log", `{"id":"id-7","sigma":{}} {"a":2} {"a":1}`, strings.Replace(line, "1 matched + 2", "2 matched + 1", 1), engine, false},
		{"other hits than at another door", `{"id":"id-7","sigma":{}} {"a":2} {"a":1}`, strings.Replace(line, "2 hits", "1 hits", 1), engine, false},
	} {
		r := run{log: test.log}
		for body := range strings.FieldsSeq(test.lines) {
			count.add(&r.arrived, []byte(body))
		}
		if err := check.of(test.door, 0, r); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
