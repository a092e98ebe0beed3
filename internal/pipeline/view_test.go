package pipeline

import (
	"os"
	"testing"

	"sigmatrail/internal/record"
	"sigmatrail/internal/ruletest"
	"sigmatrail/rules"
)

func TestConformanceView(t *testing.T) {
	verdicts, err := ruletest.Conformance(os.DirFS("../../testdata/conformance"))
	if err != nil {
		t.Fatal(err)
	}
	aliases := record.DefaultAliases()
	paths := func(f string) []string {
		if a := aliases[f]; a != nil {
			return a
		}
		return []string{f}
	}
	for _, v := range verdicts {
		vw, err := newView([]*rules.Rule{v.Rule}, paths, "sigma")
		if err != nil {
			t.Fatal(err)
		}
		packed, _ := record.AppendMsgpack(nil, v.Record)
		l := newLook(vw)
		if _, ok := l.projector.Record(packed, 0, 0); !ok {
			t.Fatal("walk")
		}
		if got := len(l.match(nil)) > 0; got != v.Hit {
			t.Errorf("%s: %s: %v, want %v", v.Position, v.Record, got, v.Hit)
		}
	}
}
