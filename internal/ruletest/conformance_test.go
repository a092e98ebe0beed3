package ruletest

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// evaluators are what the suite judges: each makes of a rule a function that says whether it matches a record.
var evaluators = map[string]func(*rules.Rule) func(*record.Object) bool{
	"oracle": func(r *rules.Rule) func(*record.Object) bool {
		o := oracle.New([]*rules.Rule{r}, record.DefaultAliases(), "sigma")
		return func(rec *record.Object) bool { return len(o.Match(rec, time.Time{})) > 0 }
	},
}

// TestConformance holds every evaluator to every verdict of the suite.
func TestConformance(t *testing.T) {
	const least = 850
	verdicts, err := Conformance(os.DirFS("../../testdata/conformance"))
	if err != nil {
		t.Fatal(err)
	}
	for name, evaluator := range evaluators {
		t.Run(name, func(t *testing.T) {
			seen := make(map[*rules.Rule]func(*record.Object) bool)
			judged := 0
			for _, v := range verdicts {
				if seen[v.Rule] == nil {
					seen[v.Rule] = evaluator(v.Rule)
				}
				packed, err := record.AppendMsgpack(nil, v.Record)
				if err != nil {
					t.Fatalf("%s: %v", v.Position, err)
				}
				body, _ := record.Decode(packed, 0)
				judged++
				if got := seen[v.Rule](body.(*record.Object)); got != v.Hit {
					t.Errorf("%s: %s: %v, want %v", v.Position, v.Record, got, v.Hit)
				}
			}
			if judged < least {
				t.Errorf("%d verdicts", judged)
			}
			t.Logf("%d verdicts on %d rules", judged, len(seen))
		})
	}
}

func TestConformanceErrors(t *testing.T) {
	const sound = "title: T\nreference: R\ncases:\n  - detection: |\n      s: {f: 1}\n      condition: s\n    hits: ['{\"f\":1}']\n    misses: ['{}']\n"
	if list, err := Conformance(fstest.MapFS{"a.yml": {Data: []byte(sound)}}); err != nil || len(list) != 2 || !list[0].Hit || list[1].Hit || list[1].Line != 8 {
		t.Errorf("%+v %v", list, err)
	}
	for change, want := range map[string]string{"reference: R": "title, reference and cases", "condition: s": "a.yml:4:", "cases:": "a.yml: "} {
		_, err := Conformance(fstest.MapFS{"a.yml": {Data: []byte(strings.Replace(sound, change, "x: y", 1))}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("without %s: %v", change, err)
		}
	}
}
