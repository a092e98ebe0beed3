package ruletest

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"sigmatrail/rules"

	"github.com/google/go-cmp/cmp"
)

// correlated are a correlation of each kind that tests need, and the rules that these count, which stand in another file.
const (
	many = "title: Many\nname: many\nid: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b21\nlevel: medium\ncorrelation:\n" +
		"  type: event_count\n  rules: [refused]\n  group-by: [who]\n  timespan: 5m\n  condition: {gte: 3}\n"
	kinds     = "title: Kinds\nlevel: medium\ncorrelation:\n  type: value_count\n  rules: [refused]\n  group-by: [who]\n  timespan: 5m\n  condition: {field: what, gte: 3}\n"
	few       = "title: Few\nlevel: medium\ncorrelation:\n  type: event_count\n  rules: [refused]\n  group-by: [who]\n  timespan: 5m\n  condition: {lt: 2}\n"
	inSilence = "title: Then\nlevel: high\ncorrelation:\n  type: temporal_ordered\n  rules: [row, allowed]\n  group-by: [who]\n  timespan: 10m\n---\n" +
		"title: Row\nname: row\nlevel: low\ncorrelation:\n  type: event_count\n  rules: [refused]\n  group-by: [who]\n  timespan: 5m\n  condition: {gte: 2}\n"
	counted = "title: Refused\nname: refused\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  a: {eventName: A, errorCode: D}\n  condition: a\n---\n" +
		"title: Allowed\nname: allowed\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  a: {eventName: A, errorCode: null}\n  condition: a\n"
	countedTests = "- {event: {eventVersion: '1', eventSource: s, eventName: A, errorCode: D}, hits: [Refused]}\n- {event: {eventVersion: '1', eventSource: s, eventName: A}, hits: [Allowed]}\n" +
		"- {event: {eventVersion: '1', eventSource: s, eventName: B}, hit: false}\n"
	refusedEvent = "event: {eventVersion: '1', eventSource: s, eventName: A, errorCode: D, who: bob, what: x}"
)

// TestSteps: cases over time, and what is said of those that are wrong. Without a file of rules of their own they are about many.
func TestSteps(t *testing.T) {
	for _, test := range []struct {
		name, rules, steps string
		want               []string // with the reasons, a line each
	}{
		{"fires", many, "[{times: 3, fires: true}, {after: 60s}]", nil},
		{"the ends belong to it", many, "[{times: 2}, {after: 5m, fires: true}]", nil},
		{"a second too late", many, "[{times: 2}, {after: 301s}]", nil},
		{"at", many, "[{at: '2026-01-01T00:05:00Z', times: 2}, {at: '2026-01-01T00:00:00Z', fires: true}]", []string{
			"case 1, step 2: must fire and does not on the event of step 2, at 00:00:00", "Many (event_count):",
			`  who "bob": 1 event in the 5m up to 00:00:00`, "    their number is 1; the condition wants at least 3: 2 more",
		}},
		{"twice", many, "[{times: 2}, {after: 1s, set: {eventID: 00000000-0000-4000-8000-000000000002}}]", nil},
		{"again", many, "[{times: 3, fires: true}, {after: 1h, times: 3, fires: true}]", nil},
		{"days", many, "[{times: 2}, {after: 2d}, {after: 49h, times: 2}]", nil},
		{"two groups", many, "[{times: 2}, {after: 9s, times: 2, set: {who: carol}}]", nil},
		{"by each", kinds, "[{each: {what: [x, y, z]}, fires: true}]", nil},
		{"waits", few, "[{fires: true}, {after: 9s}, {after: 1h, fires: true}]", nil},
		{"another event", inSilence, "[{times: 2}, {after: 60s, remove: errorCode, fires: true}]", nil},
		{"what is silenced is meant where it is named", inSilence, "[{times: 2, fires: true, rule: Row}, {after: 60s, event: {eventVersion: '1', eventSource: s, eventName: A, who: bob}, fires: true}]", nil},
		{"too few", many, "[{times: 2, fires: true}]", []string{
			"case 1, step 1: must fire and does not on event 2 of 2 of step 1, at 08:00:01", "Many (event_count):",
			`  who "bob": 2 events in the 5m up to 08:00:01`, "    their number is 2; the condition wants at least 3: 1 more",
		}},
		{"too early", many, "[{times: 4, fires: true}]", []string{
			"case 1, step 1: must not fire and does on event 3 of 4 of step 1, at 08:00:02", "Many (event_count):",
			`  who "bob": 3 events in the 5m up to 08:00:02`, "    their number is 3; the condition wants at least 3",
		}},
		{"not again", many, "[{times: 3, fires: true}, {after: 60s, fires: true}]", []string{
			"case 1, step 2: must fire and does not on the event of step 2, at 08:01:00", "Many (event_count):",
			`  who "bob": 4 events in the 5m up to 08:01:00`, "    their number is 4; the condition wants at least 3",
			"    the condition is true since 08:00:02; it fires again when it was false in between",
		}},
		{"out of time", many, "[{times: 2}, {after: 310s, fires: true}]", []string{
			"case 1, step 2: must fire and does not on the event of step 2, at 08:05:10", "Many (event_count):",
			`  who "bob": 1 event in the 5m up to 08:05:10`, "    their number is 1; the condition wants at least 3: 2 more", "    2 events more, the last at 08:00:01, which is 9s too early",
		}},
		{"too few values", kinds, "[{each: {what: [x, y, x]}, fires: true}]", []string{
			"case 1, step 1: must fire and does not on event 3 of 3 of step 1, at 08:00:02", "Kinds (value_count):",
			`  who "bob": 3 events in the 5m up to 08:00:02`, "    the number of values of what is 2; the condition wants at least 3: 1 more", `    there are "x", "y"`,
		}},
		{"without its field", kinds, "[{remove: what, fires: true}]", []string{
			"case 1, step 1: must fire and does not on the event of step 1, at 08:00:00", "Kinds (value_count):", "  the event takes no part: it has nothing at what",
		}},
		{"without its group", many, "[{remove: who, fires: true}]", []string{
			"case 1, step 1: must fire and does not on the event of step 1, at 08:00:00", "Many (event_count):", "  the event takes no part: it has nothing at who",
		}},
		{"another operation", many, "[{set: {eventName: B}, fires: true}]", []string{
			"case 1, step 1: must fire and does not on the event of step 1, at 08:00:00", "Many (event_count):", "  the event takes no part: none of its rules hits it",
			"  Refused does not match:", "    ✗ a", `      ✗ eventName "A": is "B"`, `      ✓ errorCode "D": is "D"`,
			`    What keeps it from matching: eventName is "B"; the rule wants "A" (c.yml:6:7)`,
		}},
		{"a chain", inSilence, "[{}, {after: 60s, remove: errorCode, fires: true}]", []string{
			"case 1, step 2: must fire and does not on the event of step 2, at 08:01:00", "Then (temporal_ordered):",
			`  who "bob": 1 event in the 10m up to 08:01:00`, "    ✗ row: does not occur", "      Row (event_count):",
			`        who "bob": 1 event in the 5m up to 08:00:00`, "          their number is 1; the condition wants at least 2: 1 more", "    ✓ allowed: at 08:01:00",
		}},
		{"the other way round", inSilence, "[{remove: errorCode}, {after: 60s, times: 2, fires: true}]", []string{
			"case 1, step 2: must fire and does not on event 2 of 2 of step 2, at 08:01:01", "Then (temporal_ordered):",
			`  who "bob": 2 events in the 10m up to 08:01:01`, "    ✓ row: at 08:01:01", "    ✓ allowed: at 08:00:00",
			"    all of them occur, but not in this order, each on an event of its own",
		}},
		{"too late for a chain", inSilence, "[{times: 2}, {after: 1d, remove: errorCode, fires: true}]", []string{
			"case 1, step 2: must fire and does not on the event of step 2, at 2026-11-21 08:00:00", "Then (temporal_ordered):",
			`  who "bob": 1 event in the 10m up to 2026-11-21 08:00:00`, "    ✗ row: not in that time, but at 2026-11-20 08:00:01", "    ✓ allowed: at 2026-11-21 08:00:00",
		}},
		{"nothing of the inner one", inSilence, "[{fires: true}]", []string{
			"case 1, step 1: must fire and does not on the event of step 1, at 08:00:00", "Then (temporal_ordered):", `  the event completes nothing of it: "Row" is not true then`,
			"      Row (event_count):", `        who "bob": 1 event in the 5m up to 08:00:00`, "          their number is 1; the condition wants at least 2: 1 more",
		}},
		{"no such correlation", many, "[{rule: Mani}]", []string{`case 1, step 1: no correlation has the id, name or title "Mani"`, `did you mean "Many"?`}},
		{"nothing that could fire", strings.Replace(counted, "name: refused", "name: other", 1), "[{}]", []string{"case 1, step 1: there is no correlation that could fire"}},
		{"an envelope", many, "[{event: {detail: {eventVersion: '1', eventSource: s, eventName: A}}}]", []string{
			"case 1, step 1: the event of a step must be a CloudTrail record itself, with eventName and eventSource at the top",
		}},
	} {
		files := map[string]string{"m.yml": test.rules, "c.yml": counted, "c.test.yml": countedTests, "m.test.yml": "- " + refusedEvent + "\n  steps: " + test.steps + "\n"}
		report, err := Run(mapFS(files))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range report.Failures {
			if p.Code == Missing || strings.HasPrefix(string(p.Code), "correlation-") {
				continue
			}
			got = append(append(got, p.Message), strings.Split(p.Hint, "\n")...)
			if p.Hint == "" {
				got = got[:len(got)-1]
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestStepForms: what steps cannot be.
func TestStepForms(t *testing.T) {
	for steps, want := range map[string]string{
		"{}":                                    "case 1: steps must be a list of maps",
		"[]":                                    "case 1: steps must be a list of maps",
		"[1]":                                   "case 1, step 1: must be a map",
		"[{tims: 3}]":                           `a step has no "tims"`,
		"[{times: 0}]":                          "times must be a number from 1 to 2000",
		"[{times: 2000}, {after: 1h}]":          "case 1: has 2001 events, and 2000 are the most",
		"[{every: x}]":                          `"x" is no length of time`,
		"[{every: -1s}]":                        `"-1s" is no length of time`,
		"[{after: 99999d}]":                     `"99999d" is no length of time`,
		"[{}, {}]":                              "case 1, step 2: must have after, the time since the first event, such as 90s, or at",
		"[{}, {after: 1s, at: '2026-01-01'}]":   "case 1, step 2: must have one of at and after",
		"[{at: yesterday}]":                     "case 1, step 1: at must be a time",
		"[{fires: often}]":                      "fires must be true or false",
		"[{rule: [a]}]":                         "rule must be a text",
		"[{event: {a: 1}, like: x}]":            "case 1, step 1: must have one of event and like, or none",
		"[{like: x}]":                           `case 1, step 1: there is no case "x" before this one`,
		"[{set: {who: bob}}]":                   "case 1, step 1: changes nothing: who has that value already",
		"[{remove: whom}]":                      "case 1, step 1: changes nothing: whom is not there",
		"[{set: {eventTime: '2026-01-01'}}]":    "case 1, step 1: after, or at, says when the events are",
		"[{remove: [eventTime]}]":               "case 1, step 1: after, or at, says when the events are",
		"[{each: []}]":                          "case 1, step 1: each must be a map of paths and lists of values",
		"[{each: {who: x}}]":                    "who: must be a list of values, one for each event",
		"[{each: {who: [a], what: [b, c]}}]":    "what: has 2 values, the list before has 1",
		"[{times: 2, each: {who: [a, b]}}]":     "case 1, step 1: each says how many events there are; leave times out",
		"[{each: {who.name: [a, b]}}]":          "case 1, step 1: who is no object",
		"[{each: {eventTime: ['2026-01-01']}}]": "case 1, step 1: after, or at, says when the events are",
	} {
		got, _ := failures(t, map[string]string{"m.yml": many, "c.yml": counted, "c.test.yml": countedTests, "m.test.yml": "- " + refusedEvent + "\n  steps: " + steps + "\n"})
		if !slices.ContainsFunc(got, func(line string) bool { return strings.Contains(line, want) }) {
			t.Errorf("%s: %q", steps, got)
		}
	}
	for text, want := range map[string]string{
		"- {hit: true, " + refusedEvent + ", steps: [{}]}":          "case 1: steps say what must fire; leave hit and hits out",
		"- {file: two.ndjson, steps: [{}]}":                         "case 1: steps begin with one event, and there are 2",
		"- {steps: [{}]}":                                           "case 1: must have one of event, file and like",
		"- {name: a, " + refusedEvent + ", hit: true}\n- {like: a}": "case 2: must have hit, true or false, or hits, a list of rules, or steps",
	} {
		got, _ := failures(t, map[string]string{"m.yml": many, "c.yml": counted, "c.test.yml": countedTests, "m.test.yml": text, "two.ndjson": "{\"eventName\":\"A\"}\n{\"eventName\":\"B\"}\n"})
		if !slices.ContainsFunc(got, func(line string) bool { return strings.Contains(line, want) }) {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// TestCorrelationSuite: rules of a correlation's file are judged by plain cases; those of other files are there, and not tested. Cases over time of both kinds are wanted.
func TestCorrelationSuite(t *testing.T) {
	own := many + "---\n" + strings.ReplaceAll(strings.Split(counted, "---\n")[0], "refused", "mine")
	plain := "- {name: plain, " + refusedEvent + ", hit: true}\n- {name: other, like: plain, set: {eventName: B}, hit: false}\n"
	over := "- {name: quiet, like: plain, steps: [{times: 2}]}\n"
	files := map[string]string{"m.yml": own, "m.test.yml": plain + over, "c.yml": counted, "c.test.yml": countedTests}
	got, report := failures(t, files)
	if diff := cmp.Diff([]string{"m.test.yml: 0 cases with steps in which a correlation must fire and 1 in which none must: both kinds are needed (test-missing)"}, got); diff != "" {
		t.Error(diff)
	}
	if report.Rules != 4 || report.Hits != 3 || report.Misses != 3 {
		t.Errorf("%d rules, %d hits, %d misses", report.Rules, report.Hits, report.Misses)
	}
	var names []string
	for _, r := range report.Results {
		names = append(names, r.FullName())
	}
	if diff := cmp.Diff([]string{"c.test.yml/c.yml/case 1", "c.test.yml/c.yml/case 2", "c.test.yml/c.yml/case 3", "m.test.yml/Refused/plain", "m.test.yml/Refused/other", "m.test.yml/Many/quiet"}, names); diff != "" {
		t.Error(diff)
	}
	files["m.test.yml"] += "- {name: fires, like: plain, steps: [{times: 3, fires: true}]}\n"
	if got, _ = failures(t, files); got != nil {
		t.Error(got)
	}
	delete(files, "c.yml")
	delete(files, "c.test.yml")
	if got, _ = failures(t, files); len(got) == 0 || !strings.Contains(got[0], `no rule has the id or name "refused"`) {
		t.Error(got)
	}
}

// TestEngineHeld: an engine that writes a correlation where it does not fire, or does not where it does, is found out.
func TestEngineHeld(t *testing.T) {
	for written, want := range map[int]string{
		2: "",
		1: `case 1: by the engine: "Many" fires on event 2 of 3 of step 1, at 08:00:01: true`,
		9: `case 1: by the engine: "Many" fires on event 3 of 3 of step 1, at 08:00:02: false`,
	} {
		r := newRunner(Options{Prepare: func(files []rules.File) (Prepared, error) {
			return Prepared{Set: rules.ParseFiles(files, rules.Options{}), Correlate: func(packed [][]byte, _ time.Time) [][]int {
				fired := make([][]int, len(packed))
				if written < len(fired) {
					fired[written] = []int{0}
				}
				return fired
			}}, nil
		}})
		pack := mapFS(map[string]string{"m.yml": many, "c.yml": counted, "m.test.yml": "- " + refusedEvent + "\n  steps: [{times: 3, fires: true}]\n"})
		f := finder{Options: r.options, seen: make(map[string]bool)}
		if err := f.files(pack.Open, []string{"m.yml", "c.yml"}, false); err != nil {
			t.Fatal(err)
		}
		r.known.read = f.read
		report, err := r.run(f.suites)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, p := range report.Results[0].Problems {
			got += p.Message
		}
		if got != want {
			t.Errorf("%d: %s", written, got)
		}
	}
}

// TestTimedCases: cases over time tell what is changed from what is not.
func TestTimedCases(t *testing.T) {
	pack := mapFS(map[string]string{"m.yml": many, "c.yml": counted, "m.test.yml": "- " + refusedEvent + "\n  steps: [{times: 3, fires: true}, {after: 60s, set: {errorCode: E}}]\n"})
	timed, err := TimedCases(pack, "m.yml")
	if err != nil {
		t.Fatal(err)
	}
	if !timed.Pass(timed.Set) {
		t.Error("what is not changed does not pass")
	}
	longer := *timed.Set.Correlations[0]
	longer.Timespan = time.Second
	changed := *timed.Set
	changed.Correlations = []*rules.Correlation{&longer}
	if timed.Pass(&changed) {
		t.Error("another timespan passes")
	}
	wider := *timed.Set.Rules[0]
	wider.Conditions = []rules.Condition{rules.Not{Term: wider.Conditions[0]}}
	changed = *timed.Set
	changed.Rules = append([]*rules.Rule{&wider}, changed.Rules[1:]...)
	if timed.Pass(&changed) {
		t.Error("another rule passes")
	}
	pack["m.test.yml"].Data = []byte("- {steps: [{}]}")
	if _, err := TimedCases(pack, "m.yml"); err == nil || !strings.Contains(err.Error(), "must have one of event") {
		t.Error(err)
	}
	for _, name := range []string{"c.yml", "none.yml"} {
		if _, err := TimedCases(pack, name); !strings.Contains(err.Error(), fs.ErrNotExist.Error()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
