package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"sigmatrail/attack"
	"sigmatrail/conf"
	"sigmatrail/internal/coverage"
	"sigmatrail/internal/pipeline"
	"sigmatrail/rules"
)

type coverageCommand struct {
	conf.Settings `embed:""`

	Output       string `short:"o" enum:"text,json,navigator" default:"text" placeholder:"FORM" help:"What to print: text, json, or navigator, a layer for the ATT&CK Navigator."`
	Requirements bool   `help:"Say instead what CloudTrail must be told to record for each rule to see anything."`
}

// Validate refuses what the types of the flags cannot rule out.
func (c *coverageCommand) Validate() error {
	if c.Requirements && c.Output == "navigator" {
		return errors.New("requirements: the Navigator knows none; use -o text or -o json")
	}
	return c.Settings.Validate()
}

// Run prints which tactics and techniques have rules, or what the rules need. Rules below min_level and min_status, which are never written on a record,
// do not count.
func (c *coverageCommand) Run(std streams) error {
	sources, err := pipeline.Read(c.Settings)
	if err != nil {
		return err
	}
	program, err := sources.Compile()
	if err != nil {
		return err
	}
	reportProblems(std, program.Rules().Problems)
	if err := program.Acceptable(c.Settings); err != nil {
		return err
	}
	if c.Requirements {
		return c.printRequirements(std, c.written(program.Rules().Rules))
	}
	m := coverage.NewMatrix(c.written(reporting(program)))
	switch c.Output {
	case "navigator":
		return m.WriteLayer(std.out)
	case "json":
		return indented(std, newMatrixJSON(m))
	}
	return printMatrix(std, m)
}

// reporting returns the rules and correlations that report by themselves. What a correlation silences needs its records all the same.
func reporting(p *pipeline.Program) (list []*rules.Rule) {
	set := p.Rules()
	silent, silentToo := set.Silenced()
	for i, r := range set.Rules {
		if !silent[i] {
			list = append(list, r)
		}
	}
	for i, c := range set.Correlations {
		if !silentToo[i] {
			list = append(list, c.Rule)
		}
	}
	return list
}

// written returns the rules that are written on records.
func (c *coverageCommand) written(list []*rules.Rule) []*rules.Rule {
	least, _ := rules.ParseLevel(c.MinLevel) // kong has checked it
	return slices.DeleteFunc(slices.Clone(list), func(r *rules.Rule) bool {
		return r.Level < least || rules.StatusRank(r.Status) < rules.StatusRank(c.MinStatus)
	})
}

// indented prints a value as JSON.
func indented(std streams, value any) error {
	enc := json.NewEncoder(std.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}

func printMatrix(std streams, m *coverage.Matrix) error {
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) } // the error comes with Flush
	say("RULES\tTACTIC AND TECHNIQUE\n")
	for _, t := range m.Tactics {
		say("%5d\t%s (%s)\n", len(t.Rules), t.Name, t.ID)
		for i := range t.Techniques {
			cell := &t.Techniques[i]
			say("%5d\t  %-9s  %s\n", len(cell.Rules), cell.ID, cell.Title())
		}
	}
	tactics, techniques := m.Covered()
	say("\n%s; %d of %d tactics, %s of ATT&CK %s\n", count(m.Rules, "rule"), tactics, len(m.Tactics), count(techniques, "technique"), attack.Version())
	if len(m.Unmapped) > 0 {
		say("\nWithout a tag of ATT&CK:\n")
		for _, r := range m.Unmapped {
			say("  %s\n", printable(r.Title))
		}
	}
	return w.Flush()
}

// ruleJSON names a rule.
type ruleJSON struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Level string `json:"level"`
	File  string `json:"file"`
	Line  int    `json:"line"`
}

func newRuleJSON(r *rules.Rule) ruleJSON {
	return ruleJSON{r.ID, r.Title, r.Level.String(), r.File, r.Line}
}

func rulesJSON(list []*rules.Rule) []ruleJSON {
	all := make([]ruleJSON, 0, len(list))
	for _, r := range list {
		all = append(all, newRuleJSON(r))
	}
	return all
}

type matrixJSON struct {
	Attack   string       `json:"attack"`
	Rules    int          `json:"rules"`
	Tactics  []tacticJSON `json:"tactics"`
	Unmapped []ruleJSON   `json:"unmapped"`
}

type tacticJSON struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Rules      int             `json:"rules"`
	Techniques []techniqueJSON `json:"techniques"`
}

type techniqueJSON struct {
	ID    string     `json:"id"`
	Name  string     `json:"name"`
	Rules []ruleJSON `json:"rules"`
}

func newMatrixJSON(m *coverage.Matrix) matrixJSON {
	all := matrixJSON{Attack: attack.Version(), Rules: m.Rules, Tactics: make([]tacticJSON, 0, len(m.Tactics)), Unmapped: rulesJSON(m.Unmapped)}
	for _, t := range m.Tactics {
		column := tacticJSON{ID: t.ID, Name: t.Name, Rules: len(t.Rules), Techniques: make([]techniqueJSON, 0, len(t.Techniques))}
		for i := range t.Techniques {
			column.Techniques = append(column.Techniques, techniqueJSON{t.Techniques[i].ID, t.Techniques[i].Title(), rulesJSON(t.Techniques[i].Rules)})
		}
		all.Tactics = append(all.Tactics, column)
	}
	return all
}

// requirementJSON is a requirement and the rules that it is about.
type requirementJSON struct {
	Requirement coverage.Requirement `json:"requirement"`
	Enable      string               `json:"enable"`
	// Required counts the rules that see nothing without it, Partly those that see less, or nothing where none of their others is met.
	Required int `json:"required"`
	Partly   int `json:"partly"`
}

type needsJSON struct {
	ruleJSON

	Needs []coverage.Requirement `json:"needs"`
	Some  []coverage.Requirement `json:"some"`
}

type requirementsJSON struct {
	Requirements []requirementJSON `json:"requirements"`
	Rules        []needsJSON       `json:"rules"`
}

func newRequirements(list []*rules.Rule) requirementsJSON {
	all := requirementsJSON{Requirements: []requirementJSON{}, Rules: make([]needsJSON, 0, len(list))}
	counted := func(r coverage.Requirement) *requirementJSON {
		i := slices.IndexFunc(all.Requirements, func(known requirementJSON) bool { return known.Requirement == r })
		if i < 0 {
			i = len(all.Requirements)
			all.Requirements = append(all.Requirements, requirementJSON{Requirement: r, Enable: r.Enable()})
		}
		return &all.Requirements[i]
	}
	for _, r := range list {
		n := coverage.NeedsOf(r)
		for _, need := range n.All {
			counted(need).Required++
		}
		for _, need := range n.Some {
			counted(need).Partly++
		}
		all.Rules = append(all.Rules, needsJSON{newRuleJSON(r), append([]coverage.Requirement{}, n.All...), append([]coverage.Requirement{}, n.Some...)})
	}
	slices.SortFunc(all.Requirements, func(a, b requirementJSON) int { return a.Requirement.Compare(b.Requirement) })
	return all
}

func (c *coverageCommand) printRequirements(std streams, list []*rules.Rule) error {
	all := newRequirements(list)
	if c.Output == "json" {
		return indented(std, all)
	}
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) } // the error comes with Flush
	say("RULES\tPARTLY\tREQUIREMENT\tWHAT CLOUDTRAIL MUST RECORD\n")
	for _, r := range all.Requirements {
		say("%5d\t%6d\t%s\t%s\n", r.Required, r.Partly, r.Requirement, r.Enable)
	}
	say("\nRULE\tNEEDS\tFOR SOME OF ITS EVENTS\n")
	for _, r := range all.Rules {
		say("%s\t%s\t%s\n", clip(printable(r.Title), 60), join(r.Needs), join(r.Some))
	}
	return w.Flush()
}

// join writes a list of requirements; - stands for none.
func join(list []coverage.Requirement) string {
	if len(list) == 0 {
		return "-"
	}
	texts := make([]string, 0, len(list))
	for _, r := range list {
		texts = append(texts, string(r))
	}
	return strings.Join(texts, " ")
}
