package enrich

import (
	"encoding/json"
	"strings"
	"testing"

	"sigmatrail/rules"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"
)

func table() *Table { return compiled(Options{Key: "sigma"}) }

func compiled(options Options) *Table {
	return Compile([]*rules.Rule{
		{ID: "id-0", Title: "Low <one>", Level: rules.Low, Status: "test", Author: "A \"B\"", Tags: []string{"attack.t1078", "attack.discovery"}},
		{ID: "id-1", Title: "High one", Level: rules.High, Author: "C", Tags: []string{"attack.privilege-escalation", "attack.T1098.001", "attack.t1078"}},
		{Title: "No id", Level: rules.Informational},
	}, options)
}

func TestAppend(t *testing.T) {
	for _, test := range []struct {
		name    string
		hits    []Hit
		summary string
		want    string
	}{
		{"one", []Hit{{Rule: 1}}, "", `{"level":"high","rules":[{"id":"id-1","title":"High one","level":"high","author":"C","tags":["attack.privilege-escalation","attack.T1098.001","attack.t1078"]}],` +
			`"tactics":["privilege-escalation"],"techniques":["T1098.001","T1078"]}`},
		{"the highest first, texts as they are", []Hit{{Rule: 0}, {Rule: 1}}, "", `{"level":"high","rules":[{"id":"id-1","title":"High one","level":"high","author":"C","tags":["attack.privilege-escalation","attack.T1098.001","attack.t1078"]},` +
			`{"id":"id-0","title":"Low <one>","level":"low","status":"test","author":"A \"B\"","tags":["attack.t1078","attack.discovery"]}],` +
			`"tactics":["privilege-escalation","discovery"],"techniques":["T1098.001","T1078"]}`},
		{"without tags and id", []Hit{{Rule: 2}}, "", `{"level":"informational","rules":[{"title":"No id","level":"informational"}],"tactics":[],"techniques":[]}`},
		{"several records in the event", []Hit{{Rule: 2, EventIDs: []string{"e1", "e2"}}}, "", `{"level":"informational","rules":[{"title":"No id","level":"informational","event_ids":["e1","e2"]}],"tactics":[],"techniques":[]}`},
		{"a first hit, a repetition and a summary", []Hit{{Rule: 2, First: true, Suppressed: 70_000, EventIDs: []string{"e1"}}, {Rule: 0}}, "who \"did\"\twhat", `{"level":"low","notify":"informational",` +
			`"summary":"who \"did\"\twhat","rules":[{"id":"id-0","title":"Low <one>","level":"low","status":"test","author":"A \"B\"","tags":["attack.t1078","attack.discovery"]},` +
			`{"title":"No id","level":"informational","event_ids":["e1"],"first":true,"suppressed":70000}],"tactics":["discovery"],"techniques":["T1078"]}`},
	} {
		got := string(table().AppendJSON([]byte("kept"), test.hits, test.summary))
		if got != "kept"+test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.want)
		}
		packed := table().AppendMsgpack([]byte("kept"), test.hits, test.summary)
		if string(packed[:4]) != "kept" {
			t.Fatalf("%q", packed)
		}
		var fromMsgpack, fromJSON any
		if err := msgpack.Unmarshal(packed[4:], &fromMsgpack); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(test.want), &fromJSON); err != nil {
			t.Fatal(err)
		}
		if text, err := json.Marshal(fromMsgpack); err != nil || json.Unmarshal(text, &fromMsgpack) != nil { // numbers of one type
			t.Fatal(err)
		}
		if diff := cmp.Diff(fromJSON, fromMsgpack); diff != "" {
			t.Errorf("%s: JSON and msgpack differ: %s", test.name, diff)
		}
	}
}

func TestAttack(t *testing.T) {
	tactics, techniques := ofTags([]string{
		"attack.t1078.004", "attack.T1078.004", "attack.initial-access", "attack.initial_access", "attack.g0016", "attack.s0154", "attack.ds0028", "attack.m1",
		"cve.2021-44228", "attack", "attack.", "attack.stealth", "detection.emerging-threats", "attack.t10x", "car.2016-04-005", "attack.t1685",
	})
	if diff := cmp.Diff([]string{"initial-access", "stealth", "t10x"}, tactics); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"T1078.004", "T1685"}, techniques); diff != "" {
		t.Error(diff)
	}
}

func TestMergeJSON(t *testing.T) {
	const fresh = `{"id":"id-0","title":"Low <one>","level":"low","status":"test","author":"A \"B\"","tags":["attack.t1078","attack.discovery"]}`
	for _, test := range []struct {
		name, existing, want string
		first                bool
		summary              string
	}{
		{
			"another rule", `{"level":"critical","rules":[{"id":"x","title":"X","more":1.0}],"tactics":["impact"],"techniques":["T1485","T1078"]}`,
			`{"level":"critical","rules":[` + fresh + `,{"id":"x","title":"X","more":1.0}],"tactics":["discovery","impact"],"techniques":["T1078","T1485"]}`, false, "",
		},
		{
			"the same rule, of an earlier version", `{"level":"low","rules":[{"id":"id-0","title":"Old"}]}`,
			`{"level":"low","rules":[` + fresh + `],"tactics":["discovery"],"techniques":["T1078"]}`, false, "",
		},
		{
			"a rule without id", `{"level":"informational","rules":[{"title":"No id"}],"tactics":[],"techniques":[]}`,
			`{"level":"low","rules":[` + fresh + `,{"title":"No id"}],"tactics":["discovery"],"techniques":["T1078"]}`, false, "",
		},
		{
			"what an earlier tier notifies of, and its summary, stay", `{"level":"high","notify":"high","summary":"old","rules":[{"id":"x","first":true}]}`,
			`{"level":"high","notify":"high","summary":"old","rules":[` + fresh + `,{"id":"x","first":true}],"tactics":["discovery"],"techniques":["T1078"]}`, false, "",
		},
		{
			"the highest of both is notified of, the newer summary stands", `{"level":"high","notify":"informational","summary":"old","rules":[{"id":"x"}]}`,
			`{"level":"high","notify":"low","summary":"new","rules":[` + strings.TrimSuffix(fresh, "}") + `,"first":true},{"id":"x"}],"tactics":["discovery"],"techniques":["T1078"]}`, true, "new",
		},
	} {
		got, ours := table().MergeJSON([]byte(test.existing), []Hit{{Rule: 0, First: test.first}}, test.summary)
		if !ours || string(got.Value) != test.want || !strings.HasPrefix(test.want, `{"level":"`+got.Level.String()+`"`) {
			t.Errorf("%s: %v\n%s\nwant\n%s", test.name, ours, got.Value, test.want)
		}
	}
	for _, foreign := range []string{
		`null`, `"text"`, `7`, `[]`, `{}`, `{"level":"high"}`, `{"level":"high","rules":[]}`, `{"level":"urgent","rules":[{"id":"x"}]}`,
		`{"level":"high","rules":[{}]}`, `{"level":"high","rules":["x"]}`, `{"level":"high","rules":{"id":"x"}}`, `{"level":"high","rules":[{"id":7}]}`,
		`{"level":"high","rules":[{"id":"x"}],"tactics":"impact"}`,
		`{"level":"high","notify":"urgent","rules":[{"id":"x"}]}`, `{"level":"high","summary":7,"rules":[{"id":"x"}]}`,
	} {
		if got, ours := table().MergeJSON([]byte(foreign), []Hit{{Rule: 0}}, ""); ours {
			t.Errorf("%s: %s", foreign, got.Value)
		}
	}
}

// TestAllocations: hits that are written on the path of a chunk cost no memory but the output.
func TestAllocations(t *testing.T) {
	dst, hits := make([]byte, 0, 4096), []Hit{{Rule: 0}, {Rule: 1}, {Rule: 2}}
	for name, options := range map[string]Options{"plain": {Key: "sigma"}, "with more of the rules": {Key: "sigma", RuleFields: "logsource,date,x", Successors: true}} {
		tab := compiled(options)
		if n := testing.AllocsPerRun(100, func() { tab.AppendMsgpack(dst, hits, "") }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
