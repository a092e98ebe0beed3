package main

import (
	"strings"

	"sigmatrail/rules"
)

// reportProblems prints what is wrong with rejected rules, each with its place.
func reportProblems(std streams, list rules.Problems) {
	for _, p := range list.Errors() {
		for line := range strings.Lines(p.Excerpt()) {
			std.sayf("%s\n", printable(strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", " ")))
		}
	}
}
