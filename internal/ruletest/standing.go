package ruletest

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"sigmatrail/correlate"
	"sigmatrail/internal/oracle"
	"sigmatrail/rules"
)

// The limits of what is told of one step.
const (
	mostGroups = 3
	mostShown  = 6 // values, or times
	mostWrong  = 3 // steps
)

// tellWrong fails where a correlation fires and must not, or the other way round: the first time in each step.
func (j *judging) tellWrong(s *sequence, fired [][]correlate.Firing) {
	told := make(map[*step]bool)
	for _, w := range s.wrongs(fired, func(st *step) []int { return j.about[st] }) {
		if told[w.step] || len(told) == mostWrong {
			continue
		}
		told[w.step] = true
		verdict := "must not fire and does"
		if w.must {
			verdict = "must fire and does not"
		}
		text := teller{judging: j, sequence: s, fired: fired}
		for _, c := range w.about {
			if w.must || firesOn(fired, w.event, []int{c}) {
				text.correlation(c, w.event)
			}
		}
		j.failStep(w.step, Wrong, strings.TrimSuffix(text.String(), "\n"), "%s on %s", verdict, s.place(w.event))
	}
}

// teller writes down how correlations stand.
type teller struct {
	strings.Builder
	*judging
	*sequence

	fired [][]correlate.Firing
	depth int // how far to the right it is written
}

func (t *teller) linef(indent int, format string, args ...any) {
	_, _ = fmt.Fprintf(t, strings.Repeat("  ", t.depth+indent)+format+"\n", args...)
}

// correlation tells how one stands at an event.
func (t *teller) correlation(index, event int) {
	c := t.set.Correlations[index]
	t.linef(0, "%s (%s):", c.Title, c.Type)
	standings := oracle.Standings(t.set, index, t.occurrences(), event)
	if len(standings) == 0 {
		t.apart(c, event)
	}
	for i := range standings {
		if i == mostGroups {
			t.linef(1, "… and %d groups more", len(standings)-i)
			break
		}
		t.standing(c, index, event, &standings[i])
	}
}

// nested tells of a correlation below another.
func (t *teller) nested(index, event int) {
	t.depth += 3
	t.correlation(index, event)
	t.depth -= 3
}

// apart says why an event takes no part in a correlation.
func (t *teller) apart(c *rules.Correlation, event int) {
	e := &t.events[event]
	hit := false
	for _, r := range t.set.Resolve(c) {
		for _, rule := range r.Rules {
			if !slices.Contains(e.Rules, rule) {
				continue
			}
			hit = true
			for _, field := range slices.Concat(c.FieldsOf(t.set.Rules[rule], c.GroupBy), c.FieldsOf(t.set.Rules[rule], c.Fields)) {
				if len(e.Values(field)) == 0 {
					t.linef(1, "the event takes no part: it has nothing at %s", field)
				}
			}
		}
		for _, inner := range r.Correlations {
			t.linef(1, "the event completes nothing of it: %q is not true then", t.set.Correlations[inner].Title)
			t.nested(inner, event)
			hit = true
		}
	}
	if hit {
		return
	}
	t.linef(1, "the event takes no part: none of its rules hits it")
	n := 0
	for _, r := range t.set.Resolve(c) {
		for _, rule := range r.Rules {
			if n++; n <= mostRules {
				x := t.explainer.Explain(rule, e.found)
				t.linef(1, "%s does not match:", x.Rule.Title)
				t.WriteString(x.Text(2*t.depth + 4))
			}
		}
	}
}

// standing tells what a group holds at an event.
func (t *teller) standing(c *rules.Correlation, index, event int, st *oracle.Standing) {
	at := t.events[event].Time
	t.linef(1, "%s%s in the %s up to %s", group(c, st.Values), count(len(st.Window), "event"), rules.Span(c.Timespan), t.clock(at))
	if strings.HasPrefix(c.Type, "temporal") {
		t.places(c, at, st)
	} else {
		t.value(c, st)
		t.outside(c, st, at)
	}
	if t.fires(index, event, st.Values) {
		return
	}
	if st.Holds {
		t.linef(2, "the condition is true since %s; it fires again when it was false in between", t.clock(st.Since))
	}
}

// fires reports whether a correlation fires for a group on an event.
func (t *teller) fires(index, event int, values []string) bool {
	return len(t.of(t.fired[event:event+1], index, values)) > 0
}

// group writes the values that the events of a group have in common.
func group(c *rules.Correlation, values []string) string {
	parts := make([]string, 0, len(values))
	for i, v := range values {
		parts = append(parts, fmt.Sprintf("%s %q", c.GroupBy[i], v))
	}
	if len(parts) == 0 {
		return "all together: "
	}
	return strings.Join(parts, ", ") + ": "
}

// value tells what the condition compares.
func (t *teller) value(c *rules.Correlation, st *oracle.Standing) {
	what := map[string]string{
		"event_count": "their number", "value_count": "the number of values of ", "value_sum": "the sum of ", "value_avg": "the average of ", "value_percentile": "the percentile of ",
	}[c.Type] + strings.Join(c.Fields, ", ")
	if st.Value == nil {
		t.linef(2, "%s is nothing", what)
		return
	}
	parts := make([]string, 0, len(c.Bounds))
	missing := ""
	for _, b := range c.Bounds {
		number, _ := b.Number.Canonical()
		if limit, ok := new(big.Rat).SetString(number); ok && b.Op == "gte" && st.Value.Cmp(limit) < 0 {
			missing = ": " + limit.Sub(limit, st.Value).RatString() + " more"
		}
		parts = append(parts, map[string]string{
			"gt": "more than ", "gte": "at least ", "lt": "less than ", "lte": "at most ", "eq": "exactly ", "neq": "anything but ",
		}[b.Op]+number)
	}
	t.linef(2, "%s is %s; the condition wants %s%s", what, st.Value.RatString(), strings.Join(parts, " and "), missing)
	if c.Type == "event_count" {
		return
	}
	var values []string
	for _, e := range st.Window {
		values = append(values, e.Values...)
	}
	if c.Type == "value_count" {
		slices.Sort(values)
		values = slices.Compact(values)
	}
	t.linef(2, "there are %s", shown(values))
}

// shown lists texts, the first of them.
func shown(list []string) string {
	if len(list) > mostShown {
		list = append(slices.Clone(list[:mostShown]), fmt.Sprintf("%d more", len(list)-mostShown))
	}
	return strings.Join(list, ", ")
}

// outside tells of the nearest events on both sides of a window.
func (t *teller) outside(c *rules.Correlation, st *oracle.Standing, at time.Time) {
	for i, e := range slices.Backward(st.Others) {
		if e.Time.Before(at) {
			t.linef(2, "%s more, the last at %s, which is %s too early", count(i+1, "event"), t.clock(e.Time), rules.Span(at.Sub(e.Time)-c.Timespan))
			return
		}
	}
}

// places tells which rules occur. Of a correlation that does not it tells how that stood last.
func (t *teller) places(c *rules.Correlation, at time.Time, st *oracle.Standing) {
	missing := false
	times := func(events []oracle.Taken, place int) (list []string) {
		for _, e := range events {
			if slices.Contains(e.Places, place) {
				list = append(list, t.clock(e.Time))
			}
		}
		return list
	}
	for i, r := range c.Rules {
		if in := times(st.Window, i); len(in) > 0 {
			t.linef(2, "✓ %s: at %s", r.Name, shown(in))
			continue
		}
		missing = true
		if out := times(st.Others, i); len(out) > 0 {
			t.linef(2, "✗ %s: not in that time, but at %s", r.Name, shown(out))
		} else {
			t.linef(2, "✗ %s: does not occur", r.Name)
			for _, inner := range t.set.Resolve(c)[i].Correlations {
				t.last(inner, at)
			}
		}
	}
	if c.Type == "temporal_ordered" && !missing && !st.Holds {
		t.linef(2, "all of them occur, but not in this order, each on an event of its own")
	}
}

// last tells how a correlation stood at the last event up to a time that takes part in it.
func (t *teller) last(correlation int, at time.Time) {
	for _, i := range slices.Backward(t.inOrder) {
		if !t.events[i].Time.After(at) && len(oracle.Standings(t.set, correlation, t.occurrences(), i)) > 0 {
			t.nested(correlation, i)
			return
		}
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
