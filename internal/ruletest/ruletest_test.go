package ruletest

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sigmatrail/internal/record"
	"sigmatrail/internal/rulegen"

	"github.com/google/go-cmp/cmp"
)

const (
	soundRule = "title: T\nid: 5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\n" +
		"detection:\n  a:\n    eventName: A\n    n: 1.50\n  condition: a\n"
	hits   = "- event: {eventVersion: '1', eventSource: s, eventName: A, n: 1.50}\n  hit: true\n"
	misses = "- event: {eventVersion: '1', eventSource: s, eventName: B, n: null}\n  hit: false\n"
)

// mapFS makes a pack of files.
func mapFS(files map[string]string) fstest.MapFS {
	pack := make(fstest.MapFS)
	for name, text := range files {
		pack[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return pack
}

// failures runs a pack and returns what is wrong, a line each.
func failures(t *testing.T, files map[string]string) (list []string, report *Report) {
	t.Helper()
	report, err := Run(mapFS(files))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Failures {
		list = append(list, p.String())
	}
	return list, report
}

func TestRun(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"sound", map[string]string{"a.yml": soundRule, "a.test.yml": hits + misses}, nil},
		{
			"wrong verdicts",
			map[string]string{"a.yml": soundRule, "a.test.yml": strings.ReplaceAll(hits, "true", "false") + "- name: b\n " + strings.ReplaceAll(misses, "false", "true")[1:]},
			[]string{"a.test.yml:1:3: case 1: must not hit and does (test-verdict)", "a.test.yml:3:3: b: must hit and does not (test-verdict)"},
		},
		{"one kind only", map[string]string{"a.yml": soundRule, "a.test.yml": hits}, []string{
			"a.test.yml: 1 cases that must hit and 0 that must not: both kinds are needed (test-missing)",
		}},
		{"a rule without tests", map[string]string{"a.yml": soundRule}, []string{"a.yml: there is no a.test.yml beside it (test-missing)"}},
		{
			"a correlation without steps",
			map[string]string{
				"a.yml": soundRule, "a.test.yml": hits + misses,
				"b.yml":      "title: Often\ncorrelation:\n  type: event_count\n  rules: [5f0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11]\n  group-by: [who]\n  timespan: 5m\n  condition: {gte: 2}\n",
				"b.test.yml": hits + misses,
			},
			[]string{
				"b.test.yml:1:3: case 1: must hit and does not: none of its rules can run: a correlation is tested by steps, in the place of hit (test-verdict)",
				"b.test.yml: 0 cases with steps in which a correlation must fire and 0 in which none must: both kinds are needed (test-missing)",
			},
		},
		{"tests without a rule", map[string]string{"b.test.yml": hits + misses}, []string{"b.test.yml: there is no b.yml beside it (test-invalid)"}},
		{"other endings", map[string]string{"a.yaml": soundRule, "a.test.yaml": hits + misses}, nil},
		{"a bad rule", map[string]string{"a.yml": strings.Replace(soundRule, "eventName:", "eventName|contans:", 1), "a.test.yml": misses + hits}, []string{
			`a.yml:7:5: Sigma has no modifier "contans" (modifier-unknown); did you mean "contains"?`,
			"a.test.yml:3:3: case 2: must hit and does not: none of its rules can run (test-verdict)",
		}},
		{"a rule of which there is something to say", map[string]string{"a.yml": strings.Replace(soundRule, "level: low\n", "", 1), "a.test.yml": misses + hits}, []string{
			"a.yml:1:1: warning: the rule has no level; it counts as medium (level-missing)",
		}},
		{"tests that name their rules", map[string]string{
			"r/a.yml": soundRule, "t/x.test.yml": "rules: ../r/a.yml\ncases:\n" + hits + misses, "r/a.test.yml": hits + misses,
		}, nil},
		{"rules that are not there", map[string]string{"x.test.yml": "rules: [a.yml]\ncases:\n" + hits + misses}, []string{
			"x.test.yml: stat a.yml: no such file or directory (test-invalid)",
		}},
		{"rules about other logs", map[string]string{"a.yml": strings.Replace(soundRule, "aws, service: cloudtrail", "windows", 1)}, nil},
	} {
		got, _ := failures(t, test.files)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestCounts: rules, cases by what they ask for, and full names.
func TestCounts(t *testing.T) {
	_, r := failures(t, map[string]string{"a.yml": soundRule, "a.test.yml": hits + misses + "- {name: c, like: case 1, set: {n: 2}, hit: false}\n"})
	var names []string
	for _, c := range r.Results {
		names = append(names, c.FullName())
	}
	if diff := cmp.Diff([]string{"a.test.yml/T/case 1", "a.test.yml/T/case 2", "a.test.yml/T/c"}, names); diff != "" || r.Rules != 1 || r.Hits != 1 || r.Misses != 2 || r.Failed() != 0 {
		t.Errorf("%+v %s", r, diff)
	}
}

// TestCaseForms: what each member of a case means.
func TestCaseForms(t *testing.T) {
	const (
		one    = `{"eventVersion":"1","eventSource":"s","eventName":"A","n":1.50}`
		other  = `{"eventVersion":"1","eventSource":"s","eventName":"B","n":1.50}`
		second = "---\ntitle: U\nname: u\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  a: {eventName: [A, B]}\n  condition: a\n"
	)
	base := map[string]string{
		"a.yml": soundRule, "hit.json": one, "none.json": "", "bad.ndjson": one + "\n{\n",
		"both.ndjson": one + "\n\n" + other + "\n", "trail.json": `{"Records":[` + one + "," + other + "]}",
	}
	const like = "- {name: base, event: {eventVersion: '1', eventSource: s, eventName: A, n: 1.50, who: {type: Root, list: [{p: 1}, 2], none: null}, a.b: 1}, hit: true}\n"
	for _, test := range []struct {
		name, tests string
		want        []string // beside what is wrong without these cases
	}{
		{"a file", "- {file: hit.json, hit: true}\n", nil},
		{"a line of a file", "- {file: both.ndjson, line: 3, hit: false}\n- {file: both.ndjson, line: 1, hit: true}\n- {file: trail.json, line: 2, hit: false}\n", nil},
		{"all of a file", "- {file: both.ndjson, hit: true}\n", []string{":5:3: case 3: must hit and does not, 1 of 2 events (test-verdict)"}},
		{"a record in an envelope", "- {event: {detail: " + one + "}, hit: true}\n", nil},
		{"a file that is not there", "- {file: x.json, hit: true}\n", []string{":5:10: case 3: open x.json: file does not exist (test-invalid)"}},
		{"an empty file", "- {file: none.json, hit: true}\n", []string{":5:10: case 3: there is no event in none.json (test-invalid)"}},
		{"a line that is not there", "- {file: both.ndjson, line: 2, hit: true}\n", []string{":5:10: case 3: both.ndjson has no event in line 2 (test-invalid)"}},
		{"a line that is none", "- {file: both.ndjson, line: 0, hit: true}\n", []string{":5:29: line must be the number of a line, counted from 1 (test-invalid)"}},
		{"a file with a bad line", "- {file: bad.ndjson, hit: true}\n", []string{":5:10: case 3: bad.ndjson:2: unexpected end of JSON input at byte 1 (test-invalid)"}},
		{"what differs", like + "- {like: base, set: {eventName: B}, hit: false}\n- {like: base, set: {n: 1.5}, hit: true}\n- {like: base, remove: n, hit: false}\n", nil},
		{"a change below another", like + "- {like: base, set: {who.type: x, who.list.0.p: 2, who.none.deep.er: 1, a.b: 2, new.one: [1]}, remove: [who.list.1], hit: true}\n", nil},
		{"a change of a file", "- {file: both.ndjson, set: {eventName: A}, hit: true}\n", nil},
		{"a change of a change", like + "- {name: next, like: base, set: {n: 2}, hit: false}\n- {like: next, set: {n: 1.5}, hit: true}\n", nil},
		{"a change of nothing", like + "- {like: base, set: {eventName: A}, hit: true}\n- {like: base, remove: x.y, hit: true}\n- {like: base, hit: true}\n", []string{
			":6:22: case 4: changes nothing: eventName has that value already (test-invalid)",
			":7:24: case 5: changes nothing: x.y is not there (test-invalid)",
			`:8:10: case 6: is the same as "base" (test-invalid); say with set or remove what is different`,
		}},
		{"a change that cannot be", like + "- {like: base, set: {eventName.x: A}, hit: true}\n- {like: base, set: {who.list.2: 1}, hit: true}\n- {like: base, set: [], hit: true}\n- {like: base, remove: [{}], hit: true}\n", []string{
			":6:22: case 4: eventName is no object: nothing can be set below it (test-invalid)",
			`:7:22: case 5: who.list is an array of 2 elements; name one by its number, from 0, in the place of "2" (test-invalid)`,
			":8:21: case 6: set must be a map of paths, such as userIdentity.type, and values (test-invalid)",
			":9:25: case 7: must be a path, such as userIdentity.type (test-invalid)",
		}},
		{"like what is not there", like + "- {like: bse, set: {n: 1}, hit: true}\n- {like: case 6, set: {n: 1}, hit: true}\n- {hit: true}\n- {name: x, like: case 5, set: {n: 1}, hit: true}\n", []string{
			`:6:10: case 4: there is no case "bse" before this one (test-invalid); did you mean "base"?`,
			`:7:10: case 5: there is no case "case 6" before this one (test-invalid); did you mean "case 1"?`,
			":8:3: case 6: must have one of event, file and like (test-invalid)",
			`:9:19: x: the case "case 5", which it is like, cannot be read (test-invalid)`,
		}},
		{"like two", like + like + "- {like: base, set: {n: 1}, hit: true}\n", []string{`:7:10: case 5: there are 2 cases "base" before this one (test-invalid)`}},
		{"which rules hit", "- {file: hit.json, hits: [T]}\n- {file: hit.json, hits: 5F0A3A7E-3c1e-4d8b-9a58-0c6f2d7f4b11}\n- {file: both.ndjson, line: 3, hits: []}\n", nil},
		{"which do not", "- {file: hit.json, hits: []}\n- {file: both.ndjson, line: 3, hits: [T]}\n- {file: hit.json, hits: [S]}\n- {file: hit.json, rule: other, hit: true}\n", []string{
			`:5:3: case 3: nothing must hit, and "T" hits (test-verdict)`,
			`:6:3: case 4: "T" must hit, and nothing hits (test-verdict)`,
			`:7:3: case 5: no rule for CloudTrail has the id, name or title "S" (test-invalid); did you mean "T"?`,
			`:8:3: case 6: no rule for CloudTrail has the id, name or title "other" (test-invalid)`,
		}},
		{"no verdict", "- {event: {a: 1}}\n- {event: [], hit: true}\n- 7\n- {event: {}, hit: perhaps}\n- {file: hit.json, hit: true, hits: [T]}\n- {file: hit.json, rule: T, hits: [T]}\n", []string{
			":5:3: case 3: must have hit, true or false, or hits, a list of rules, or steps (test-invalid)",
			":6:11: case 4: an event must be a map (test-invalid)",
			":7:3: case 5: must be a map of an event and hit (test-invalid)",
			":8:20: hit must be true or false (test-invalid)",
			":9:31: a case has hit or hits, not both (test-invalid)",
			":10:3: case 8: hits names the rules; leave rule out (test-invalid)",
		}},
		{"no record", "- {event: {a: 1}, hit: false}\n", []string{":5:3: case 3: the event is no CloudTrail record: it has no eventName with an eventSource (test-event)"}},
		{"unknown and repeated", "- {evnt: {a: 1}, hit: false}\n- {event: {a: 1}, hit: false, hit: true}\n- {event: {}, line: 1, hit: true}\n- {name: [], event: {}, hit: true}\n", []string{
			`:5:4: a case has no "evnt" (test-invalid); did you mean "event"?`,
			`:6:31: "hit" is here a second time; the first is in line 6 (test-invalid)`,
			":7:3: case 5: line is a line of a file, and there is no file (test-invalid)",
			":8:10: name must be a text (test-invalid)",
		}},
		{"aliases", "- {event: &x {eventVersion: '1', eventSource: s, eventName: A}, hit: false}\n- {event: {<<: *x}, hit: true}\n", []string{
			":6:16: aliases are not allowed in tests (test-invalid); write like: NAME of a case before, and set: what is different",
		}},
	} {
		base["a.test.yml"] = hits + misses + test.tests
		got, _ := failures(t, base)
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], "a.test.yml")
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
	// Where a file has several rules, hits says which; hit means any of them, and with rule the one.
	base["a.yml"] = soundRule + second
	base["a.test.yml"] = "- {file: hit.json, hits: [u, T]}\n- {file: both.ndjson, line: 3, hits: [u]}\n- {file: both.ndjson, hit: true}\n" +
		"- {file: both.ndjson, line: 3, rule: T, hit: false}\n- {file: both.ndjson, line: 3, hits: [T]}\n- {file: hit.json, hits: []}\n"
	got, r := failures(t, base)
	if diff := cmp.Diff([]string{
		`a.test.yml:5:3: case 5: "T" must hit, and "U" hits (test-verdict)`, `a.test.yml:6:3: case 6: nothing must hit, and "T" and "U" hit (test-verdict)`,
	}, got); diff != "" || r.Rules != 2 {
		t.Error(r.Rules, diff)
	}
	if name := r.Results[0].FullName() + " " + r.Results[3].FullName(); name != "a.test.yml/a.yml/case 1 a.test.yml/T/case 4" {
		t.Error(name)
	}
}

// TestDocuments: what no list of cases can be read of.
func TestDocuments(t *testing.T) {
	for text, want := range map[string]string{
		"event: {}\n":              `a.test.yml:1:1: a file of tests has no "event" (test-invalid); a file of tests has rules, cases`,
		"":                         "a.test.yml:1:1: must be a list of {event: …, hit: true|false}, or a map of rules and such a list as cases (test-invalid)",
		"- [\n":                    "a.test.yml:1:1: not YAML: did not find expected node content (test-invalid)",
		"cases: 7\n":               "a.test.yml:1:1: must be a list of {event: …, hit: true|false}, or a map of rules and such a list as cases (test-invalid)",
		"rules: {}\ncases:\n- 1\n": "a.test.yml:1:8: must be a text, or a list of texts (test-invalid)",
	} {
		if got, _ := failures(t, map[string]string{"a.yml": soundRule, "a.test.yml": text}); len(got) == 0 || got[0] != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestJSON: events keep what JSON would have: numbers as they are written, texts that look like numbers, the order and duplicates of keys.
func TestJSON(t *testing.T) {
	cases, err := Cases(mapFS(map[string]string{"f.test.yml": "- hit: true\n  event:\n    b: 1.50\n    a: '1.50'\n    c: [~, true, No, 0x10, 2026-11-24, .5, {}]\n    b: x\n" +
		"- {like: case 1, set: {a: 0x10, d.e: 1.0}, remove: b, hits: []}\n"}), "f.yml")
	want := []string{
		`true {"b":1.50,"a":"1.50","c":[null,true,"No","0x10","2026-11-24",".5",{}],"b":"x"}`,
		`false {"a":"0x10","c":[null,true,"No","0x10","2026-11-24",".5",{}],"d":{"e":1.0}}`,
	}
	var got []string
	for _, c := range cases {
		got = append(got, map[bool]string{true: "true ", false: "false "}[c.Hit]+string(c.Event))
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if _, err := Cases(mapFS(map[string]string{"f.test.yml": "- hit: true\n  event: {a: &x 1, b: *x}\n"}), "f.yml"); err == nil || !strings.Contains(err.Error(), "aliases are not allowed") {
		t.Error(err)
	}
	if _, err := Cases(mapFS(nil), "f.yml"); err == nil {
		t.Error("tests that are not there")
	}
}

// TestChangeKeepsBytes: what set and remove do not name is written as it was, whatever it is.
func TestChangeKeepsBytes(t *testing.T) {
	const text = "{ \"a\" : [1.0, 9007199254740993 , \"\\u0041\\/\", \"\xff\" , {}, []],\"d\":1,\"d\":{\"x.y\":{\"z\":1},\"x\":{\"y\":2}},\"e\":1E2}"
	v, err := parseJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	const kept = "{\"a\":[1.0,9007199254740993,\"\\u0041\\/\",\"\xff\",{},[]],\"d\":1,\"d\":{\"x.y\":{\"z\":1},\"x\":{\"y\":2}},\"e\":1E2}"
	if got := string(v.append(nil)); got != kept {
		t.Errorf("%q", got)
	}
	for _, set := range []string{"d.x.y.z", "e"} { // the longest key counts, and the last of equal ones
		if err := setJSON(v, set, []byte("null")); err != nil {
			t.Error(err)
		}
	}
	if got := string(v.append(nil)); got != strings.NewReplacer(`"z":1`, `"z":null`, "1E2", "null").Replace(kept) {
		t.Errorf("%q", got)
	}
	for _, path := range []string{"d", "a.3", "a.0", "nothing", "e.x"} {
		if err := v.remove(path, ""); err != nil && !slices.Contains([]string{"nothing", "e.x"}, path) {
			t.Error(path, err)
		}
	}
	if got := string(v.append(nil)); got != `{"a":[9007199254740993,"\u0041\/",{},[]],"e":null}` {
		t.Errorf("%q", got)
	}
	// A record has at a path what was set there, wherever that is.
	set := 0
	for seed := range uint64(1000) {
		decoded, _ := record.Decode(rulegen.RecordFromBytes(rulegen.Seed(seed)), 0)
		for _, path := range []string{"eventName", "userIdentity.type", "userIdentity.sessionContext.attributes.x", "requestParameters.ports", "a.b", "new"} {
			v, err := parseJSON(record.AppendJSON(nil, decoded))
			if err != nil {
				t.Fatal(err)
			}
			if setJSON(v, path, []byte(`{"set":[1.50]}`)) != nil {
				continue
			}
			packed, err := record.AppendMsgpack(nil, v.append(nil))
			if err != nil {
				t.Fatal(err)
			}
			after, _ := record.Decode(packed, 0)
			o, _ := after.(*record.Object)
			if !slices.ContainsFunc(o.At(path), func(v any) bool { return string(record.AppendJSON(nil, v)) == `{"set":[1.5]}` }) {
				t.Fatalf("%s: %s", path, v.append(nil))
			}
			set++
		}
	}
	if set < 3000 {
		t.Errorf("%d were set", set)
	}
	for _, bad := range []string{"", "{", `{"a"`, `[1,`, `{"a":}`} {
		if _, err := parseJSON([]byte(bad)); err == nil {
			t.Errorf("%q is JSON", bad)
		}
	}
}
