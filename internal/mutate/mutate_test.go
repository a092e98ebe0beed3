package mutate

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"sigmatrail/rules"

	"github.com/google/go-cmp/cmp"
)

const head = "title: T\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n"

// parse returns the rule with a detection, which begins in line 5.
func parse(t *testing.T, detection string) *rules.Rule {
	t.Helper()
	list, problems := rules.Parse("r.yml", []byte(head+detection), rules.Options{})
	if len(list) != 1 || len(problems.Errors()) > 0 {
		t.Fatalf("%d rules, %v", len(list), problems)
	}
	return list[0]
}

// TestMutants lists what is made of rules.
func TestMutants(t *testing.T) {
	for _, c := range []struct {
		detection string
		want      []string
	}{
		{
			"  a: {eventName: [A, B]}\n  condition: a\n",
			[]string{`5:19: deletes the value "A" of eventName`, `5:22: deletes the value "B" of eventName`, "5:7: negates eventName"},
		},
		{ // without its only item a search holds always, and the filter's not never
			"  a: {eventName: A, x|endswith: b}\n  f: {y|fieldref: z}\n  condition: a and not f\n",
			[]string{
				"5:7: deletes eventName", "5:7: negates eventName", "5:21: deletes x|endswith", "5:21: negates x|endswith", "5:21: compares x|endswith by contains",
				"6:7: negates y|fieldref", "6:7: compares y|fieldref by contains", "6:7: compares y|fieldref by exists",
				"1:1: the condition becomes not a and not f", "1:1: the condition becomes a", "1:1: the condition becomes a or not f",
			},
		},
		{
			"  a:\n    - x|contains|all: [b, c]\n    - y|lte: 3\n      z|cased: d\n  condition: a\n",
			[]string{
				"6:7: deletes this alternative of a",
				`6:24: deletes the value "b" of x|contains|all`, `6:27: deletes the value "c" of x|contains|all`, "6:7: negates x|contains|all",
				"6:7: drops all from x|contains|all", "6:7: compares x|contains|all by exists",
				"7:7: deletes this alternative of a", "7:7: deletes y|lte", "7:7: negates y|lte", "7:7: compares y|lte by lt", "7:7: compares y|lte by exists",
				"8:7: deletes z|cased", "8:7: negates z|cased", "8:7: drops cased from z|cased", "8:7: compares z|cased by contains", "1:1: the condition becomes not a",
			},
		},
		{
			"  a1: {errorCode: null}\n  a2: {x|cidr: 10.0.0.0/8}\n  condition: 1 of a*\n",
			[]string{
				"5:8: negates errorCode", "6:8: negates x|cidr", "6:8: compares x|cidr by exists",
				"1:1: the condition becomes all of a*", "1:1: the condition becomes a2", "1:1: the condition becomes a1", "1:1: the condition becomes not 1 of a*",
			},
		},
		{ // the same twice is no mutant, and neither is what the order of terms changes
			"  a: {x|exists: true}\n  b: {x|exists: true}\n  condition: a or b\n",
			nil,
		},
	} {
		var got []string
		for _, m := range Mutants(parse(t, c.detection)) {
			got = append(got, fmt.Sprintf("%d:%d: %s", m.Line, m.Column, m.What))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s%s", c.detection, diff)
		}
	}
}

// TestCheck: a mutant survives until a case tells it from the rule, and mutants leave the rule that they are made of alone.
func TestCheck(t *testing.T) {
	const rule = head + "  a: {eventSource: s3.amazonaws.com, eventName: [A, B]}\n  condition: a\n"
	one := func(hit bool, source, name string) string {
		return fmt.Sprintf("- {hit: %t, event: {eventSource: %s.amazonaws.com, eventName: %s}}\n", hit, source, name)
	}
	tests := one(true, "s3", "A")
	for _, c := range []struct {
		add       string
		survivors string
	}{
		{"", `deletes eventSource; deletes eventName; deletes the value "B" of eventName`},
		{one(false, "ec2", "A"), `deletes eventName; deletes the value "B" of eventName`},
		{one(true, "s3", "B"), "deletes eventName"},
		{one(false, "s3", "C"), ""},
	} {
		tests += c.add
		reports, err := Check(fstest.MapFS{"r.yml": {Data: []byte(rule)}, "r.test.yml": {Data: []byte(tests)}})
		if err != nil || len(reports) != 1 {
			t.Fatalf("%d reports, error %v", len(reports), err)
		}
		var survivors []string
		for _, m := range reports[0].Survivors {
			survivors = append(survivors, m.What)
		}
		if got := strings.Join(survivors, "; "); got != c.survivors || reports[0].Mutants != 7 {
			t.Errorf("%s: of %d mutants survive: %s", tests, reports[0].Mutants, got)
		}
	}
}

// TestCheckErrors: tests that cannot be read are no tests without survivors.
func TestCheckErrors(t *testing.T) {
	const rule = head + "  a: {eventName: A}\n  condition: a\n"
	for _, c := range []struct{ tests, want string }{
		{"", "the tests of r.yml"},
		{"- {hit: true}\n", "r.test.yml:1:3: case 1: must have one of event, file and like"},
	} {
		pack := fstest.MapFS{"r.yml": {Data: []byte(rule)}, "r.test.yml": {Data: []byte(c.tests)}}
		if c.tests == "" {
			delete(pack, "r.test.yml")
		}
		if _, err := Check(pack); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v", c.tests, err)
		}
	}
}
