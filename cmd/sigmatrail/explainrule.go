package main

import (
	"fmt"
	"slices"
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
		if strings.EqualFold(r.ID, c.Rule) || r.Name == c.Rule || strings.EqualFold(r.Title, c.Rule) {
			return fmt.Errorf("%q at %s is a correlation rule, which is about several events; name one of the rules that it refers to", r.Title, r.Position)
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
