package cloudtrail_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

const sharedEvents = "../../../shared/data/events"

// TestBenign runs the pack on records of accounts at work: nothing may be called for that is worth a look at once, and little that is worth one.
func TestBenign(t *testing.T) {
	j := newJudge(t)
	for _, name := range []string{"opensearch-catalog.ndjson", "grycap-tracker.ndjson"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(sharedEvents, name)
			if _, err := os.Stat(file); err != nil {
				t.Skipf("skipped: %v", err)
			}
			records, medium, by := 0, 0, make(map[string]int)
			err := record.ReadFile(file, record.Sink{Bad: func(err error) { t.Error(err) }, Item: func(i record.Item) error {
				records++
				highest := rules.Informational
				for _, r := range j.hits(t, i.JSON) {
					by[r.Level.String()+" "+stem(r)]++
					highest = max(highest, r.Level)
				}
				if highest == rules.Medium {
					medium++
				}
				if highest >= rules.High {
					t.Errorf("%s: %s", highest, i.JSON)
				}
				return nil
			}})
			if err != nil || records < 100 {
				t.Fatalf("%d records, error %v", records, err)
			}
			if medium*50 >= records {
				t.Errorf("%d of %d records are medium", medium, records)
			}
			for _, rule := range slices.Sorted(maps.Keys(by)) {
				t.Logf("%d of %d records: %s", by[rule], records, rule)
			}
		})
	}
}
