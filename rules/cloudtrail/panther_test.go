package cloudtrail_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"slices"
	"testing"
	"time"

	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
	"sigmatrail/rules/cloudtrail"

	"gopkg.in/yaml.v3"
)

// counterpart is what testdata/panther.yml says of one of Panther's rules; its head says what the parts are.
type counterpart struct {
	Panther string         `yaml:"panther"`
	Rules   []string       `yaml:"rules"`
	Except  map[int]string `yaml:"except"`
	Outside map[int]string `yaml:"outside"`
	None    string         `yaml:"none"`
}

// pantherTest is one of Panther's tests.
type pantherTest struct {
	Line     int             `json:"line"`
	Rule     string          `json:"rule"`
	Expected bool            `json:"expected"`
	Event    json.RawMessage `json:"event"`
}

// TestPanther gives the tests of Panther's rules to those of the pack that find the same. The verdicts agree on nine of ten; where they do not, and where
// the pack has no such rule, the map says why.
func TestPanther(t *testing.T) {
	const enough = 0.9
	text, err := os.ReadFile("../../../shared/data/events/panther-tests.labelled.ndjson")
	if err != nil {
		t.Skip("skipped: ../shared/data/events/panther-tests.labelled.ndjson is not there")
	}
	counterparts, set := readCounterparts(t), load(t)
	ran, agreed, known := 0, 0, make(map[string]bool)
	for line := range bytes.Lines(text) {
		var p pantherTest
		if err := json.Unmarshal(line, &p); err != nil {
			t.Fatal(err)
		}
		known[p.Rule] = true
		c, listed := counterparts[p.Rule]
		if !listed {
			t.Errorf("test %d: the map has no %s", p.Line, p.Rule)
			continue
		}
		if len(c.Rules) == 0 {
			continue
		}
		agrees := hits(t, set, c.Rules, p.Event) == p.Expected
		why, excepted := c.Except[p.Line]
		outside, unanswered := c.Outside[p.Line]
		if agrees == (excepted || unanswered) {
			t.Errorf("test %d of %s: the verdicts agree: %t; the map says %q", p.Line, p.Rule, agrees, why+outside)
		}
		if unanswered {
			continue
		}
		ran++
		if agrees {
			agreed++
		}
	}
	mapped := checkCounterparts(t, counterparts, known)
	t.Logf("%d of %d rules have counterparts; the verdicts agree on %d of %d of their tests", mapped, len(known), agreed, ran)
	if len(known) != 96 || mapped < 60 || ran < 190 || float64(agreed) < enough*float64(ran) {
		t.Errorf("%d of %d rules have counterparts, want 60 of 96; the verdicts agree on %d of %d tests, want 190 or more", mapped, len(known), agreed, ran)
	}
}

func readCounterparts(t *testing.T) map[string]counterpart {
	t.Helper()
	text, err := os.ReadFile("testdata/panther.yml")
	if err != nil {
		t.Fatal(err)
	}
	var list []counterpart
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&list); err != nil {
		t.Fatal(err)
	}
	all := make(map[string]counterpart)
	for _, c := range list {
		all[c.Panther] = c
	}
	if len(all) != len(list) {
		t.Error("a rule stands twice in the map")
	}
	return all
}

// checkCounterparts holds the map to the pack and to the rules that Panther has, and returns how many have a counterpart.
func checkCounterparts(t *testing.T, all map[string]counterpart, known map[string]bool) (mapped int) {
	t.Helper()
	for _, c := range all {
		if len(c.Rules) > 0 {
			mapped++
		}
		if !known[c.Panther] || (len(c.Rules) > 0) == (c.None != "") {
			t.Errorf("%s: Panther has it: %t; rules %v, none: %q", c.Panther, known[c.Panther], c.Rules, c.None)
		}
		for _, name := range c.Rules {
			if _, err := fs.Stat(cloudtrail.FS(), name+".yml"); err != nil {
				t.Errorf("%s: %v", c.Panther, err)
			}
		}
	}
	return mapped
}

// hits reports whether one of the files of rules hits an event.
func hits(t *testing.T, set *rules.Set, names []string, event []byte) bool {
	t.Helper()
	var list []*rules.Rule
	for _, r := range set.Rules {
		if slices.ContainsFunc(names, func(name string) bool { return r.File == "builtin/"+name+".yml" }) {
			list = append(list, r)
		}
	}
	packed, err := record.AppendMsgpack(nil, event)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := record.Decode(packed, 0)
	found, _ := record.Find(body, nil)
	if len(found) == 0 {
		t.Errorf("no record: %s", event)
	}
	evaluator := oracle.New(list, record.DefaultAliases(), "sigma")
	return slices.ContainsFunc(found, func(f record.Found) bool { return len(evaluator.Match(f.Record, time.Time{})) > 0 })
}
