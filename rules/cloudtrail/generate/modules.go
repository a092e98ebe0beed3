package main

import (
	"fmt"
	"io/fs"

	"gopkg.in/yaml.v3"
)

// module is a module of Pacu, and an event of it that a rule finds. One module may stand there several times.
type module struct {
	Module string `yaml:"module"`
	Event  string `yaml:"eventName"`
	Source string `yaml:"eventSource"`
	// Rule is the name of the rule's file without .yml.
	Rule string `yaml:"rule"`
}

// readModules reads the lists of modules, pacu_*.yml, in the order of their names. There may be none.
func readModules(dir fs.FS) (all []module, err error) {
	names, err := fs.Glob(dir, "pacu_*.yml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		var list []module
		if err := yaml.Unmarshal(text, &list); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, list...)
	}
	return all, nil
}
