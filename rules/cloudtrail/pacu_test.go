package cloudtrail_test

import (
	"os"
	"slices"
	"testing"

	"sigmatrail/internal/ruletest"
)

// TestPacu gives the pack what the modules of Pacu leave in CloudTrail, as testdata/pacu_*.yml describes it, and wants each noticed by the rule that
// stands beside it.
func TestPacu(t *testing.T) {
	samples, err := ruletest.Samples(os.DirFS("testdata"), "pacu_*.yml")
	if err != nil {
		t.Fatal(err)
	}
	j := newJudge(t)
	seen := make(map[[3]string]bool)
	for _, s := range samples {
		if hits := stems(j.hits(t, s.Event)); !slices.Contains(hits, s.Rule) {
			t.Errorf("%s: %s of %s: not hit by %s, but by %q", s.Position, s.EventName, s.Module, s.Rule, hits)
		}
		row := [3]string{s.File, s.Module, s.EventName}
		if seen[row] {
			t.Errorf("%s: %s of %s stands there twice", s.Position, s.EventName, s.Module)
		}
		seen[row] = true
	}
	if len(seen) < 80 {
		t.Errorf("%d rows", len(seen))
	}
}
