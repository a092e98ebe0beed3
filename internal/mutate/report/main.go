// Command report prints, for each rule of a folder, how many of its mutants the tests beside it notice, and every one that they do not:
//
//	go run ./internal/mutate/report rules/cloudtrail
//
// Behind the folder may stand parts of the names of files: those alone are printed.
package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"sigmatrail/internal/mutate"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: report FOLDER [PART-OF-A-NAME ...]")
		os.Exit(2)
	}
	if err := run(os.Stdout, os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, folder string, parts []string) error {
	reports, err := mutate.Check(os.DirFS(folder))
	if err != nil {
		return err
	}
	var text strings.Builder
	var killed, all int
	for i := range reports {
		r := &reports[i]
		if len(parts) > 0 && !slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(r.Rule.File, p) }) {
			continue
		}
		dead := r.Mutants - len(r.Survivors)
		killed, all = killed+dead, all+r.Mutants
		fmt.Fprintf(&text, "%5.1f %%  %3d of %3d  %s\n", 100*r.Killed(), dead, r.Mutants, r.Rule.File)
		for _, m := range r.Survivors {
			fmt.Fprintf(&text, "          survives: %s: %s\n", m.Position, m.What)
		}
	}
	fmt.Fprintf(&text, "%d of %d mutants killed\n", killed, all)
	_, err = io.WriteString(w, text.String())
	return err
}
