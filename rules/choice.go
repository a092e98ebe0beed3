package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Choice changes which rules run, and how severe they are, without editing them.
type Choice struct {
	// Exclude leaves out the rules that any selector names.
	Exclude []Selector
	// Levels gives the rules that a selector names another level; the last one that does counts.
	Levels []LevelOverride
}

// LevelOverride gives rules another level.
type LevelOverride struct {
	Selector Selector
	Level    Level
}

// Selector names rules: by an id, by a tag such as attack.t1078, or by a glob of titles. Case does not matter.
type Selector string

// Matches reports whether s names r.
func (s Selector) Matches(r *Rule) bool {
	text := strings.ToLower(string(s))
	if text == "" {
		return false
	}
	if text == strings.ToLower(r.ID) {
		return true
	}
	for _, tag := range r.Tags {
		if text == strings.ToLower(tag) {
			return true
		}
	}
	// A title may have a slash, which path.Match takes for a border.
	flat := func(text string) string { return strings.ReplaceAll(strings.ToLower(text), "/", "\x00") }
	matched, err := path.Match(flat(text), flat(r.Title))
	return err == nil && matched
}

// ParseSelectors reads a list of selectors, separated by commas.
func ParseSelectors(list string) ([]Selector, error) {
	var all []Selector
	for text := range strings.SplitSeq(list, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if _, err := path.Match(text, ""); err != nil {
			return nil, fmt.Errorf("%q is no id, tag or glob of titles: %w", text, err)
		}
		all = append(all, Selector(text))
	}
	return all, nil
}

// ParseLevelOverrides reads a list of selector=level, separated by commas.
func ParseLevelOverrides(list string) ([]LevelOverride, error) {
	var all []LevelOverride
	for text := range strings.SplitSeq(list, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		i := strings.LastIndexByte(text, '=')
		if i < 0 {
			return nil, fmt.Errorf("%q lacks =LEVEL behind the id, tag or glob of titles", text)
		}
		level, ok := ParseLevel(strings.TrimSpace(text[i+1:]))
		if !ok {
			return nil, fmt.Errorf("%q is not one of %s", strings.TrimSpace(text[i+1:]), strings.Join(levelNames(), ", "))
		}
		selectors, err := ParseSelectors(text[:i])
		if err != nil {
			return nil, err
		}
		for _, s := range selectors {
			all = append(all, LevelOverride{Selector: s, Level: level})
		}
	}
	return all, nil
}

// apply leaves out of a set what is excluded, gives the rest its levels, and notes the selectors that name nothing.
func (c *Choice) apply(s *Set) {
	used := make(map[Selector]bool)
	before := len(s.Rules) + len(s.Correlations)
	s.Rules = slices.DeleteFunc(s.Rules, func(r *Rule) bool { out, _ := c.change(r, used); return out })
	s.Correlations = slices.DeleteFunc(s.Correlations, func(m *Correlation) bool {
		out, leveled := c.change(m.Rule, used)
		m.HasLevel = m.HasLevel || leveled
		return out
	})
	s.Excluded = before - len(s.Rules) - len(s.Correlations)
	for _, one := range c.selectors() {
		if !used[one] {
			s.Idle = append(s.Idle, one)
		}
	}
}

// change reports whether r is excluded, and gives it its level otherwise.
func (c *Choice) change(r *Rule, used map[Selector]bool) (out, leveled bool) {
	for _, s := range c.Exclude {
		if s.Matches(r) {
			used[s], out = true, true
		}
	}
	for _, o := range c.Levels {
		if !out && o.Selector.Matches(r) {
			used[o.Selector], leveled = true, true
			r.Level = o.Level
		}
	}
	return out, leveled
}

func (c *Choice) selectors() []Selector {
	all := append([]Selector(nil), c.Exclude...)
	for _, o := range c.Levels {
		all = append(all, o.Selector)
	}
	return all
}
