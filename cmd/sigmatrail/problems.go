package main

import (
	"strings"

	"sigmatrail/conf"
	"sigmatrail/correlate"
	"sigmatrail/internal/pipeline"
	"sigmatrail/rules"
)

// open returns an engine of the settings, and prints what is wrong with them and with the rules.
func open(std streams, s conf.Settings) (*pipeline.Engine, error) {
	return openWith(std, s, correlate.NewState(pipeline.StateOptions(s)))
}

// openWith does as open does; correlations remember in state.
func openWith(std streams, s conf.Settings, state *correlate.State) (*pipeline.Engine, error) {
	engine, err := pipeline.NewCorrelating(s, state)
	if err != nil {
		reportProblems(std, pipeline.Problems(err))
		return nil, err
	}
	set := engine.Rules()
	reportProblems(std, set.Problems)
	for _, s := range set.Idle {
		std.sayf("exclude or level_overrides: no rule has the id, tag or title %q\n", string(s))
	}
	for _, name := range engine.IdleRuleFields() {
		std.sayf("rule_fields: no rule has the attribute %q\n", name)
	}
	return engine, nil
}

// reportProblems prints what is wrong with rejected rules, each with its place.
func reportProblems(std streams, list rules.Problems) { std.sayf("%s", excerpts(list.Errors())) }

// excerpts returns problems with their source lines, harmless on a terminal.
func excerpts(list rules.Problems) string {
	var b strings.Builder
	for _, p := range list {
		for line := range strings.Lines(p.Excerpt()) {
			b.WriteString(printable(strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", " ")) + "\n")
		}
	}
	return b.String()
}
