package hostconf

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigmatrail/conf"
	"sigmatrail/internal/pipeline"
	"sigmatrail/rules"
	"sigmatrail/rules/cloudtrail"
)

// Report is what Check has found.
type Report struct {
	// Problems are sorted by place, those of rules among them.
	Problems rules.Problems
	// Sections counts the instances that are ours, Files what was read of the configuration.
	Sections, Files int
}

// Check reads the configuration at path, with what it includes, and checks what is ours in it. getenv returns what the environment has, as os.Getenv does.
func Check(path string, getenv func(string) string) Report {
	k := &checker{config: read(path, getenv), seen: make(map[pipeline.ID]bool)}
	k.eachSigma(func(s *section) { k.own = append(k.own, k.check(s)) })
	if len(k.own) == 0 && len(k.problems.Errors()) == 0 {
		k.warn(rules.Position{File: path}, Nothing, "", "nothing here is named %s", pluginName)
	}
	k.order()
	k.routes()
	k.twice()
	slices.SortStableFunc(k.problems, func(a, b rules.Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column, int(a.Severity)-int(b.Severity))
	})
	k.problems = slices.Compact(k.problems) // several sections may name one file of rules
	return Report{Problems: k.problems, Sections: len(k.own), Files: len(k.read)}
}

// checker checks one configuration.
type checker struct {
	*config

	own  []instance
	seen map[pipeline.ID]bool // rules that were judged
}

// instance is a section of ours.
type instance struct {
	*section

	key   string // under which it writes
	known bool   // whether the key is known: a variable in it may not be set
}

// named reports whether a section is an instance of the plugin.
func (c *config) named(s *section, name string) bool {
	p := s.get("name")
	if p == nil || len(p.values) == 0 {
		return false
	}
	text, _ := c.env.expand(p.values[0].text)
	return strings.EqualFold(strings.TrimSpace(text), name)
}

// eachSigma calls f for every section of ours.
func (k *checker) eachSigma(f func(*section)) {
	for _, list := range [][]section{k.inputs, k.filters, k.outputs} {
		for i := range list {
			if s := &list[i]; s.kind != input && k.named(s, pluginName) {
				f(s)
			}
			for j := range list[i].processors {
				if s := &list[i].processors[j]; k.named(s, pluginName) {
					f(s)
				}
			}
		}
	}
}

// check checks one section by itself.
func (k *checker) check(s *section) instance {
	d := doorOf(s.kind)
	unset := k.names(s, &d)
	settings, err := d.parse(func(name string) (string, bool) {
		if unset[name] {
			return "", false
		}
		return k.text(s, name)
	})
	k.malformed(s, err, unset)
	k.place(s)
	if settings.Rules != "" && !unset["rules"] { // also where something else is wrong
		k.rules(s, settings, unset)
	}
	return instance{section: s, key: settings.Key, known: err == nil && !unset["key"]}
}

// names checks the names of a section's properties, and returns those whose values are not known here.
func (k *checker) names(s *section, d *door) (unset map[string]bool) {
	seen := make(map[string]bool)
	unset = make(map[string]bool)
	for i := range s.properties {
		p := &s.properties[i]
		name := strings.ToLower(p.name)
		ours := slices.Contains(d.own, name)
		switch {
		case !d.knows(name):
			k.err(p.Position, UnknownProperty, proposal(name, d), "%s has no property %q", pluginName, p.name)
		case ours && (seen[name] || len(p.values) != 1 || p.nested):
			k.err(p.Position, TwiceProperty, "write one text; where it may name several things they are separated by commas", "%s takes one value", name)
			unset[name] = true
		case s.kind != processor && p.nested:
			k.err(p.Position, Syntax, "leave it out; processors alone have conditions", "Fluent Bit takes no map under %s here", p.name)
		}
		seen[name] = true
		for _, v := range p.values {
			if k.unset(v) {
				unset[name] = true
			}
		}
	}
	return unset
}

// unset reports the variables in a value that have none, and whether there are any.
func (k *checker) unset(v value) bool {
	_, unset := k.env.expand(v.text)
	for _, name := range unset {
		k.warn(k.within(v.Position, "${"+name), Unset, "set it where fluent-bit runs, or write ${"+name+":-VALUE}", "the variable %s is not set here", name)
	}
	return len(unset) > 0
}

func proposal(name string, d *door) string {
	if like := rules.Nearest(name, slices.Concat(d.own, d.host)); like != "" {
		return "did you mean " + like + "?"
	}
	return "the README lists its properties"
}

// malformed reports errors that begin with the name of a property, at its value.
func (k *checker) malformed(s *section, err error, unset map[string]bool) {
	if err == nil {
		return
	}
	if list, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err); ok {
		for _, err := range list.Unwrap() {
			k.malformed(s, err, unset)
		}
		return
	}
	name, reason, _ := strings.Cut(err.Error(), ": ")
	if unset[name] { // nobody knows
		return
	}
	k.err(k.at(s, name), BadProperty, "", "%s: %s", name, reason)
}

// at returns where the value of a property is, or the section.
func (k *checker) at(s *section, name string) rules.Position {
	if p := s.get(name); p != nil && len(p.values) > 0 {
		return p.values[0].Position
	}
	return s.Position
}

// place checks what a section says of where it stands.
func (k *checker) place(s *section) {
	const hint = "write for example match: cloudtrail"
	matched := s.get("match") != nil || s.get("match_regex") != nil
	switch s.kind {
	case filter:
		if !matched {
			k.err(s.Position, NoMatch, hint, "the filter has no match: Fluent Bit does not start")
		}
	case output:
		if !matched && !k.routedTo(s) {
			k.warn(s.Position, NoMatch, hint, "the output has no match, and no route leads to it")
		}
		k.workers(s)
	case processor:
		if s.signal != "logs" {
			k.err(s.Position, WrongSignal, "put it under logs:", "%s judges logs, not %s", pluginName, s.signal)
		}
		if condition := s.get("condition"); condition != nil {
			k.warn(condition.Position, SlowCondition, "leave it out; rules decide by themselves", "with a condition Fluent Bit hands over records one by one")
		}
	}
}

// workers checks what an output of Go says of its threads.
func (k *checker) workers(s *section) {
	const hint = "write workers: 1"
	switch text, set := k.text(s, "workers"); {
	case !set:
		k.warn(s.Position, OutputWorkers, hint, "the output has no workers")
	case text != "" && strings.TrimSpace(text) != "1":
		k.warn(k.at(s, "workers"), OutputWorkers, hint, "the output has %s workers", text)
	}
}

// routedTo reports whether a route names the output.
func (k *checker) routedTo(s *section) bool {
	alias := s.get("alias")
	for i := range k.inputs {
		for _, v := range k.inputs[i].routed {
			if alias != nil && len(alias.values) > 0 && v.text == alias.values[0].text {
				return true
			}
		}
	}
	return false
}

// rules checks the files that settings name, and the rules in them.
func (k *checker) rules(s *section, settings conf.Settings, unset map[string]bool) {
	packs := map[string]fs.FS{pipeline.Builtin: cloudtrail.FS()}
	sound := true
	for entry := range strings.SplitSeq(settings.Rules, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		if _, err := rules.ReadEntries([]string{entry}, packs); err != nil {
			sound = false
			k.err(k.within(k.at(s, "rules"), entry), MissingPath, k.beside(s, entry), "rules: %v", err)
		}
	}
	if _, err := pipeline.RuleOptions(settings); err != nil {
		name, reason, _ := strings.Cut(err.Error(), ": ")
		code, hint := BadProperty, ""
		if errors.Is(err, fs.ErrNotExist) {
			path, _ := k.text(s, name)
			code, hint = MissingPath, k.beside(s, path)
		}
		k.err(k.at(s, name), code, hint, "%s: %s", name, reason)
		return
	}
	if !sound || unset["placeholders"] || unset["fields"] {
		return
	}
	k.load(s, settings)
}

// load loads the rules as an engine would.
func (k *checker) load(s *section, settings conf.Settings) {
	sources, err := pipeline.Read(settings)
	if err != nil {
		k.err(k.at(s, "rules"), MissingPath, "", "%v", err)
		return
	}
	program, err := sources.Compile()
	if err != nil {
		k.err(k.at(s, "rules"), RefusedRules, "", "%v", err)
		return
	}
	if !k.seen[sources.ID()] {
		k.seen[sources.ID()] = true
		k.problems = append(k.problems, program.Rules().Problems...)
		for _, idle := range program.Rules().Idle {
			k.warn(s.Position, BadProperty, "", "exclude or level_overrides: no rule has the id, tag or title %q", string(idle))
		}
	}
	if err := program.Acceptable(settings); err != nil {
		k.err(k.at(s, "rules"), RefusedRules, "", "%v", err)
	}
	engine, err := pipeline.NewEngine(settings, program)
	if err != nil {
		return // what is wrong with a setting was said
	}
	for _, name := range engine.IdleRuleFields() {
		k.warn(k.within(k.at(s, "rule_fields"), name), BadProperty, "", "rule_fields: no rule has the attribute %q", name)
	}
}

// beside says whether a relative name would be right from where the configuration is.
func (k *checker) beside(s *section, name string) string {
	hint := "the name is relative to the directory in which fluent-bit is started"
	if dir := filepath.Dir(s.File); !filepath.IsAbs(name) && exists(filepath.Join(dir, name)) {
		hint += "; beside the configuration there is one: write the whole path"
	}
	return hint
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
