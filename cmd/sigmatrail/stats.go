package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/pipeline"
	"sigmatrail/matcher"
)

type statsCommand struct {
	conf.Settings `embed:""`

	Output    string   `short:"o" enum:"text,json" default:"text" placeholder:"FORM" help:"What to print: text, or json."`
	MaxAlways *float64 `placeholder:"PERCENT" help:"Fail if more than this percentage of the rules are looked at on every record."`
}

// Validate refuses what the types of the flags cannot rule out.
func (c *statsCommand) Validate() error {
	if c.MaxAlways != nil && !(*c.MaxAlways >= 0 && *c.MaxAlways <= 100) {
		return fmt.Errorf("max-always: %v is no percentage", *c.MaxAlways)
	}
	return c.Settings.Validate()
}

// stats is what the command prints, as JSON has it.
type stats struct {
	Rules         int            `json:"rules"`
	Rejected      int            `json:"rejected"`
	NotApplicable int            `json:"not_applicable"`
	Excluded      int            `json:"excluded"`
	Correlations  int            `json:"correlations"`
	CompileMS     float64        `json:"compile_ms"` // parsing and checking the rules included
	Bytes         int            `json:"bytes"`
	Found         map[string]int `json:"found"`
	AlwaysPercent float64        `json:"always_percent"`
	Fields        int            `json:"fields"`
	Anchors       int            `json:"anchors"`
	Items         int            `json:"items"`
	Instructions  int            `json:"instructions"`
	Values        int            `json:"values"`
	Texts         int            `json:"texts"`
	ByRule        []ruleStats    `json:"by_rule"`
	Automata      []automaton    `json:"automata"`
	Searches      []search       `json:"searches"`
}

type ruleStats struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"`
	File   string   `json:"file"`
	Line   int      `json:"line"`
	Found  string   `json:"found"`
	Fields []string `json:"fields"`
	Keys   int      `json:"keys"`
	Why    string   `json:"why,omitempty"`
}

type automaton struct {
	Use    string `json:"use"`
	States int    `json:"states"`
	Bytes  int    `json:"bytes"`
	Table  string `json:"table"`
}

type search struct {
	Field  string  `json:"field"`
	Texts  int     `json:"texts"`
	Length int     `json:"measured_on_bytes"`
	Walks  float64 `json:"bare_walks"`
}

// Run prints how the rules are found, and what that takes.
func (c *statsCommand) Run(std streams) error {
	sources, err := pipeline.Read(c.Settings)
	if err != nil {
		return err
	}
	start := time.Now()
	program, err := sources.Compile()
	if err != nil {
		return err
	}
	took := time.Since(start)
	reportProblems(std, program.Rules().Problems)
	if err := program.Acceptable(c.Settings); err != nil {
		return err
	}
	s := newStats(program, took)
	if c.Output == "json" {
		enc := json.NewEncoder(std.out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = enc.Encode(s)
	} else {
		err = s.print(std)
	}
	if err != nil {
		return err
	}
	return s.within(c.MaxAlways)
}

func newStats(p *pipeline.Program, took time.Duration) *stats {
	const perMS = 1e6
	m, set := p.Stats(), p.Rules()
	s := &stats{
		Rules: len(set.Rules), Rejected: set.Rejected, NotApplicable: len(set.NotApplicable), Excluded: set.Excluded, Correlations: len(set.Correlations),
		CompileMS: float64(took.Nanoseconds()) / perMS, Bytes: m.Bytes, Found: make(map[string]int),
		Fields: m.Fields, Anchors: m.Anchors, Items: m.Atoms, Instructions: m.Instructions, Values: m.Values, Texts: m.Texts,
		ByRule: []ruleStats{}, Automata: []automaton{}, Searches: []search{},
	}
	for way := matcher.ByPair; way <= matcher.Never; way++ {
		s.Found[way.String()] = 0
	}
	for i, r := range set.Rules {
		f := p.Found(i)
		s.Found[f.Found.String()]++
		why := f.Why
		if why == "" && !byName(f.Fields) {
			why = "it needs no whole eventName"
		}
		s.ByRule = append(s.ByRule, ruleStats{
			ID: r.ID, Title: r.Title, File: r.File, Line: r.Line, Found: f.Found.String(), Fields: append([]string{}, f.Fields...), Keys: f.Keys, Why: why,
		})
	}
	s.AlwaysPercent = 100 * float64(s.Found[matcher.Always.String()]) / float64(max(1, s.Rules))
	for _, a := range m.Automata {
		s.Automata = append(s.Automata, automaton{Use: a.Use, States: a.States, Bytes: a.Bytes, Table: map[bool]string{true: "dense", false: "sparse"}[a.Dense]})
	}
	slices.SortStableFunc(s.Automata, func(a, b automaton) int { return b.Bytes - a.Bytes })
	for _, c := range p.SearchCosts() {
		s.Searches = append(s.Searches, search{Field: c.Field, Texts: c.Texts, Length: c.Length, Walks: c.Walks})
	}
	return s
}

// byName reports whether one of the fields, by which a rule is found, tells what was called. All of them are looked up.
func byName(fields []string) bool {
	return len(fields) > 0 && !slices.ContainsFunc(fields, func(f string) bool { return f != "eventName" && f != "eventName+eventSource" })
}

// ways says what the ways of finding a rule mean.
func ways() [][2]string {
	return [][2]string{
		{"pair", "eventName and eventSource together"},
		{"value", "whole values of fields"},
		{"text", "texts inside the values of fields, which are searched on every record"},
		{"always", "not at all: the rule is looked at on every record"},
		{"never", "the rule cannot hold"},
	}
}

func (s *stats) print(std streams) error {
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) } // the error comes with Flush
	say("%s", count(s.Rules, "rule"))
	if s.Correlations > 0 {
		say(", %s", count(s.Correlations, "correlation"))
	}
	say("; parsed and compiled in %.1f ms; about %s\n\nRULES\tFOUND BY\n", s.CompileMS, size(s.Bytes))
	for _, way := range ways() {
		say("%5d\t%s: %s\n", s.Found[way[0]], way[0], way[1])
	}
	s.printOthers(say)
	if len(s.Searches) > 0 {
		say("\nSEARCHED ON EVERY RECORD\tTEXTS\tCOST\n")
		for _, c := range s.Searches {
			say("%s\t%d\t%.2f bare walks\n", printable(c.Field), c.Texts, c.Walks)
		}
		say("\nA bare walk is stepping over a record once. Costs were measured just now, on a built-in record with values of a usual length. A value that\n" +
			"equals the one of the record before is not searched again.\n")
	}
	if len(s.Automata) > 0 {
		say("\nAUTOMATON\tSTATES\tMEMORY\tTABLE\n")
		for _, a := range s.Automata {
			say("%s\t%d\t%s\t%s\n", printable(a.Use), a.States, size(a.Bytes), a.Table)
		}
	}
	say("\n%d fields, %d of them read on every record; %d different items; %d steps of conditions; %d values and %d texts looked up\n",
		s.Fields, s.Anchors, s.Items, s.Instructions, s.Values, s.Texts)
	return w.Flush()
}

// printOthers lists the rules that are not found by eventName, the costliest first.
func (s *stats) printOthers(say func(string, ...any)) {
	var others []ruleStats
	for _, r := range s.ByRule {
		if !byName(r.Fields) {
			others = append(others, r)
		}
	}
	if len(others) == 0 {
		return
	}
	order := []string{"always", "text", "value", "pair", "never"}
	slices.SortStableFunc(others, func(a, b ruleStats) int {
		return cmp.Compare(slices.Index(order, a.Found), slices.Index(order, b.Found))
	})
	say("\nNOT FOUND BY eventName\tRULE\tFIELDS\tWHY\n")
	for _, r := range others {
		fields := strings.Join(r.Fields, ", ")
		say("%s\t%s\t%s\t%s\n", r.Found, clip(printable(r.Title), 60), cmp.Or(printable(fields), "-"), printable(r.Why))
	}
}

// within fails where more than most percent of the rules are looked at on every record.
func (s *stats) within(most *float64) error {
	if most == nil || s.AlwaysPercent <= *most {
		return nil
	}
	var which strings.Builder
	for _, r := range s.ByRule {
		if r.Found == matcher.Always.String() {
			fmt.Fprintf(&which, "\n  %s:%d: %s: %s", printable(r.File), r.Line, printable(r.Title), printable(r.Why))
		}
	}
	return fmt.Errorf("%d of %d rules (%.1f %%) are looked at on every record, more than %g %%:%s\nAdd eventName and eventSource to them, as whole values that the condition needs",
		s.Found[matcher.Always.String()], s.Rules, s.AlwaysPercent, *most, which.String())
}

// size writes a number of bytes.
func size(n int) string {
	const k = 1 << 10
	switch {
	case n < k:
		return fmt.Sprintf("%d B", n)
	case n < k*k:
		return fmt.Sprintf("%.1f KiB", float64(n)/k)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(k*k))
}
