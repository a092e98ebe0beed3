package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/ruletest"
	"sigmatrail/rules"
	"sigmatrail/rules/cloudtrail"
)

type testCommand struct {
	Only         string   `name:"run" placeholder:"REGEXP" help:"Run only the cases whose names, file/rule/case, it matches."`
	RequireTests bool     `help:"Make errors of what are warnings otherwise: rules without tests, and tests without a case of either verdict."`
	Rules        []string `placeholder:"PATH" help:"Rules for cases that stand beside none: SigmaHQ's info.yml, Panther's Tests, and lists of cases that name their rules. Without it builtin."`
	Rule         string   `placeholder:"ID" help:"The rule, by id, name or title, that Panther's Tests are about, and cases of a list that name none."`
	Placeholders string   `placeholder:"FILE" help:"File of the values that %name% stands for under the modifier expand."`
	Fields       string   `default:"cloudtrail" placeholder:"FORM" help:"Form of records that are judged too: cloudtrail (none), ecs, or a file of field mappings."`
	Verbose      bool     `short:"v" help:"List every case."`
	Output       string   `short:"o" enum:"text,json,junit" default:"text" placeholder:"FORM" help:"What to print: text, with the line and the reason of each failure, json, or junit."`
	Paths        []string `arg:"" name:"path" help:"Rules, which stand for the tests beside them, or tests: files, directories, globs, or builtin."`

	only *regexp.Regexp
}

// Validate refuses what the types of the flags cannot rule out.
func (c *testCommand) Validate() (err error) {
	if c.Only == "" {
		return nil
	}
	if c.only, err = regexp.Compile(c.Only); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	return nil
}

// Run tests the paths. The exit status is 0 where everything has passed, 1 with failures, 3 with warnings alone.
func (c *testCommand) Run(std streams) error {
	settings := conf.Default()
	settings.Placeholders, settings.Fields = c.Placeholders, c.Fields
	if _, err := pipeline.RuleOptions(settings); err != nil {
		return err
	}
	report, err := ruletest.RunPaths(c.Paths, ruletest.Options{
		Prepare: func(files []rules.File) (ruletest.Prepared, error) { return prepare(files, settings) },
		Packs:   map[string]fs.FS{pipeline.Builtin: cloudtrail.FS()},
		Rules:   c.Rules, Rule: c.Rule, Run: c.only, Complete: c.RequireTests,
	})
	if err != nil {
		return err
	}
	if err := c.print(std.out, report); err != nil {
		return err
	}
	std.sayf("%s\n", summary(report))
	switch {
	case len(report.Failures) == 0 && len(report.Results) == 0 && c.only != nil:
		return fmt.Errorf("no case's name matches %q", c.Only)
	case len(report.Failures) == 0 && len(report.Results) == 0:
		return errors.New("there are no tests in " + strings.Join(c.Paths, ", "))
	}
	return verdict(report.Failures)
}

// prepare makes an engine of files of rules.
func prepare(files []rules.File, settings conf.Settings) (p ruletest.Prepared, err error) {
	sources, err := pipeline.SourcesOf(files, settings)
	if err != nil {
		return p, err
	}
	program, err := sources.Compile()
	if err != nil {
		return p, err
	}
	engine, err := pipeline.NewEngine(settings, program)
	if err != nil {
		return p, err
	}
	judge := engine.NewJudge()
	return ruletest.Prepared{Set: program.Rules(), Form: program.Form(), Judge: func(packed []byte) (hits [][]int) {
		j := judge.Event(packed, time.Time{})
		for _, v := range j.Verdicts {
			hits = append(hits, slices.Clone(v.Hits))
		}
		return hits
	}}, nil
}

// summary counts rules, cases and what became of them.
func summary(r *ruletest.Report) string {
	text := fmt.Sprintf("%s, %s, %d failed", count(r.Rules, "rule"), count(r.Hits+r.Misses, "case"), r.Failed())
	if n := len(r.Results) - r.Hits - r.Misses; n > 0 {
		text += fmt.Sprintf(", %d skipped", n)
	}
	if len(r.Problems) > 0 {
		text += "; " + totals(r.Problems)
	}
	return text
}

func (c *testCommand) print(w io.Writer, r *ruletest.Report) error {
	switch c.Output {
	case "json":
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(newTestReport(r))
	case "junit":
		return writeJUnit(w, r)
	}
	var b strings.Builder
	if c.Verbose {
		for i := range r.Results {
			one := &r.Results[i]
			b.WriteString(printable(fmt.Sprintf("%-4s  %s", state(one), one.FullName())))
			if one.Skipped != "" {
				b.WriteString(printable(": " + one.Skipped))
			}
			b.WriteByte('\n')
		}
	}
	b.WriteString(excerpts(r.Failures))
	_, err := io.WriteString(w, b.String())
	return err
}

// state is what became of a case.
func state(r *ruletest.Result) string {
	switch {
	case r.Skipped != "":
		return "skip"
	case len(r.Problems) > 0:
		return "fail"
	}
	return "pass"
}
