// Command generate makes package attack's file from MITRE's STIX data (github.com/mitre-attack/attack-stix-data or github.com/mitre/cti).
//
// It takes files and directories; of a directory every file that ends in .json, so that the single objects of mitre/cti's enterprise-attack may
// be given in place of a bundle. The version is taken from the bundle's collection; where there is none, as in mitre/cti, -version says it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("o", "attack/enterprise.tsv", "file to write")
	version := flag.String("version", "", "version of ATT&CK, such as 19.1, if the data does not tell it")
	flag.Parse()
	if err := run(*out, *version, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(out, version string, paths []string) error {
	if len(paths) == 0 {
		return errors.New("name the STIX bundle, or a directory of bundles")
	}
	c := newCatalogue()
	for _, path := range paths {
		if err := readAll(c, path); err != nil {
			return err
		}
	}
	text, err := c.text(version)
	if err != nil {
		return err
	}
	return os.WriteFile(out, []byte(text), 0o644)
}

// readAll adds what the bundles at path hold.
func readAll(c *catalogue, path string) error {
	return filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || (name != path && filepath.Ext(name) != ".json") {
			return err
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := c.add(src); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
}
