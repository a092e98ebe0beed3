package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sigmatrail/internal/explain"
	"sigmatrail/rules"
)

// noRule says why no rule of that name is judged.
func (c *explainCommand) noRule(std streams, files []rules.File, set *rules.Set) error {
	if found := explain.Named(set.NotApplicable, c.Rule); len(found) > 0 {
		r := set.NotApplicable[found[0]]
		return fmt.Errorf("the rule %q at %s is never judged: it is about other logs than CloudTrail (%s)", r.Title, r.Position, logSource(r.LogSource))
	}
	for _, f := range set.Filters {
		if strings.EqualFold(f.ID, c.Rule) || strings.EqualFold(f.Title, c.Rule) {
			return fmt.Errorf("%q at %s is a Sigma Filter, which judges nothing by itself; name a rule that it is added to", f.Title, f.Position)
		}
	}
	for _, r := range set.Correlations {
		if len(explain.Named([]*rules.Rule{r.Rule}, c.Rule)) > 0 {
			return isCorrelation(set, r)
		}
	}
	for _, f := range files {
		problems := slices.DeleteFunc(set.Problems.Errors(), func(p rules.Problem) bool { return p.File != f.Name })
		if len(problems) > 0 && names(f.Text, c.Rule) {
			reportProblems(std, problems)
			return fmt.Errorf("the rule %q in %s is rejected, and never judged; sigmatrail check %s says the same", c.Rule, f.Name, f.Name)
		}
	}
	hint := "--rules says where rules are"
	if best := explain.Nearest(set.Rules, c.Rule); best != "" {
		hint = fmt.Sprintf("did you mean %q?", best)
	}
	return fmt.Errorf("none of the %s in %q has the id, name or title %q; %s", count(len(set.Rules), "rule"), c.Rules, c.Rule, hint)
}

// isCorrelation says that a correlation is not explained on one event, which rules of it are, and what tells of the correlation itself.
func isCorrelation(set *rules.Set, c *rules.Correlation) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%q at %s is a correlation, which is about several events (%s within %s), and explain is about one. It refers to", c.Title, c.Position, c.Type, rules.Span(c.Timespan))
	for i, r := range set.Resolve(c) {
		for _, j := range r.Rules {
			fmt.Fprintf(&b, "\n  %q at %s", set.Rules[j].Title, set.Rules[j].Position)
		}
		for _, j := range r.Correlations {
			fmt.Fprintf(&b, "\n  %q at %s, a correlation too", set.Correlations[j].Title, set.Correlations[j].Position)
		}
		if len(r.Rules)+len(r.Correlations) == 0 {
			fmt.Fprintf(&b, "\n  %q, which is about other logs", c.Rules[i].Name)
		}
	}
	b.WriteString("\nName one of its rules with --rule. Where the correlation fires, and on what group, sigmatrail scan says; why it fires or does not, sigmatrail test, of a case with steps.")
	return errors.New(b.String())
}

// silencedBy returns the correlations through which alone a rule reports; none where it reports by itself.
func silencedBy(set *rules.Set, rule int) (titles []string) {
	if silent, _ := set.Silenced(); !silent[rule] {
		return nil
	}
	for _, c := range set.Correlations {
		if slices.ContainsFunc(set.Resolve(c), func(r rules.Referents) bool { return slices.Contains(r.Rules, rule) }) {
			titles = append(titles, strconv.Quote(c.Title))
		}
	}
	return titles
}

// logSource shows a log source.
func logSource(s rules.LogSource) string {
	var parts []string
	for _, p := range [][2]string{{"category", s.Category}, {"product", s.Product}, {"service", s.Service}} {
		if p[1] != "" {
			parts = append(parts, p[0]+": "+p[1])
		}
	}
	return strings.Join(parts, ", ")
}

// names reports whether a text has a line that gives a rule that id, name or title: of a rejected rule, which may not even be YAML, the lines are all there is.
func names(text []byte, name string) bool {
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(line, ":")
		if value = strings.Trim(strings.TrimSpace(value), `'"`); ok && slices.Contains([]string{"id", "name", "title"}, strings.TrimSpace(key)) && strings.EqualFold(value, name) {
			return true
		}
	}
	return false
}
