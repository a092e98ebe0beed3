package explain

import (
	"encoding/json"
	"strings"
	"testing"

	"sigmatrail/internal/record"
	"sigmatrail/rules"

	"github.com/google/go-cmp/cmp"
)

// explainer parses rules, which must be sound.
func explainer(t *testing.T, text string) *Explainer {
	t.Helper()
	set := rules.ParseFiles([]rules.File{{Name: "r.yml", Text: []byte(text)}}, rules.Options{})
	if len(set.Problems.Errors()) > 0 || len(set.Rules) == 0 {
		t.Fatal(set.Problems)
	}
	return New(set, "sigma")
}

// rule makes a rule of a detection.
func rule(detection string) string {
	return "title: T\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  " + strings.ReplaceAll(detection, "\n", "\n  ") + "\n"
}

// found decodes a record.
func found(t *testing.T, text string, form *record.Mapping) record.Found {
	t.Helper()
	packed, err := record.AppendMsgpack(nil, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := record.Decode(packed, 0)
	o, ok := body.(*record.Object)
	if !ok {
		t.Fatal(text)
	}
	return record.Found{Record: o, Form: form}
}

// TestTree: the whole of an explanation, as people see it.
func TestTree(t *testing.T) {
	e := explainer(t, rule(`sel_a:
  eventName: [StopLogging, 'Delete*']
  errorCode: null
sel_b:
  - requestParameters.ports: 22
  - requestParameters|contains: world
    awsRegion|startswith: eu-
filter:
  userIdentity.type|neq: Root
condition: 1 of sel_* and not (filter or sel_b)`))
	x := e.Explain(0, found(t, `{"eventName":"DeleteTrail","requestParameters":{"ports":[443,22],"x":{"y":"World"}},"userIdentity":{"type":"User"}}`, nil))
	if diff := cmp.Diff(`✗ all of
  ✓ 1 of sel_*
    ✓ sel_a
      ✓ eventName ["StopLogging", "Delete*"]: is "DeleteTrail" ("Delete*")
      ✓ errorCode null: is absent
    ✓ sel_b, any of
      ✓ requestParameters.ports 22: is 22 and 443
      ✗ all of
        ✓ requestParameters|contains "world": is "World"
        ✗ awsRegion|startswith "eu-": is absent
  ✗ not
    ✓ any of
      ✓ filter
        ✓ userIdentity.type|neq "Root": is "User"
      ✓ sel_b, any of
        ✓ requestParameters.ports 22: is 22 and 443
        ✗ all of
          ✓ requestParameters|contains "world": is "World"
          ✗ awsRegion|startswith "eu-": is absent
What keeps it from matching, the first of 2: userIdentity.type is "User"; the rule wants "Root" (r.yml:13:5)
`, x.Text(0)); diff != "" {
		t.Error(diff)
	}
}

// TestFilter: what a Sigma Filter has added is in the tree, under its name and place.
func TestFilter(t *testing.T) {
	e := explainer(t, rule("a: {eventName: A}\ncondition: a")+"---\ntitle: Bob may\nlogsource: {product: aws}\nfilter:\n  rules: any\n  bob: {who: bob}\n  carol: {who: carol}\n  condition: not (bob or carol)\n")
	x := e.Explain(0, found(t, `{"eventName":"A","who":"bob"}`, nil))
	if diff := cmp.Diff(`✗ all of
  ✓ a
    ✓ eventName "A": is "A"
  ✗ not, added by the filter Bob may (r.yml:8:1)
    ✓ any of
      ✓ bob
        ✓ who "bob": is "bob"
      ✗ carol
        ✗ who "carol": is "bob"
What keeps it from matching: who is "bob"; the rule wants anything but "bob" (r.yml:12:9)
`, x.Text(0)); diff != "" {
		t.Error(diff)
	}
}

// TestWords: what is said of each kind of item, where the rule does not match and where it does.
func TestWords(t *testing.T) {
	rec := `{"eventName":"StopLogging","eventTime":"2026-11-20T08:00:05Z","n":22,"nothing":null,"list":["a","B","c","d","e"],"none":[],
		"who":{"name":"bob"},"owner":"BOB","ip":"10.1.2.3","long":"` + "\u202e" + strings.Repeat("x", 200) + `"}`
	for item, want := range map[string][2]string{
		// The item, and what is said of it; where the rule matches the second is empty.
		"eventName: StartLogging":             {`eventName is "StopLogging"; the rule wants "StartLogging"`, ""},
		"eventName: [StartLogging, X]":        {`eventName is "StopLogging"; the rule wants one of "StartLogging", "X"`, ""},
		"eventName: [1, 2, 3, 4, 5, 6, 7, 8]": {`eventName is "StopLogging"; the rule wants one of 1, 2, 3, 4, 5, 6, 2 more`, ""},
		"eventName: 'St?rt*'":                 {`eventName is "StopLogging"; the rule wants a text like "St?rt*"`, ""},
		"eventName|cased: stoplogging":        {`eventName is "StopLogging"; the rule wants "stoplogging" (cased)`, ""},
		"eventName|contains|all: [Stop, x]":   {`eventName is "StopLogging" ("Stop"); the rule wants a text with all of "Stop", "x" in it`, ""},
		"eventName|startswith: x":             {`eventName is "StopLogging"; the rule wants a text that begins with "x"`, ""},
		"eventName|endswith: x":               {`eventName is "StopLogging"; the rule wants a text that ends with "x"`, ""},
		"eventName|re|i: ^x":                  {`eventName is "StopLogging"; the rule wants a match of "^x" (i)`, ""},
		"eventName|base64offset|contains: x":  {`eventName is "StopLogging"; the rule wants a text with "x" in it (base64offset)`, ""},
		"ip|cidr: 10.2.0.0/16":                {`ip is "10.1.2.3"; the rule wants an address in "10.2.0.0/16"`, ""},
		"n: 23":                               {`n is 22; the rule wants 23`, ""},
		"n|gte: 23":                           {`n is 22; the rule wants at least 23`, ""},
		"n|gt: 23":                            {`n is 22; the rule wants more than 23`, ""},
		"n|lte: 2":                            {`n is 22; the rule wants at most 2`, ""},
		"n|lt: 2":                             {`n is 22; the rule wants less than 2`, ""},
		"n: null":                             {`n is 22; the rule wants no value (null)`, ""},
		"n|neq: 22":                           {`n is 22; the rule wants anything but 22`, ""},
		"n|exists: false":                     {`n is 22; the rule wants it absent`, ""},
		"gone|exists: true":                   {`gone is absent; the rule wants it there`, ""},
		"gone: true":                          {`gone is absent; the rule wants true`, ""},
		"gone|neq: null":                      {`gone is absent; the rule wants anything but no value (null)`, ""},
		"nothing: x":                          {`nothing is null; the rule wants "x"`, ""},
		"none: x":                             {`none is an empty list; the rule wants "x"`, ""},
		"list: x":                             {`list is "a", "B", "c" and 2 more; the rule wants "x"`, ""},
		"who: x":                              {`who is {"name":"bob"}; the rule wants "x"`, ""},
		"who.name|fieldref: eventName":        {`who.name is "bob"; the rule wants the value of eventName`, ""},
		"eventTime|hour: 9":                   {`eventTime is "2026-11-20T08:00:05Z"; the rule wants its hour to be 9`, ""},
		"eventTime|hour|gte: 9":               {`eventTime is "2026-11-20T08:00:05Z"; the rule wants its hour to be at least 9`, ""},
		"long: x":                             {`long is "` + "\u202e" + strings.Repeat("x", 117) + `…; the rule wants "x"`, ""},
		"list: [e, d]":                        {"", `list is "d", "e" and "a" and more`},
		"eventName: stoplogging":              {"", `eventName is "StopLogging"; the rule wants "stoplogging"`},
		"n|neq: 23":                           {"", `n is 22; the rule wants anything but 23`},
		"gone|exists: false":                  {"", `gone is absent; the rule wants it absent`},
		"gone: null":                          {"", `gone is absent; the rule wants no value (null)`},
		"who.name|fieldref: owner":            {"", `who.name is "bob" (as "BOB"); the rule wants the value of owner`},
	} {
		x := explainer(t, rule("s:\n  "+item+"\ncondition: s")).Explain(0, found(t, rec, nil))
		text := want[0] + want[1]
		if item == "list: [e, d]" {
			text = `list is "d", "e", "a" and 2 more; the rule wants one of "e", "d"`
		}
		if x.Holds != (want[1] != "") || x.Change == nil || x.Change.Text != text || x.Change.More != 0 {
			t.Errorf("%s: %v %+v", item, x.Holds, x.Change)
		}
	}
}

// TestKeywords say where they were found, or that they were not.
func TestKeywords(t *testing.T) {
	e := explainer(t, rule("k: [bob, evil]\nf: [carol]\ncondition: k and not f"))
	for text, want := range map[string]string{
		`{"a":{"b":"x Bob"}}`:                `the record has a.b "x Bob" ("bob"); the rule wants a text with one of "bob", "evil" in it`,
		`{"a":1}`:                            `the record has no such text; the rule wants a text with one of "bob", "evil" in it`,
		`{"a":"evil","b":"bob","c":"carol"}`: `the record has c "carol"; the rule wants anything but a text with "carol" in it`,
	} {
		if x := e.Explain(0, found(t, text, nil)); x.Change == nil || x.Change.Text != want {
			t.Errorf("%s: %+v", text, x.Change)
		}
	}
	lines := e.Explain(0, found(t, `{"a":"evil","b":"bob"}`, nil)).Text(0)
	if !strings.Contains(lines, `✓ keywords ["bob", "evil"]: has a "evil" and b "bob"`) || !strings.Contains(lines, `✗ keywords "carol": has no such text`) {
		t.Error(lines)
	}
}

// TestTime: the time that stands in for eventTime is shown, and so is what a form of records has under another name.
func TestTime(t *testing.T) {
	e := explainer(t, rule("s: {eventTime|hour: 7}\ncondition: s"))
	if text := e.Explain(0, found(t, `{"@timestamp":"2026-11-19T07:01:00Z"}`, nil)).Text(0); !strings.Contains(text, `✓ eventTime|hour 7: is "2026-11-19T07:01:00Z"`) {
		t.Error(text)
	}
	e = explainer(t, rule("s: {eventName: A}\ncondition: s"))
	if text := e.Explain(0, found(t, `{"event.action":"A"}`, record.ECS())).Text(0); !strings.Contains(text, `✓ eventName "A": is "A"`) {
		t.Error(text)
	}
	if got := e.Match(found(t, `{"event.action":"A"}`, record.ECS())); len(got) != 1 {
		t.Error(got)
	}
}

// TestFewest: of several ways to the other verdict the one with the fewest items is told.
func TestFewest(t *testing.T) {
	for detection, want := range map[string]string{
		"a: {x: 1, y: 1}\nb: {z: 1}\ncondition: a or b":                  "z 0",
		"a: {x: 1, y: 1}\nb: {z: 1}\ncondition: a and b":                 "x 2",
		"a: {x: 0, y: 0}\nb: {z: 0}\ncondition: a or b":                  "x 1",
		"a: {x: 0, y: 0}\nb: {z: 0}\ncondition: not (a or b)":            "x 1",
		"a: {x: 0, y: 0}\nb: {z: 0}\ncondition: not (a and b)":           "x 0",
		"a: {x: 1}\ncondition: a and not a":                              "x 0",
		"a: {x: 1}\nb: {y: 1, z: 1}\ncondition:\n  - a and b\n  - b":     "y 1",
		"a: [{x: 1, y: 1, z: 1}, {x: 1, y: 1}]\ncondition: all of them":  "x 1",
		"a: {x: 0}\nb: {x: 0}\nc: {y: 0}\ncondition: all of them and c":  "x 0",
		"a: {x: 0}\nb: {y: 0}\nc: {z: 1}\ncondition: 1 of them or not c": "x 2",
	} {
		x := explainer(t, rule(detection)).Explain(0, found(t, `{"x":0,"y":0,"z":0}`, nil))
		if x.Change == nil {
			t.Errorf("%s: nothing would change it", detection)
			continue
		}
		if got := x.Change.Item.Field + " " + string(rune('0'+x.Change.More)); got != want {
			t.Errorf("%s: %s, want %s\n%s", detection, got, want, x.Text(2))
		}
	}
}

// TestJSON: everything is there for programs, and whatever a record has is JSON.
func TestJSON(t *testing.T) {
	e := explainer(t, rule("s:\n  a|contains: [x, 1.50, 0x10]\n  b: null\n  c: true\ncondition: s"))
	x := e.Explain(0, found(t, "{\"a\":[\"ax\xff\",{\"k\":[\"x\"]}]}", nil))
	text, err := json.Marshal(&x.Tree)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"step":"all","name":"s","holds":false,"parts":[` +
		`{"step":"item","holds":true,"item":{"field":"a","modifiers":["contains"],"values":["x",1.50,"0x10"],"file":"r.yml","line":6,"column":5},` +
		`"seen":[{"field":"a","value":"ax` + "\uFFFD" + `","satisfied":"x"},{"field":"a","value":"x","satisfied":"x"}]},` +
		`{"step":"item","holds":true,"item":{"field":"b","values":[null],"file":"r.yml","line":7,"column":5}},` +
		`{"step":"item","holds":false,"item":{"field":"c","values":[true],"file":"r.yml","line":8,"column":5}}]}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
}

func TestNamed(t *testing.T) {
	set := rules.ParseFiles([]rules.File{{Name: "r.yml", Text: []byte(strings.Replace(rule("s: {a: 1}\ncondition: s"), "title: T", "title: Some Rule\nid: 5F0a3a7e-3c1e-4d8b-9a58-0c6f2d7f4b11\nname: some_rule", 1))}}, rules.Options{})
	for name, want := range map[string]int{"some rule": 1, "some_rule": 1, "5f0a3a7e-3C1e-4d8b-9a58-0c6f2d7f4b11": 1, "Some_Rule": 0, "": 0} {
		if got := Named(set.Rules, name); len(got) != want {
			t.Errorf("%q: %v", name, got)
		}
	}
	if best := Nearest(set.Rules, "Some Rlue"); best != "Some Rule" {
		t.Error(best)
	}
	if best := Nearest(set.Rules, "something quite else"); best != "" {
		t.Error(best)
	}
}
