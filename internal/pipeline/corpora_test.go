package pipeline

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/record"

	"github.com/google/go-cmp/cmp"
)

const (
	sharedEvents = "../../../shared/data/events"
	sharedRules  = "../../../shared/data/rules/sigmahq/rules/cloud/aws/cloudtrail"
)

// load makes an engine of rules.
func load(t *testing.T, spec string) *Engine {
	t.Helper()
	e, err := New(conf.Settings{Rules: spec, MinLevel: "informational", Key: "sigma"})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// events calls f with each event of files.
func events(t *testing.T, pattern string, f func(text []byte)) (n int) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		err := record.ReadFile(file, record.Sink{Item: func(i record.Item) error { n++; f(i.JSON); return nil }, Bad: func(err error) { t.Error(err) }})
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// checkDoors holds that a chunk and a JSON text of the same event leave with the same on them, and that neither loses anything.
func checkDoors(t *testing.T, e *Engine, text []byte) (hit bool) {
	t.Helper()
	data := event(t, string(text))
	checkProcess(t, e, data)
	out := process(t, e, data)
	body, err := record.AppendMsgpack(nil, text)
	if err != nil {
		t.Fatal(err)
	}
	var counts Counts
	j := e.NewJudge().Event(body, time.Time{})
	counts.Add(&j)
	enriched, err := e.AppendJSON(nil, text, &j, &counts)
	e.Add(&counts)
	if err != nil {
		t.Fatal(err)
	}
	if out == nil {
		out = data
	}
	packed, err := record.AppendMsgpack(nil, enriched)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := record.Decode(packed, 0)
	if diff := cmp.Diff(bodies(t, out), []string{string(record.AppendJSON(nil, again))}); diff != "" {
		t.Errorf("chunk and JSON differ: %s", diff)
	}
	return j.Hit()
}

// TestDoorsOnOwnEvents runs the bundled pack on the project's own events.
func TestDoorsOnOwnEvents(t *testing.T) {
	e := load(t, Builtin)
	hits := 0
	n := events(t, "../../testdata/events/*.ndjson", func(text []byte) {
		if checkDoors(t, e, text) {
			hits++
		}
	})
	if n != 13 || hits != 8 {
		t.Errorf("%d events, %d with hits", n, hits)
	}
	checkAccounts(t, e)
}

// TestDoorsOnSharedEvents runs all rules on all shared events.
func TestDoorsOnSharedEvents(t *testing.T) {
	if _, err := os.Stat(sharedEvents); err != nil {
		t.Skipf("skipped: %s is not there", sharedEvents)
	}
	e := load(t, Builtin+","+sharedRules)
	hits := 0
	n := events(t, sharedEvents+"/*.ndjson", func(text []byte) {
		if checkDoors(t, e, text) {
			hits++
		}
	})
	if n < 1850 || hits < 1000 {
		t.Errorf("%d events, %d with hits", n, hits)
	}
	t.Logf("%d events, %d with hits", n, hits)
	checkAccounts(t, e)
}

// TestSigmaHQOnStratus holds what SigmaHQ's rules say of what Stratus Red Team did. An evaluator written apart from this one, in another
// language, gave the same.
func TestSigmaHQOnStratus(t *testing.T) {
	if _, err := os.Stat(sharedRules); err != nil {
		t.Skipf("skipped: %s is not there", sharedRules)
	}
	e := load(t, sharedRules)
	counts := make(map[string]int)
	d := e.NewJudge()
	n := events(t, sharedEvents+"/stratus-red-team.ndjson", func(text []byte) {
		body, err := record.AppendMsgpack(nil, text)
		if err != nil {
			t.Fatal(err)
		}
		j := d.Event(body, time.Time{})
		for _, v := range j.Verdicts {
			for _, i := range v.Hits {
				counts[e.Rules().Rules[i].Title]++
			}
		}
	})
	if len(e.Rules().Rules) != 57 || n != 310 {
		t.Errorf("%d rules, %d events", len(e.Rules().Rules), n)
	}
	if diff := cmp.Diff(map[string]int{
		"AWS CloudTrail Important Change":                        2,
		"AWS IAM Backdoor Users Keys":                            2,
		"AWS New Lambda Layer Attached":                          1,
		"AWS STS AssumeRole Misuse":                              68,
		"AWS Snapshot Backup Exfiltration":                       1,
		"AWS Successful Console Login Without MFA":               1,
		"AWS User Login Profile Was Modified":                    1,
		"AWS VPC Flow Logs Deleted":                              1,
		"Ingress/Egress Security Group Modification":             1,
		"Potential Malicious Usage of CloudTrail System Manager": 2,
	}, counts); diff != "" {
		t.Error(diff)
	}
}
