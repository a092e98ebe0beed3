package main

import (
	"fmt"
	"io"

	"sigmatrail/rules"
)

// reportProblems prints what is wrong with rejected rules, each with its place.
func reportProblems(w io.Writer, list rules.Problems) {
	for _, p := range list.Errors() {
		fmt.Fprint(w, p.Excerpt())
	}
}
