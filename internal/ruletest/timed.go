package ruletest

import (
	"io/fs"
	"maps"
	"slices"
	"time"

	"sigmatrail/internal/explain"
	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// Timed is the cases over time that stand beside a file of rules, ready to be run against changed forms of these.
type Timed struct {
	// Set has the rules of the file, and those of other files of its folder that its correlations refer to.
	Set *rules.Set

	sequences []*sequence
	about     map[*step][]int
}

// TimedCases returns the cases over time beside a file of rules in the top folder of pack. The error says all that is wrong with them, and is fs.ErrNotExist where there
// are no tests.
func TimedCases(pack fs.FS, ruleFile string) (*Timed, error) {
	src, err := fs.ReadFile(pack, ruleFile)
	if err != nil {
		return nil, err
	}
	tests, err := fs.ReadFile(pack, testNameOf(ruleFile))
	if err != nil {
		return nil, err
	}
	k := known{packs: map[string]fs.FS{"": pack}}
	own := rules.File{Name: ruleFile, Text: src}
	more := k.companions([]rules.File{own})
	t := &tested{Prepared: Prepared{Set: rules.ParseFiles(append([]rules.File{own}, more...), rules.Options{})}, brought: make(map[string]bool)}
	t.explainer = explain.New(t.Set, ownKey)
	for _, f := range more {
		t.brought[f.Name] = true
	}
	p := newParser(testNameOf(ruleFile), tests, pack.Open)
	p.tests(tests)
	timed := &Timed{Set: t.Set, about: make(map[*step][]int)}
	problems := p.problems
	for i := range p.cases {
		c := &p.cases[i]
		if len(c.steps) == 0 {
			continue
		}
		j := judging{tested: t, c: c}
		if s, ok := j.prepareSteps(); ok {
			timed.sequences = append(timed.sequences, s)
			maps.Copy(timed.about, j.about)
		}
		problems = append(problems, j.result.Problems...)
	}
	return timed, joined(problems)
}

// Pass reports whether every case comes out as it must with set in the place of t.Set: the same rules and correlations, in the same order, some of them changed.
func (t *Timed) Pass(set *rules.Set) bool {
	var changed []int
	for i, r := range set.Rules {
		if r != t.Set.Rules[i] {
			changed = append(changed, i)
		}
	}
	list := make([]*rules.Rule, 0, len(changed))
	for _, i := range changed {
		list = append(list, set.Rules[i])
	}
	evaluator := oracle.New(list, record.DefaultAliases(), ownKey)
	for _, s := range t.sequences {
		again := *s
		again.set, again.events = set, slices.Clone(s.events)
		for n := range again.events {
			e := &again.events[n]
			if len(changed) == 0 {
				continue
			}
			e.Rules = slices.DeleteFunc(slices.Clone(e.Rules), func(i int) bool { return slices.Contains(changed, i) })
			for _, hit := range evaluator.Match(e.found.Record, time.Time{}) {
				e.Rules = append(e.Rules, changed[hit])
			}
		}
		if len(again.wrongs(again.scanned(), func(st *step) []int { return t.about[st] })) > 0 {
			return false
		}
	}
	return true
}
