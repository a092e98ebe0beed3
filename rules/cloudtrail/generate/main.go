// Command generate writes docs/pack.md, the list of the bundled rules, from the rules themselves. With -check it writes nothing and fails if
// the file is stale.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"sigmatrail/internal/ruletest"
	"sigmatrail/rules/cloudtrail"
)

func main() {
	check := flag.Bool("check", false, "fail if the file is stale instead of writing it")
	root := flag.String("root", ".", "root of the repository")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	samples, err := ruletest.Samples(os.DirFS(filepath.Join(root, "rules", "cloudtrail", "testdata")), "pacu_*.yml")
	if err != nil {
		return err
	}
	text, err := document(cloudtrail.FS(), samples)
	if err != nil {
		return err
	}
	path := filepath.Join(root, "docs", "pack.md")
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, text) {
		return nil
	}
	if check {
		return fmt.Errorf("%s is stale; run make generate", path)
	}
	return os.WriteFile(path, text, 0o644)
}
