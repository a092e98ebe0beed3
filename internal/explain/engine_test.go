package explain_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/explain"
	"sigmatrail/internal/mixes"
	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"
	"sigmatrail/internal/rulegen"
	"sigmatrail/rules"

	"pgregory.net/rapid"
)

// pair is an engine and an explainer of the same rules.
type pair struct {
	program   *pipeline.Program
	judge     *pipeline.Judge
	explainer *explain.Explainer

	pairs, matches, changes int
}

func newPair(program *pipeline.Program) (*pair, error) {
	engine, err := pipeline.NewEngine(conf.Default(), program)
	if err != nil {
		return nil, err
	}
	return &pair{program: program, judge: engine.NewJudge(), explainer: explain.New(program.Rules(), "sigma")}, nil
}

// hold explains what all rules say of the records of an event, and holds that to what the engine says.
func (p *pair) hold(packed []byte) error {
	j := p.judge.Event(packed, time.Time{})
	for _, v := range j.Verdicts {
		hits, found := slices.Clone(v.Hits), v.Found()
		for i, r := range p.program.Rules().Rules {
			x := p.explainer.Explain(i, found)
			p.pairs++
			if x.Holds {
				p.matches++
			}
			if x.Change != nil {
				p.changes++
			}
			if slices.Contains(hits, i) != x.Holds {
				return fmt.Errorf("%s: the engine says %v\n%s%s", r.Title, hits, x.Text(2), record.AppendJSON(nil, found.Record))
			}
			if wrong := sound(&x.Tree); wrong != "" {
				return fmt.Errorf("%s: %s\n%s%s", r.Title, wrong, x.Text(2), record.AppendJSON(nil, found.Record))
			}
		}
	}
	return nil
}

// sound says where a part of a tree has another verdict than its parts make, or "".
func sound(p *explain.Part) string {
	holds := func(part explain.Part) bool { return part.Holds }
	fails := func(part explain.Part) bool { return !part.Holds }
	want := p.Holds
	switch p.Step {
	case "any":
		want = slices.ContainsFunc(p.Parts, holds)
	case "all":
		want = !slices.ContainsFunc(p.Parts, fails)
	case "not":
		want = !p.Parts[0].Holds
	}
	if want != p.Holds {
		return fmt.Sprintf("%s %s is %v", p.Step, p.Name, p.Holds)
	}
	for i := range p.Parts {
		if wrong := sound(&p.Parts[i]); wrong != "" {
			return wrong
		}
	}
	return ""
}

// TestAgreesOnCorpora: on every shared event every rule of the pack and of SigmaHQ's for CloudTrail is explained as the engine judges it.
func TestAgreesOnCorpora(t *testing.T) {
	shared, reason, ok := mixes.Open()
	if !ok {
		t.Skip(reason)
	}
	settings := conf.Default()
	settings.Rules = pipeline.Builtin + "," + shared.SigmaHQ()
	sources, err := pipeline.Read(settings)
	if err != nil {
		t.Fatal(err)
	}
	program, err := sources.Compile()
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPair(program)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(shared.Events(), "*.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		err := record.ReadFile(file, record.Sink{Item: func(i record.Item) error { return p.hold(i.Packed) }, Bad: func(err error) { t.Error(err) }})
		if err != nil {
			t.Fatal(err)
		}
	}
	if p.pairs < 170_000 || p.matches < 1000 || p.changes < p.pairs*99/100 {
		t.Errorf("%d pairs, %d matches, %d that something would change", p.pairs, p.matches, p.changes)
	}
	t.Logf("%d pairs of a rule and a record, %d matches", p.pairs, p.matches)
}

// TestAgreesRapid does the same on rules and records that rapid makes.
func TestAgreesRapid(t *testing.T) {
	pairs := 0
	rapid.Check(t, func(t *rapid.T) {
		var files []rules.File
		for i, text := range rapid.SliceOfN(rulegen.Rule(), 2, 6).Draw(t, "rules") {
			files = append(files, rules.File{Name: fmt.Sprintf("%d.yml", i), Text: []byte(text)})
		}
		set := rules.ParseFiles(files, rules.Options{})
		program, err := pipeline.NewProgram(set, "sigma")
		if err != nil {
			t.Fatal(err)
		}
		p, err := newPair(program)
		if err != nil {
			t.Fatal(err)
		}
		for _, body := range rapid.SliceOfN(rulegen.Record(), 3, 6).Draw(t, "records") {
			if err := p.hold(body); err != nil {
				t.Fatal(err)
			}
		}
		pairs += p.pairs
	})
	if pairs < 300 {
		t.Errorf("%d pairs", pairs)
	}
	t.Logf("%d pairs", pairs)
}
