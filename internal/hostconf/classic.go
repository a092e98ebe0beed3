package hostconf

import (
	"path/filepath"
	"strings"
	"unicode/utf8"

	"sigmatrail/rules"
)

// classic reads .conf files (src/config_format/flb_cf_fluentbit.c).
type classic struct {
	config *config
	root   string // where files are looked for that are not where the process is
	failed bool   // the host has stopped reading

	file    string
	indent  string // of this file, once a line has one
	section *section
	inGroup bool
}

// include reads one file, as @INCLUDE at from names it.
func (c *classic) include(path string, from rules.Position) {
	text, ok := c.config.open(path, from)
	if !ok {
		c.failed = true
		return
	}
	in := &classic{config: c.config, root: c.root, file: path}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		in.line(line, rules.Position{File: path, Line: number, Column: 1})
		if in.failed {
			break
		}
	}
	in.end()
	c.failed = c.failed || in.failed
}

// end adds the section that was being read.
func (c *classic) end() {
	if c.section == nil {
		return
	}
	switch s := *c.section; s.kind {
	case input:
		c.config.inputs = append(c.config.inputs, s)
	case filter:
		c.config.filters = append(c.config.filters, s)
	case output:
		c.config.outputs = append(c.config.outputs, s)
	}
	c.section = nil
}

// fail reports what the host stops at.
func (c *classic) fail(at rules.Position, hint, message string) {
	c.config.err(at, Syntax, hint, "%s", message)
	c.failed = true
}

func (c *classic) line(line string, at rules.Position) {
	switch {
	case line == "", line[0] == '#':
	case len(line) > 9 && strings.EqualFold(line[:9], "@INCLUDE "):
		c.includes(line[9:], at)
	case line[0] == '@' && len(line) > 3:
		command, text, ok := strings.Cut(line[1:], " ")
		name, value, set := strings.Cut(text, "=")
		if ok && set && strings.EqualFold(command, "SET") {
			c.config.env.put(name, strings.TrimSpace(value))
		}
	case line[0] == '[':
		name, _, closed := strings.Cut(line[1:], "]")
		if !closed || name == "" {
			c.fail(at, "write it as [FILTER]", "the name of a section is not closed")
			return
		}
		c.end()
		c.section, c.inGroup = &section{Position: at, kind: classicKind(name)}, false
	default:
		c.member(line, at)
	}
}

func (c *classic) includes(path string, at rules.Position) {
	beside := path
	if !filepath.IsAbs(path) {
		beside = filepath.Join(c.root, path)
	}
	at = c.config.within(at, path)
	if strings.Contains(path, "*") {
		path = beside
	} else if !exists(path) {
		path = beside
	}
	names := c.config.files(path, at)
	c.failed = c.failed || len(names) == 0
	for _, name := range names {
		if !c.failed {
			c.include(name, at)
		}
	}
}

// member reads a line of a section.
func (c *classic) member(line string, at rules.Position) {
	blank := len(line) - len(strings.TrimLeft(line, " \t"))
	if c.indent == "" {
		if blank == 0 {
			c.fail(at, "indent all lines of a section alike", "a property that is not indented")
			return
		}
		c.indent = line[:blank]
	}
	deeper := blank == 2*len(c.indent) && strings.HasPrefix(line, c.indent) // of a group
	if line[:blank] != c.indent && !deeper {
		c.fail(at, "indent all lines of a section alike, and lines with nothing but spaces too, or empty them", "the line is indented otherwise than the ones before it")
		return
	}
	text := line[blank:]
	at.Column += blank
	if text == "" || text[0] == '#' {
		return
	}
	c.inGroup = c.inGroup && deeper
	c.property(text, at)
}

// property reads a name and a value.
func (c *classic) property(text string, at rules.Position) {
	key, rest, found := strings.Cut(text, " ")
	if !found || rest == "" {
		hint := "write the name, a space and the value"
		if strings.Contains(text, "\t") {
			hint += "; a tab is no space here"
		}
		c.fail(at, hint, "a property without a value")
		return
	}
	if key[0] == '[' { // a group; the host wants something behind its name too
		c.inGroup = true
		return
	}
	if c.section == nil || c.inGroup {
		return
	}
	p := property{Position: at, name: strings.ToLower(strings.TrimSpace(key))}
	start := len(text) - len(strings.TrimLeft(rest, " \t"))
	at.Column += utf8.RuneCountInString(text[:start])
	p.values = []value{{at, strings.TrimSpace(rest)}}
	c.section.properties = append(c.section.properties, p)
}

// classicKind returns the kind of a section. The host compares with the beginning of its names.
func classicKind(name string) kind {
	name = strings.ToLower(name)
	for _, k := range []struct {
		name string
		kind kind
	}{
		{"service", otherSection},
		{"parser", otherSection},
		{"multiline_parser", otherSection},
		{"stream_processor", otherSection},
		{"plugins", otherSection},
		{"upstream_servers", otherSection},
		{"customs", otherSection},
		{"inputs", input},
		{"filters", filter},
		{"outputs", output},
	} {
		if strings.HasPrefix(k.name, name) {
			return k.kind
		}
	}
	return otherSection
}
