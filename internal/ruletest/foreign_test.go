package ruletest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigmatrail/rules"

	"github.com/google/go-cmp/cmp"
)

const (
	stopRule = "title: Stopped\nid: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b12\nname: stopped\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\n" +
		"detection:\n  a: {eventName: StopLogging}\n  condition: a\n"
	windowsRule = "title: Elsewhere\nid: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b13\nlevel: low\nlogsource: {product: windows}\ndetection:\n  a: {b: c}\n  condition: a\n"
	stop        = `{"eventVersion":"1","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging"}`
	start       = `{"eventVersion":"1","eventSource":"cloudtrail.amazonaws.com","eventName":"StartLogging"}`
)

// byOracle prepares rules for the oracle alone.
func byOracle(files []rules.File) (Prepared, error) {
	return Prepared{Set: rules.ParseFiles(files, rules.Options{})}, nil
}

// inFolder writes files and runs what paths name of them, from there; results are lines: what is wrong, and which cases were run or skipped.
func inFolder(t *testing.T, files map[string]string, o Options, paths ...string) (problems, cases []string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if o.Prepare == nil {
		o.Prepare = byOracle
	}
	r, err := RunPaths(paths, o)
	if err != nil {
		return []string{err.Error()}, nil
	}
	for _, p := range r.Failures {
		problems = append(problems, p.String())
	}
	for i := range r.Results {
		name := r.Results[i].FullName()
		if r.Results[i].Skipped != "" {
			name += ": " + r.Results[i].Skipped
		}
		cases = append(cases, name)
	}
	return problems, cases
}

func TestSigmaHQ(t *testing.T) {
	info := func(id, more string) string {
		return "id: x\nrule_metadata:\n  - id: " + id + "\n    title: S\n" + more
	}
	tests := func(kind, count, path string) string {
		return "regression_tests_info:\n  - name: Positive Detection Test\n    type: " + kind + "\n    match_count: " + count + "\n    path: " + path + "\n"
	}
	const (
		id   = "5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b12"
		data = "regression_data/rules/cloud/stop/"
	)
	files := map[string]string{
		"rules/cloud/stop.yml": stopRule + "regression_tests_path: " + data + "info.yml\n", "rules/win.yml": windowsRule,
		"gone.yml":        stopRule + "regression_tests_path: x/info.yml\n",
		data + "info.yml": info(id, tests("json", "1", data+id+".json")), data + id + ".json": stop + "\n" + start + "\n",
		"beside/info.yml": info(id, tests("json", "2", "regression_data/moved/two.json")), "beside/two.json": stop + "\n" + start + "\n" + start,
		"none/info.yml": info(id, "# regression_tests_info:\n"), "evtx/info.yml": info(id, tests("evtx", "1", "x.evtx")),
		"other/info.yml": info("5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b13", tests("json", "1", "a.json")), "other/a.json": stop,
		"bad/info.yml":  info(id, tests("json", "1", "gone.json")) + "  - name: no path\n  - {type: json, path: gone.json, match_count: x}\n",
		"some/info.yml": info(id, "regression_tests_info:\n  - {type: json, path: a.json}\n  - {type: json, path: b.json}\n  - {type: json, path: c.json, match_count: 0}\n"),
		"some/a.json":   start + "\n" + stop, "some/b.json": start + "\n" + start, "some/c.json": stop + "\n" + stop,
		"lists/info.yml": "rule_metadata: [{id: x}]\nregression_tests_info: {}\n",
		"nobody/my.yml":  "rule_metadata: []\n" + tests("json", "1", "a.json"),
	}
	for _, test := range []struct {
		path            string
		rules           []string
		problems, cases []string
	}{
		{"rules/cloud", nil, nil, []string{data + "info.yml/Stopped/Positive Detection Test"}},
		{data, nil, nil, []string{data + "info.yml/Stopped/Positive Detection Test"}},
		{"r*", nil, nil, []string{data + "info.yml/Stopped/Positive Detection Test"}},
		{
			"beside",
			[]string{"rules"},
			[]string{"beside/info.yml:6:5: Positive Detection Test: must hit 2 of 3 events and hits 1 (test-verdict)"},
			[]string{"beside/info.yml/Stopped/Positive Detection Test"},
		},
		{"none", []string{"rules"}, nil, nil},
		{"gone.yml", nil, []string{"gone.yml: warning: its regression_tests_path, x/info.yml, is neither here nor in a folder above (test-missing)"}, nil},
		{"evtx", []string{"rules"}, nil, []string{`evtx/info.yml/Stopped/Positive Detection Test: its events are of the type "evtx", and not json`}},
		{"other", []string{"rules"}, nil, []string{"other/info.yml/5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b13/Positive Detection Test: the rule is about other logs than CloudTrail"}},
		{"bad", []string{"rules"}, []string{
			"bad/info.yml:6:5: Positive Detection Test: there is no gone.json here or in a folder above (test-invalid)",
			"bad/info.yml:10:5: test 2: must have type and path, and match_count, a number, if it is there (test-invalid)",
			"bad/info.yml:11:5: test 3: must have type and path, and match_count, a number, if it is there (test-invalid)",
		}, nil},
		{
			"some",
			[]string{"rules"},
			[]string{
				"some/info.yml:7:5: test 2: must hit and does not, 2 of 2 events (test-verdict)",
				"some/info.yml:8:5: test 3: must hit 0 of 2 events and hits 2 (test-verdict)",
			},
			[]string{"some/info.yml/Stopped/test 1", "some/info.yml/Stopped/test 2", "some/info.yml/Stopped/test 3"},
		},
		{"lists", []string{"rules"}, []string{"lists/info.yml:2:24: regression_tests_info must be a list (test-invalid)"}, nil},
		{"nobody", []string{"rules"}, []string{"nobody/my.yml:1:1: there is no rule_metadata with the id of a rule (test-invalid)"}, nil},
	} {
		problems, cases := inFolder(t, files, Options{Rules: test.rules}, test.path)
		if diff := cmp.Diff(test.problems, problems) + cmp.Diff(test.cases, cases); diff != "" {
			t.Errorf("%s: %s", test.path, diff)
		}
	}
}

func TestPanther(t *testing.T) {
	const text = "AnalysisType: rule\nFilename: stop.py\nRuleID: AWS.CloudTrail.Stopped\nTests:\n  - Name: Stopped\n    ExpectedResult: true\n    Mocks: [{objectName: x}]\n" +
		"    Log: " + stop + "\n  - Name: Started\n    ExpectedResult: false\n    Log: " + start + "\n  - Name: Wrong\n    ExpectedResult: true\n    Log: " + start +
		"\n  - Name: No verdict\n    Log: {}\n"
	files := map[string]string{"rules/stop.yml": stopRule, "panther/stop.yml": text, "panther/list.yml": "Tests: {}\n"}
	o := Options{Rules: []string{"rules"}, Rule: "stopped"}
	problems, cases := inFolder(t, files, o, "panther/stop.yml")
	if diff := cmp.Diff([]string{
		"panther/stop.yml:12:5: Wrong: must hit and does not (test-verdict)", "panther/stop.yml:15:5: No verdict: must have ExpectedResult, true or false, and Log, a map (test-invalid)",
	}, problems); diff != "" || len(cases) != 3 || cases[0] != "panther/stop.yml/Stopped/Stopped" {
		t.Error(cases, diff)
	}
	if problems, _ := inFolder(t, files, Options{Rules: []string{"rules"}}, "panther/stop.yml"); len(problems) != 1 ||
		!strings.Contains(problems[0], "4:1: the rule behind these tests is Python; which rule here is to be tested? (test-invalid); name it with --rule") {
		t.Error(problems)
	}
	if problems, cases := inFolder(t, files, o, "panther"); len(problems)+len(cases) > 0 { // among rules they are passed over
		t.Error(problems, cases)
	}
	if problems, _ := inFolder(t, files, o, "panther/list.yml"); len(problems) != 1 || !strings.Contains(problems[0], "1:8: Tests must be a list") {
		t.Error(problems)
	}
}

func TestLists(t *testing.T) {
	line := func(more, event string) string { return "{" + more + `,"event":` + event + "}" }
	files := map[string]string{
		"rules/stop.yml": stopRule, "rules/win.yml": windowsRule,
		"good.ndjson": line(`"rule":"Stopped","expected":true,"line":7`, stop) + "\n" + line(`"rule":"stopped","name":"x","expected":false`, start) + "\n" +
			line(`"test":"y","hit":false`, start) + "\n",
		"good.json": "[" + line(`"rule":"5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b12","expected":true`, stop) + "]",
		"good.yml":  "- {rule: Stopped, expected: true, event: " + stop + "}\n- {name: n, hit: false, event: " + start + "}\n- {hits: [], event: " + start + "}\n",
		"bad.ndjson": line(`"rule":"Stopped","expected":true`, start) + "\n" + line(`"rule":"stoped","expected":true`, start) + "\n" + line(`"rule":"x"`, start) + "\n" +
			line(`"rule":"Elsewhere","expected":true`, start) + "\nx\n" + `{"rule":7,"expected":true,"event":{}}`,
		"cut.json": "[" + line(`"rule":"Stopped","expected":true`, stop),
	}
	o := Options{Rules: []string{"rules"}, Rule: "Stopped"}
	for path, want := range map[string][]string{
		"good.ndjson": {"good.ndjson/Stopped/case 1", "good.ndjson/Stopped/x", "good.ndjson/Stopped/y"},
		"good.json":   {"good.json/Stopped/case 1"}, "good.yml": {"good.yml/Stopped/case 1", "good.yml/Stopped/n", "good.yml/Stopped/case 3"},
	} {
		problems, cases := inFolder(t, files, o, path)
		if diff := cmp.Diff(want, cases); diff != "" || len(problems) > 0 {
			t.Error(path, problems, diff)
		}
	}
	problems, _ := inFolder(t, files, Options{Rules: []string{"rules"}}, "good.ndjson", "bad.ndjson", "cut.json")
	if diff := cmp.Diff([]string{
		"good.ndjson:3:1: y: must have rule, the id, name or title of a rule, or --rule must say which is meant (test-invalid)",
		"bad.ndjson:1:1: case 1: must hit and does not (test-verdict)",
		`bad.ndjson:2:1: case 2: no rule for CloudTrail has the id, name or title "stoped" (test-invalid); did you mean "stopped"?`,
		"bad.ndjson:3:1: case 3: must have event, an object, and expected, true or false (test-invalid)",
		"bad.ndjson:5:1: invalid character 'x' looking for beginning of value at byte 1 (test-invalid)",
		"bad.ndjson:6:1: case 5: json: cannot unmarshal number into Go struct field labelled.Rule of type string (test-invalid)",
		"cut.json: cut short after 131 bytes: unexpected EOF (test-invalid)",
	}, problems); diff != "" {
		t.Error(diff)
	}
}

// TestPaths: what is named, and chosen.
func TestPaths(t *testing.T) {
	files := map[string]string{"a/a.yml": soundRule, "a/a.test.yml": hits + misses, "a/b/b.yml": soundRule, "a/c.txt": "", "a/bad.yml": "- x\n"}
	own := Options{Packs: nil}
	for _, test := range []struct {
		paths           []string
		o               Options
		problems, cases int
	}{
		{[]string{"a"}, own, 1, 2},
		{[]string{"a/a.yml", "a/a.test.yml", "a/*.yml"}, own, 1, 2},
		{[]string{"a/b/b.yml"}, own, 1, 0},
		{[]string{"a/a.yml"}, Options{Run: regexp.MustCompile("case 2$")}, 0, 1},
		{[]string{"a/b"}, Options{Run: regexp.MustCompile("x")}, 0, 0},
		{[]string{"none"}, own, 1, 0},
		{[]string{"a/*.none"}, own, 1, 0},
	} {
		problems, cases := inFolder(t, files, test.o, test.paths...)
		if len(problems) != test.problems || len(cases) != test.cases {
			t.Errorf("%v: %q %q", test.paths, problems, cases)
		}
	}
	// A rule without tests is a warning, unless all must have some.
	for complete, want := range map[bool]string{false: "a/b/b.yml: warning: there is no b.test.yml beside it (test-missing)", true: "a/b/b.yml: there is no b.test.yml beside it (test-missing)"} {
		if problems, _ := inFolder(t, files, Options{Complete: complete}, "a/b"); len(problems) != 1 || problems[0] != want {
			t.Errorf("%q", problems)
		}
	}
}

// TestPacks: packs are named as paths, and in tests.
func TestPacks(t *testing.T) {
	pack := mapFS(map[string]string{"a.yml": soundRule, "a.test.yml": hits + misses + "- {file: b.json, hit: false}\n", "b.json": start, "stop.yml": stopRule, "x/b.yml": strings.Replace(soundRule, "id: ", "name: ", 1)})
	o := Options{Packs: map[string]fs.FS{"pack": pack}}
	problems, cases := inFolder(t, nil, o, "pack")
	if diff := cmp.Diff([]string{
		"pack/stop.yml: warning: there is no stop.test.yml beside it (test-missing)", "pack/x/b.yml: warning: there is no b.test.yml beside it (test-missing)",
	}, problems); diff != "" || len(cases) != 3 || cases[2] != "pack/a.test.yml/T/case 3" {
		t.Error(cases, diff)
	}
	files := map[string]string{
		"my.test.yml": "rules: pack\ncases:\n- {file: e.ndjson, line: 1, hits: [stopped]}\n- {file: e.ndjson, line: 2, hits: []}\n", "e.ndjson": stop + "\n" + start,
		"all.test.yml": "rules: [sub, 'sub/*.yml']\ncases:\n- {event: " + stop + ", hits: [stopped]}\n- {event: " + start + ", hits: []}\n", "sub/a.yml": stopRule,
		"none.test.yml": "rules: no*.yml\ncases: []\n",
		"cases.ndjson":  `{"rule":"stopped","expected":true,"event":` + stop + "}",
	}
	for path, want := range map[string][]string{
		"my.test.yml": nil, "all.test.yml": nil, "cases.ndjson": nil, "none.test.yml": {"none.test.yml: there are no rules in no*.yml (test-invalid)"},
	} {
		problems, _ := inFolder(t, files, o, path)
		if diff := cmp.Diff(want, problems); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

// TestPrepareFails: what keeps rules from being prepared ends the run.
func TestPrepareFails(t *testing.T) {
	o := Options{Prepare: func([]rules.File) (Prepared, error) { return Prepared{}, errors.New("no fields") }}
	files := map[string]string{"a.yml": soundRule, "a.test.yml": hits + misses, "l.ndjson": `{"rule":"x","expected":true,"event":` + stop + "}"}
	for _, path := range []string{"a.yml", "l.ndjson"} {
		if problems, _ := inFolder(t, files, o, path); len(problems) != 1 || problems[0] != "no fields" {
			t.Errorf("%q", problems)
		}
	}
	o = Options{Prepare: byOracle, Rules: []string{"none"}}
	if problems, _ := inFolder(t, files, o, "l.ndjson"); len(problems) != 1 || !strings.Contains(problems[0], "none: no such file") {
		t.Errorf("%q", problems)
	}
}

// TestEngineDiffers: a case that the oracle passes fails where the engine says otherwise.
func TestEngineDiffers(t *testing.T) {
	o := Options{Prepare: func(files []rules.File) (Prepared, error) {
		p, err := byOracle(files)
		p.Judge = func([]byte) [][]int { return [][]int{{0}} }
		return p, err
	}}
	problems, cases := inFolder(t, map[string]string{"a.yml": soundRule, "a.test.yml": hits + misses}, o, "a.yml")
	if diff := cmp.Diff([]string{
		`a.test.yml:3:3: case 2: the engine and the oracle differ: by the engine "T" hits, by the oracle nothing hits (test-engines); ` +
			"this is a fault of sigmatrail's; please report it with the rule and the event",
	}, problems); diff != "" || len(cases) != 2 {
		t.Error(cases, diff)
	}
}

// TestLongFailures: of many events and rules a few are explained.
func TestLongFailures(t *testing.T) {
	rule := func(name string) string {
		return strings.Replace(strings.Replace(stopRule, "Stopped", name, 1), "id: 5", "related: [] # 5", 1)
	}
	var five []string
	for _, name := range []string{"A", "B", "C", "D", "E"} {
		five = append(five, strings.Replace(rule(name), "name: stopped", "name: "+name, 1))
	}
	_, r := failures(t, map[string]string{"a.yml": strings.Join(five, "---\n"), "e.ndjson": strings.Repeat(start+"\n", 5), "a.test.yml": "- {file: e.ndjson, hit: true}\n"})
	hint := r.Failures[0].Hint
	if n := strings.Count(hint, "does not match:"); n != 9 || strings.Count(hint, "… and 2 rules more\n") != 3 || !strings.HasSuffix(hint, "\n… and 2 events more") || r.Failed() != 1 {
		t.Errorf("%d: %s", n, hint)
	}
}

// TestFailuresExplain: a failure shows its line, and why the rule says what it says.
func TestFailuresExplain(t *testing.T) {
	_, r := failures(t, map[string]string{"a.yml": soundRule, "a.test.yml": hits + misses + "- {name: near, like: case 1, set: {eventName: B}, hit: true}\n- {like: case 1, set: {n: 1.5}, hit: false}\n"})
	var got strings.Builder
	for _, p := range r.Failures {
		got.WriteString(p.Excerpt())
	}
	if diff := cmp.Diff(`a.test.yml:5:3: error: near: must hit and does not (test-verdict)
 | - {name: near, like: case 1, set: {eventName: B}, hit: true}
 |   ^
   T does not match:
     ✗ a
       ✗ eventName "A": is "B"
       ✓ n 1.50: is 1.5
     What keeps it from matching: eventName is "B"; the rule wants "A" (a.yml:7:5)
a.test.yml:6:3: error: case 4: must not hit and does (test-verdict)
 | - {like: case 1, set: {n: 1.5}, hit: false}
 |   ^
   T matches:
     ✓ a
       ✓ eventName "A": is "A"
       ✓ n 1.50: is 1.5
     What makes it match: eventName is "A"; the rule wants "A" (a.yml:7:5)
`, got.String()); diff != "" {
		t.Error(diff)
	}
}
