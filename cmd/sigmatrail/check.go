package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"sigmatrail/conf"
	"sigmatrail/internal/hostconf"
	"sigmatrail/internal/pipeline"
	"sigmatrail/rules"
	"sigmatrail/rules/awslint"
	"sigmatrail/rules/cloudtrail"
)

type checkCommand struct {
	Conf         string   `placeholder:"FILE" help:"Check a configuration of Fluent Bit instead, classic or YAML: what is ours in it, and the rules that it names, with the variables of the environment."`
	Placeholders string   `placeholder:"FILE" help:"File of the values that %name% stands for under the modifier expand."`
	Fields       string   `default:"cloudtrail" placeholder:"FORM" help:"Form of records that the rules are to judge too: cloudtrail (none), ecs, or a file of field mappings."`
	Output       string   `short:"o" enum:"text,json" default:"text" placeholder:"FORM" help:"What to print: text, with the line of each problem, or json, one array."`
	Paths        []string `arg:"" optional:"" name:"path" help:"Files, directories, globs, or builtin."`
}

// Validate refuses what the types of the flags cannot rule out.
func (c *checkCommand) Validate() error {
	switch {
	case c.Conf == "" && len(c.Paths) == 0:
		return errors.New("name rules, or a configuration with --conf")
	case c.Conf != "" && (len(c.Paths) > 0 || c.Placeholders != "" || c.Fields != conf.Default().Fields):
		return errors.New("--conf checks the rules that the configuration names, with its settings; leave paths, --placeholders and --fields out")
	}
	return nil
}

// Run prints every problem of every rule, sorted by place. The exit status is 0 where there is none but notes, 1 with errors, 3 with
// warnings alone.
func (c *checkCommand) Run(std streams) error {
	if c.Conf != "" {
		return c.configuration(std)
	}
	files, err := rules.ReadEntries(c.Paths, map[string]fs.FS{pipeline.Builtin: cloudtrail.FS()})
	if err != nil {
		return err
	}
	o, err := pipeline.RuleOptions(conf.Settings{Placeholders: c.Placeholders, Fields: c.Fields})
	if err != nil {
		return err
	}
	set := rules.ParseFiles(files, o)
	found, err := awslint.Check(set, files)
	if err != nil {
		return err
	}
	set.Problems = append(set.Problems, found...)
	set.Problems.Sort()
	if err := c.print(std.out, set.Problems); err != nil {
		return err
	}
	std.sayf("%s: %s for CloudTrail, %d for other logs%s, %d rejected; %s\n", count(set.Files, "file"), count(len(set.Rules), "rule"),
		len(set.NotApplicable), others(set), set.Rejected, totals(set.Problems))
	if set.Files == 0 {
		return fmt.Errorf("there are no rules in %s: no name ends in .yml or .yaml", strings.Join(c.Paths, ", "))
	}
	return verdict(set.Problems)
}

// configuration does as Run does, with a configuration of Fluent Bit.
func (c *checkCommand) configuration(std streams) error {
	report := hostconf.Check(c.Conf, os.Getenv)
	if err := c.print(std.out, report.Problems); err != nil {
		return err
	}
	std.sayf("%s: %s named sigma; %s\n", count(report.Files, "file"), count(report.Sections, "section"), totals(report.Problems))
	return verdict(report.Problems)
}

// totals counts problems.
func totals(list rules.Problems) string {
	errors, warnings := list.Count(rules.Error), list.Count(rules.Warning)
	text := count(errors, "error") + ", " + count(warnings, "warning")
	if notes := len(list) - errors - warnings; notes > 0 {
		text += ", " + count(notes, "note")
	}
	return text + kinds(list)
}

// verdict returns what the exit status is made of.
func verdict(list rules.Problems) error {
	switch {
	case list.Count(rules.Error) > 0:
		return errReported
	case list.Count(rules.Warning) > 0:
		return errWarnings
	}
	return nil
}

// others counts what is no rule by itself.
func others(set *rules.Set) (text string) {
	if n := len(set.Correlations); n > 0 {
		text += ", " + count(n, "correlation")
	}
	if n := len(set.Filters); n > 0 {
		text += ", " + count(n, "filter")
	}
	return text
}

// kinds counts long lists of problems by what they are, the most frequent first.
func kinds(list rules.Problems) string {
	const few = 10
	if len(list) <= few {
		return ""
	}
	numbers := make(map[rules.Code]int)
	for _, p := range list {
		numbers[p.Code]++
	}
	codes := slices.SortedFunc(maps.Keys(numbers), func(a, b rules.Code) int {
		return cmp.Or(numbers[b]-numbers[a], strings.Compare(string(a), string(b)))
	})
	parts := make([]string, 0, len(codes))
	for _, c := range codes {
		parts = append(parts, fmt.Sprintf("%d %s", numbers[c], c))
	}
	return ": " + strings.Join(parts, ", ")
}

// finding is a problem as JSON has it.
type finding struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

func (c *checkCommand) print(w io.Writer, problems rules.Problems) error {
	if c.Output == "text" {
		_, err := io.WriteString(w, excerpts(problems))
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(findings(problems))
}

func findings(problems rules.Problems) []finding {
	list := make([]finding, 0, len(problems))
	for _, p := range problems {
		list = append(list, finding{p.File, p.Line, p.Column, p.Severity.String(), string(p.Code), p.Message, p.Hint})
	}
	return list
}
