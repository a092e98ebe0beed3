package awslint

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/internal/rulegen"
	"sigmatrail/rules"
)

// TestNeverIsNever holds what is said to be impossible against the oracle, on generated rules and records: whatever hostile rule there is, no panic,
// and no record for a rule of which every way to hold is said to be none.
func TestNeverIsNever(t *testing.T) {
	const ruleSeeds, recordSeeds, some, leastDead, leastHits = 2000, 2000, 4, 20, 100
	records := plainRecords(recordSeeds)
	known, err := loadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	seen, err := loadShapes()
	if err != nil {
		t.Fatal(err)
	}
	dead, hits := 0, 0
	for i := range uint64(ruleSeeds) {
		text := rulegen.RuleFromBytes(rulegen.Seed(i))
		files := []rules.File{{Name: "generated.yml", Text: []byte(text)}}
		set := rules.ParseFiles(files, rules.Options{})
		newLinter(known, seen).check(set, files)
		for _, r := range set.Rules {
			never, among := isNever(r), records
			if never {
				dead++
			} else {
				among = records[:some]
			}
			o := oracle.New([]*rules.Rule{r}, record.DefaultAliases(), "sigma")
			for _, rec := range among {
				if len(o.Match(rec, time.Time{})) == 0 {
					continue
				}
				if hits++; never {
					t.Fatalf("%s\nholds for %s", text, record.AppendJSON(nil, rec))
				}
			}
		}
	}
	t.Logf("%d rules are said to be impossible, %d hits, %d records", dead, hits, len(records))
	if dead < leastDead || hits < leastHits {
		t.Errorf("%d rules are said to be impossible, and %d hits were looked at", dead, hits)
	}
}

// isNever reports whether every clause of a rule is said to be impossible.
func isNever(r *rules.Rule) bool {
	c, l := read(r), &linter{}
	if c.partial || len(c.clauses) == 0 {
		return false
	}
	for _, way := range c.clauses {
		if l.dead(way) == nil {
			return false
		}
	}
	return true
}

// plainRecords returns generated records in which a field is at one place and no array, as the fields are that are taken for single texts.
func plainRecords(seeds uint64) (list []*record.Object) {
	for i := range seeds {
		body, _ := record.Decode(rulegen.RecordFromBytes(rulegen.Seed(i)), 0)
		found, _ := record.Find(body, nil)
		for _, f := range found {
			var decoded any
			if err := json.Unmarshal(record.AppendJSON(nil, f.Record), &decoded); err == nil && isPlain(decoded) {
				list = append(list, f.Record)
			}
		}
	}
	return list
}

func isPlain(v any) bool {
	switch v := v.(type) {
	case []any:
		return false
	case map[string]any:
		for key, member := range v {
			if strings.Contains(key, ".") || !isPlain(member) {
				return false
			}
		}
	}
	return true
}
