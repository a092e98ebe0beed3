package cloudtrail_test

import (
	"testing"

	"sigmatrail/internal/mutate"
	"sigmatrail/rules/cloudtrail"
)

// TestMutants: the tests of a rule notice nearly every small change of it. Each survivor says which test is missing; make mutants prints them for
// all rules.
func TestMutants(t *testing.T) {
	const enough = 0.95
	reports, err := mutate.Check(cloudtrail.FS())
	if err != nil {
		t.Fatal(err)
	}
	mutants := 0
	for i := range reports {
		r := &reports[i]
		if mutants += r.Mutants; r.Killed() >= enough {
			continue
		}
		t.Errorf("%s: %d of %d mutants survive its tests", r.Rule.File, len(r.Survivors), r.Mutants)
		for _, m := range r.Survivors {
			t.Errorf("  %s: %s", m.Position, m.What)
		}
	}
	if len(reports) < 250 || mutants < 4000 {
		t.Errorf("%d mutants of %d rules, want 4000 or more of 250", mutants, len(reports))
	}
}
