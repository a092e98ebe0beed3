package ruletest

import (
	"fmt"
	"slices"
	"strings"
)

// The limits of what is told of one failure.
const (
	mostEvents = 3
	mostRules  = 3
)

// asked returns which of the hits count for the case.
func (j *judging) asked(hits []int) []int {
	if j.c.want.rule == "" {
		return hits
	}
	return slices.DeleteFunc(slices.Clone(hits), func(i int) bool { return !slices.Contains(j.meant, i) })
}

// compare fails where an event hits and must not, or the other way round.
func (j *judging) compare(verdicts []outcome) {
	var wrong []outcome
	for _, v := range verdicts {
		if (len(j.asked(v.hits)) > 0) != j.c.want.hit {
			wrong = append(wrong, v)
		}
	}
	if len(wrong) == 0 {
		return
	}
	message := "must not hit and does"
	if j.c.want.hit {
		message = "must hit and does not"
	}
	if len(j.all()) == 0 {
		message += ": none of its rules can run"
		if len(j.Set.Correlations) > 0 {
			message += ": a correlation is tested by steps, in the place of hit"
		}
	}
	if len(verdicts) > 1 {
		message += fmt.Sprintf(", %d of %d events", len(wrong), len(verdicts))
	}
	j.fail(Wrong, j.why(wrong, func(v outcome) []int {
		if !j.c.want.hit {
			return j.asked(v.hits)
		}
		if j.c.want.rule != "" {
			return j.meant
		}
		return j.all()
	}), "%s", message)
}

// exact fails where other rules hit an event than those that must.
func (j *judging) exact(verdicts []outcome) {
	var wrong []outcome
	for _, v := range verdicts {
		if !slices.Equal(v.hits, j.meant) {
			wrong = append(wrong, v)
		}
	}
	if len(wrong) == 0 {
		return
	}
	must := "nothing must hit"
	if len(j.meant) > 0 {
		must = strings.TrimSuffix(strings.TrimSuffix(j.titles(j.meant), " hits"), " hit") + " must hit"
	}
	j.fail(Wrong, j.why(wrong, func(v outcome) []int {
		return slices.DeleteFunc(j.all(), func(i int) bool { return slices.Contains(v.hits, i) == slices.Contains(j.meant, i) })
	}), "%s, and %s", must, j.titles(wrong[0].hits))
}

// count fails where another number of events hits than must.
func (j *judging) count(verdicts []outcome) {
	var hit, missed []outcome
	for _, v := range verdicts {
		if len(j.asked(v.hits)) > 0 {
			hit = append(hit, v)
		} else {
			missed = append(missed, v)
		}
	}
	about := func(outcome) []int { return j.meant }
	switch want := j.c.want.count; {
	case want < 0 && len(hit) > 0 || want == len(hit):
	case want < 0:
		j.fail(Wrong, j.why(missed, about), "must hit and does not, %d of %d events", len(missed), len(verdicts))
	case len(hit) < want:
		j.fail(Wrong, j.why(missed, about), "must hit %d of %d events and hits %d", want, len(verdicts), len(hit))
	default:
		j.fail(Wrong, j.why(hit, about), "must hit %d of %d events and hits %d", want, len(verdicts), len(hit))
	}
}

// all are the rules that are tested, without those that are there because correlations refer to them.
func (j *judging) all() (list []int) {
	for i, r := range j.Set.Rules {
		if j.own(r) {
			list = append(list, i)
		}
	}
	return list
}

// why explains the verdicts of some rules on some events.
func (j *judging) why(wrong []outcome, about func(outcome) []int) string {
	var b strings.Builder
	for n, v := range wrong {
		if n == mostEvents {
			fmt.Fprintf(&b, "… and %d events more\n", len(wrong)-n)
			break
		}
		list := about(v)
		for k, rule := range list {
			if k == mostRules {
				fmt.Fprintf(&b, "… and %d rules more\n", len(list)-k)
				break
			}
			// Of several records the one that hits is meant, or the first.
			found := v.found[0]
			for _, f := range v.found {
				if slices.Contains(j.explainer.Match(f), rule) {
					found = f
					break
				}
			}
			x := j.explainer.Explain(rule, found)
			state := map[bool]string{true: "matches", false: "does not match"}
			fmt.Fprintf(&b, "%s%s %s:\n%s", where(v.event), x.Rule.Title, state[x.Holds], x.Text(2))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}
