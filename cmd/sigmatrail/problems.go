package main

import (
	"strings"

	"sigmatrail/rules"
)

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
