package rules

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Set is what Load found.
type Set struct {
	// Rules apply to CloudTrail records and are sound, in the order in which they were read.
	Rules []*Rule
	// NotApplicable are sound but about other logs. Their detections are not kept.
	NotApplicable []*Rule
	// Excluded counts the sound ones about CloudTrail, and correlations, that the choice leaves out.
	Excluded int
	// Filters are the Sigma Filters, which were added to the rules that they name.
	Filters []*Filter
	// Correlations are the sound correlation rules that the choice leaves. Resolve says what they refer to.
	Correlations []*Correlation
	// Idle are the selectors of the choice that name no rule.
	Idle []Selector
	// Rejected counts documents with an error.
	Rejected int
	// Files counts the files that were read.
	Files int
	// Problems are those of all files, sorted by place.
	Problems Problems
}

// Summary says in one line what was loaded and what was not.
func (s *Set) Summary() string {
	text := fmt.Sprintf("%d rules loaded, %d not applicable to CloudTrail, %d rejected", len(s.Rules), len(s.NotApplicable), s.Rejected)
	if s.Excluded > 0 {
		text += fmt.Sprintf(", %d excluded", s.Excluded)
	}
	if len(s.Filters) > 0 {
		text += fmt.Sprintf(", %d filters", len(s.Filters))
	}
	if len(s.Correlations) > 0 {
		text += fmt.Sprintf(", %d correlations", len(s.Correlations))
	}
	return text
}

// Load reads the rules that spec names and parses them: Read, then ParseFiles.
func Load(spec string, packs map[string]fs.FS, o Options) (*Set, error) {
	files, err := Read(spec, packs)
	if err != nil {
		return nil, err
	}
	return ParseFiles(files, o), nil
}

// ParseFiles parses files of rules. Rules with errors are counted, and the others go on. A rule of a file replaces a rule of a pack with the
// same id; two files with one id are an error in the second.
func ParseFiles(files []File, o Options) *Set {
	l := loader{set: &Set{Files: len(files)}, byID: make(map[string]*loaded), lost: make(map[string]bool), texts: make(map[string][]byte)}
	for _, f := range files {
		l.file(f, o)
	}
	l.finish(o.Choice)
	return l.set
}

// loaded is a sound rule and whether a pack brought it.
type loaded struct {
	rule    *Rule
	bundled bool
	dropped bool
}

type loader struct {
	set   *Set
	rules []*loaded
	byID  map[string]*loaded
	// texts are the files, by name, for the lines of problems.
	texts map[string][]byte
	// correlations are the sound ones, before their ids and references are checked.
	correlations []*Correlation
	// unsound are correlations with an error of their own, lost what rejected documents are called.
	unsound []*Correlation
	lost    map[string]bool
}

func (l *loader) file(f File, o Options) {
	l.texts[f.Name] = f.Text
	found := parseFile(f.Name, f.Text, o)
	l.set.Rejected += found.rejected
	l.set.Problems = append(l.set.Problems, found.problems...)
	l.set.Filters = append(l.set.Filters, found.filters...)
	l.correlations = append(l.correlations, found.correlations...)
	l.unsound = append(l.unsound, found.unsound...)
	for _, name := range found.lost {
		l.lost[name] = true
	}
	for _, r := range found.rules {
		l.rule(&loaded{rule: r, bundled: f.Bundled})
	}
}

// rule adds r, unless its id is taken: files win over packs, and among files the first.
func (l *loader) rule(r *loaded) {
	id := strings.ToLower(r.rule.ID)
	if first := l.byID[id]; id != "" && first != nil {
		switch {
		case r.rule.Collected && r.rule.File == first.rule.File:
		case r.bundled && !first.bundled:
			return
		case first.bundled && !r.bundled:
			first.dropped = true
		default:
			l.set.Rejected++
			l.problem(Error, r.rule.Position, DuplicateID, fmt.Sprintf("the id %s is already that of the rule at %s", r.rule.ID, first.rule.Position))
			return
		}
	}
	l.byID[id] = r
	l.rules = append(l.rules, r)
}

func (l *loader) finish(c Choice) {
	for _, r := range l.rules {
		switch {
		case r.dropped:
		case r.rule.AppliesToCloudTrail():
			l.set.Rules = append(l.set.Rules, r.rule)
		default:
			l.set.NotApplicable = append(l.set.NotApplicable, r.rule)
		}
	}
	l.filter()
	l.names()
	l.references()
	c.apply(l.set)
	l.set.inherit()
	l.judgeCorrelations()
	for _, r := range l.set.NotApplicable {
		r.Searches, r.Conditions = nil, nil
	}
	l.set.Problems.Sort()
	l.set.Rules, l.set.NotApplicable = slices.Clip(l.set.Rules), slices.Clip(l.set.NotApplicable)
}

// names rejects correlations with an id that is taken, and warns of names that stand for two things: references could mean either.
func (l *loader) names() {
	ids, names := make(map[string]Position), make(map[string]Position)
	name := func(at Position, text string) {
		if text == "" {
			return
		}
		if first, taken := names[text]; taken {
			l.problem(Warning, at, DuplicateID, fmt.Sprintf("the name %s is already that of the rule at %s; references mean that one", text, first))
			return
		}
		names[text] = at
	}
	for _, r := range l.rules {
		if !r.dropped && !r.rule.Collected {
			ids[strings.ToLower(r.rule.ID)] = r.rule.Position
			name(r.rule.Position, r.rule.Name)
		}
	}
	for _, c := range l.correlations {
		id := strings.ToLower(c.ID)
		if first, taken := ids[id]; taken && id != "" {
			l.set.Rejected++
			l.problem(Error, c.Position, DuplicateID, fmt.Sprintf("the id %s is already that of the rule at %s", c.ID, first))
			continue
		}
		ids[id] = c.Position
		name(c.Position, c.Name)
		l.set.Correlations = append(l.set.Correlations, c)
	}
}

// filter adds the filters to their rules.
func (l *loader) filter() {
	all := slices.Concat(l.set.Rules, l.set.NotApplicable)
	for _, f := range l.set.Filters {
		for _, t := range f.apply(all) {
			l.problem(Warning, t.Position, FilterTarget, fmt.Sprintf("the filter names %s, and no rule of its log source has that id or name", t.Name))
		}
	}
}
