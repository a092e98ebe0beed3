// Package hostconf reads configurations of Fluent Bit, classic and YAML, as Fluent Bit 5.1 does, and says what is wrong with the parts that are ours: a host
// says some of it when it starts, and some of it never.
package hostconf

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigmatrail/rules"
)

// kind is what a section configures.
type kind uint8

const (
	otherSection kind = iota
	input
	filter
	output
	processor // of an input or an output
)

// value is one scalar as it is written, variables and all.
type value struct {
	rules.Position

	text string
}

// property is one property of a section. A list has several values; what is deeper is flattened, and nested is set.
type property struct {
	rules.Position

	name   string // as the host knows it
	values []value
	nested bool
}

// section is an instance of a plugin.
type section struct {
	rules.Position

	kind       kind
	of         kind   // of a processor: what it belongs to
	signal     string // of a processor: logs, metrics, traces
	properties []property
	processors []section
	conditions []value // of an input's routes: the fields that they ask for
	routed     []value // of an input's routes: all scalars
}

// get returns the last property of that name, or nil; the host compares names without case.
func (s *section) get(name string) *property {
	for i := len(s.properties) - 1; i >= 0; i-- {
		if strings.EqualFold(s.properties[i].name, name) {
			return &s.properties[i]
		}
	}
	return nil
}

// config is a configuration with all that it includes.
type config struct {
	inputs, filters, outputs []section
	env                      environment
	read                     map[string]bool     // files, by their real paths
	lines                    map[string][]string // of files, by the names that positions have
	problems                 rules.Problems
}

// read reads the configuration at path. What stops the host stops it too, and is a problem.
func read(path string, getenv func(string) string) *config {
	c := &config{env: newEnvironment(getenv), read: make(map[string]bool), lines: make(map[string][]string)}
	if yamlName(path) {
		c.yaml(path, rules.Position{File: path})
	} else {
		(&classic{config: c, root: filepath.Dir(path)}).include(path, rules.Position{File: path})
	}
	return c
}

// yamlName reports whether the host takes a file for YAML.
func yamlName(path string) bool {
	extension := strings.ToLower(filepath.Ext(path))
	return extension == ".yaml" || extension == ".yml"
}

// open reads a file that the configuration at from names. It returns false where the host would not go on.
func (c *config) open(path string, from rules.Position) (text []byte, ok bool) {
	text, err := readFile(path)
	if err != nil {
		hint := ""
		if from.Line > 0 {
			hint = "name a file that is there; names are relative to the directory of the file that includes them"
		}
		c.err(from, Unreadable, hint, "%v", err)
		return nil, false
	}
	whole, err := filepath.EvalSymlinks(path)
	if abs, e := filepath.Abs(whole); err == nil && e == nil {
		whole = abs
	}
	if c.read[whole] {
		c.err(from, IncludedTwice, "include it once", "%s is included for the second time; Fluent Bit refuses that", path)
		return nil, false
	}
	c.read[whole] = true
	c.lines[path] = strings.Split(string(text), "\n")
	return text, true
}

// readFile reads a regular file: devices and pipes have no end.
func readFile(path string) ([]byte, error) {
	const most = 32 << 20 // the host's limit for a line
	switch info, err := os.Stat(path); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", path)
	case info.Size() > most:
		return nil, fmt.Errorf("%s is larger than %d bytes", path, most)
	}
	return os.ReadFile(path)
}

// files returns what an include names: a pattern, if it has a star in it, or one file.
func (c *config) files(path string, from rules.Position) []string {
	if !strings.Contains(path, "*") {
		return []string{path}
	}
	list, err := filepath.Glob(path)
	if err != nil || len(list) == 0 {
		c.err(from, Unreadable, "name files that are there", "no file fits %q", path)
		return nil
	}
	slices.Sort(list)
	return list
}

func (c *config) add(severity rules.Severity, at rules.Position, code rules.Code, hint, format string, args ...any) {
	p := rules.Problem{Position: at, Severity: severity, Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}
	if lines := c.lines[at.File]; at.Line > 0 && at.Line <= len(lines) {
		p.Source = strings.TrimRight(lines[at.Line-1], "\r")
	}
	c.problems = append(c.problems, p)
}

func (c *config) err(at rules.Position, code rules.Code, hint, format string, args ...any) {
	c.add(rules.Error, at, code, hint, format, args...)
}

func (c *config) warn(at rules.Position, code rules.Code, hint, format string, args ...any) {
	c.add(rules.Warning, at, code, hint, format, args...)
}

// within returns the place of part in a value, if it stands there as it is.
func (c *config) within(v rules.Position, part string) rules.Position {
	lines := c.lines[v.File]
	if part == "" || v.Line < 1 || v.Line > len(lines) {
		return v
	}
	line := []rune(lines[v.Line-1])
	if v.Column-1 > len(line) {
		return v
	}
	before, _, found := strings.Cut(string(line[v.Column-1:]), part)
	if found {
		v.Column += len([]rune(before))
	}
	return v
}
