package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"sigmatrail/conf"
	"sigmatrail/internal/pipeline"
	"sigmatrail/rules"
	"sigmatrail/rules/cloudtrail"
)

type checkCommand struct {
	Placeholders string   `placeholder:"FILE" help:"File of the values that %name% stands for under the modifier expand."`
	Fields       string   `default:"cloudtrail" placeholder:"FORM" help:"Form of records that the rules are to judge too: cloudtrail (none), ecs, or a file of field mappings."`
	Output       string   `short:"o" enum:"text,json" default:"text" placeholder:"FORM" help:"What to print: text, with the line of each problem, or json, one array."`
	Paths        []string `arg:"" name:"path" help:"Files, directories, globs, or builtin."`
}

// Run prints every problem of every rule, sorted by place. The exit status is 0 where there is none, 1 with errors, 3 with warnings alone.
func (c *checkCommand) Run(std streams) error {
	files, err := rules.ReadEntries(c.Paths, map[string]fs.FS{pipeline.Builtin: cloudtrail.FS()})
	if err != nil {
		return err
	}
	o, err := pipeline.RuleOptions(conf.Settings{Placeholders: c.Placeholders, Fields: c.Fields})
	if err != nil {
		return err
	}
	set := rules.ParseFiles(files, o)
	if err := c.print(std.out, set.Problems); err != nil {
		return err
	}
	errors := len(set.Problems.Errors())
	warnings := len(set.Problems) - errors
	std.sayf("%s: %s for CloudTrail, %d for other logs%s, %d rejected; %s, %s%s\n", count(set.Files, "file"), count(len(set.Rules), "rule"),
		len(set.NotApplicable), others(set), set.Rejected, count(errors, "error"), count(warnings, "warning"), kinds(set.Problems))
	switch {
	case set.Files == 0:
		return fmt.Errorf("there are no rules in %s: no name ends in .yml or .yaml", strings.Join(c.Paths, ", "))
	case errors > 0:
		return errReported
	case warnings > 0:
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
	list := make([]finding, 0, len(problems))
	for _, p := range problems {
		list = append(list, finding{p.File, p.Line, p.Column, p.Severity.String(), string(p.Code), p.Message, p.Hint})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(list)
}
