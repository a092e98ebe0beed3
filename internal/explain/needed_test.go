package explain

import (
	"testing"

	"sigmatrail/internal/record"
	"sigmatrail/internal/rulegen"
	"sigmatrail/rules"
)

// verdict is what a tree comes to when the items in turned have the other verdict.
func verdict(p *Part, turned map[*Part]bool) bool {
	switch p.Step {
	case "item":
		return p.Holds != turned[p]
	case "not":
		return !verdict(&p.Parts[0], turned)
	}
	for i := range p.Parts {
		if verdict(&p.Parts[i], turned) != (p.Step == "all") {
			return p.Step != "all"
		}
	}
	return p.Step == "all"
}

// TestNeededTurns: when the items that would have to change do, and no others, the verdict is the other one; without any of them it is not.
func TestNeededTurns(t *testing.T) {
	n, several := 0, 0
	for seed := range uint64(2000) {
		list, _ := rules.Parse("g.yml", []byte(rulegen.RuleFromBytes(rulegen.Seed(seed))), rules.Options{})
		decoded, _ := record.Decode(rulegen.RecordFromBytes(rulegen.Seed(seed+1<<40)), 0)
		o, ok := decoded.(*record.Object)
		if !ok || len(list) != 1 {
			t.Fatalf("seed %d: %d rules", seed, len(list))
		}
		x := New(&rules.Set{Rules: list}, "sigma").Explain(0, record.Found{Record: o})
		needed, ok := x.Tree.needed(!x.Holds)
		if !ok {
			continue
		}
		n++
		turned := make(map[*Part]bool)
		for _, turn := range needed {
			turned[turn.part] = true
		}
		if len(needed) > 1 {
			several++
		}
		if x.Change == nil || x.Change.More != len(needed)-1 || verdict(&x.Tree, turned) == x.Holds {
			t.Fatalf("seed %d: %+v\n%s", seed, x.Change, x.Text(0))
		}
		for part := range turned {
			delete(turned, part)
			if verdict(&x.Tree, turned) != x.Holds {
				t.Fatalf("seed %d: one could be left out\n%s", seed, x.Text(0))
			}
			turned[part] = true
		}
	}
	if n < 1900 || several < 300 {
		t.Errorf("%d trees, %d of which need several turns", n, several)
	}
}
