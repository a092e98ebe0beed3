package main

import "sigmatrail/rules"

// reportProblems prints what is wrong with rejected rules, each with its place.
func reportProblems(std streams, list rules.Problems) {
	for _, p := range list.Errors() {
		std.sayf("%s", p.Excerpt())
	}
}
