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
	rules  []*rules.Rule
	oracle *oracle.Oracle
}

func newJudge(t *testing.T) *judge {
	t.Helper()
	list := load(t).Rules
	return &judge{list, oracle.New(list, record.DefaultAliases(), "sigma")}
}

// hits returns the rules that hit a record, given as JSON.
func (j *judge) hits(t *testing.T, text []byte) (hits []*rules.Rule) {
	t.Helper()
	packed, err := record.AppendMsgpack(nil, text)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := record.Decode(packed, 0)
	found, _ := record.Find(body, nil)
	for _, f := range found {
		for _, i := range j.oracle.Match(f.Record, time.Time{}) {
			hits = append(hits, j.rules[i])
		}
	}
	return hits
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
