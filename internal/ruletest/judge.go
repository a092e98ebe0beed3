package ruletest

import (
	"fmt"
	"slices"
	"strings"

	"sigmatrail/internal/explain"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// judging is one case while it is judged.
type judging struct {
	*tested

	c      *testCase
	result Result
	meant  []int // the rules that the case names
}

func (j *judging) fail(code rules.Code, hint, format string, args ...any) {
	j.result.Problems = append(j.result.Problems, rules.Problem{
		Position: j.c.at, Source: j.c.source, Code: code, Message: j.c.name + ": " + fmt.Sprintf(format, args...), Hint: hint,
	})
}

// outcome is what the rules say of one event.
type outcome struct {
	event *event
	found []record.Found
	hits  []int // of any of its records
}

func (j *judging) run() {
	if !j.resolve() {
		return
	}
	verdicts := make([]outcome, 0, len(j.c.events))
	for i := range j.c.events {
		v, ok := j.judge(&j.c.events[i])
		if !ok {
			return
		}
		verdicts = append(verdicts, v)
	}
	switch w := &j.c.want; {
	case w.counted:
		j.count(verdicts)
	case w.exact:
		j.exact(verdicts)
	default:
		j.compare(verdicts)
	}
}

// resolve finds the rules that the case names.
func (j *judging) resolve() bool {
	names := j.c.want.hits
	if j.c.want.rule != "" {
		names = []string{j.c.want.rule}
	}
	for _, name := range names {
		found := explain.Named(j.Set.Rules, name)
		j.meant = append(j.meant, found...)
		switch {
		case len(found) > 0:
		case len(explain.Named(j.Set.NotApplicable, name)) > 0 && j.c.want.rule != "":
			j.result.Skipped = "the rule is about other logs than CloudTrail"
			return false
		default:
			hint := ""
			if best := explain.Nearest(j.Set.Rules, name); best != "" {
				hint = fmt.Sprintf("did you mean %q?", best)
			}
			j.fail(Invalid, hint, "no rule for CloudTrail has the id, name or title %q", name)
			return false
		}
	}
	slices.Sort(j.meant)
	j.meant = slices.Compact(j.meant)
	return true
}

// judge judges one event by the oracle, and holds the engine to it.
func (j *judging) judge(e *event) (v outcome, ok bool) {
	packed, err := record.AppendMsgpack(nil, e.json)
	if err != nil {
		j.fail(NoRecord, "", "%s%v", where(e), err)
		return v, false
	}
	body, _ := record.Decode(packed, 0)
	found, _ := record.Find(body, j.Form)
	if len(found) == 0 {
		j.fail(NoRecord, "", "%sthe event is no CloudTrail record: it has no eventName with an eventSource", where(e))
		return v, false
	}
	v = outcome{event: e, found: found}
	perRecord := make([][]int, 0, len(found))
	for _, f := range found {
		hits := j.explainer.Match(f)
		perRecord, v.hits = append(perRecord, hits), append(v.hits, hits...)
	}
	slices.Sort(v.hits)
	v.hits = slices.Compact(v.hits)
	if j.Judge != nil {
		j.hold(e, perRecord, j.Judge(packed))
	}
	return v, true
}

// hold holds the engine's verdicts to the oracle's.
func (j *judging) hold(e *event, oracle, engine [][]int) {
	if !slices.EqualFunc(oracle, engine, slices.Equal) {
		j.fail(Differs, "this is a fault of sigmatrail's; please report it with the rule and the event",
			"%sthe engine and the oracle differ: by the engine %s, by the oracle %s", where(e), j.titles(flat(engine)), j.titles(flat(oracle)))
	}
}

func flat(perRecord [][]int) []int {
	list := slices.Concat(perRecord...)
	slices.Sort(list)
	return slices.Compact(list)
}

// where says which event of a case is meant, with a space behind it.
func where(e *event) string {
	if e.from == "" {
		return ""
	}
	return e.from + ": "
}

func (j *judging) titles(list []int) string {
	if len(list) == 0 {
		return "nothing hits"
	}
	var parts []string
	for _, i := range list {
		parts = append(parts, fmt.Sprintf("%q", j.Set.Rules[i].Title))
	}
	if len(parts) == 1 {
		return parts[0] + " hits"
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1] + " hit"
}
