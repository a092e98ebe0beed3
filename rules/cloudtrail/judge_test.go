package cloudtrail_test

import (
	"strings"
	"testing"
	"time"

	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// judge tells which rules of the pack hit a record.
type judge struct {
	set    *rules.Set
	oracle *oracle.Oracle
}

func newJudge(t *testing.T) *judge {
	t.Helper()
	set := load(t)
	return &judge{set, oracle.New(set.Rules, record.DefaultAliases(), "sigma")}
}

// hits returns the rules that hit a record, given as JSON.
func (j *judge) hits(t *testing.T, text []byte) (hits []*rules.Rule) {
	t.Helper()
	for _, o := range j.occurrences(t, text) {
		for _, i := range o.Rules {
			hits = append(hits, j.set.Rules[i])
		}
	}
	return hits
}

// occurrences returns the records of an event, given as JSON, as correlations look at them.
func (j *judge) occurrences(t *testing.T, text []byte) (list []oracle.Occurrence) {
	t.Helper()
	packed, err := record.AppendMsgpack(nil, text)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := record.Decode(packed, 0)
	found, _ := record.Find(body, nil)
	for _, f := range found {
		at, _ := f.Time()
		list = append(list, oracle.Occurrence{
			Time: at, Account: f.Text("recipientAccountId"), ID: f.Text("eventID"), Rules: j.oracle.Match(f.Record, time.Time{}),
			Values: func(field string) []string { return j.oracle.Texts(f.Record, field) },
		})
	}
	return list
}

// stem is the name of the rule's file without its folder and .yml.
func stem(r *rules.Rule) string {
	return strings.TrimSuffix(strings.TrimPrefix(r.File, "builtin/"), ".yml")
}

// stems are those of rules.
func stems(list []*rules.Rule) []string {
	names := make([]string, 0, len(list))
	for _, r := range list {
		names = append(names, stem(r))
	}
	return names
}
