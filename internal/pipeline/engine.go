// Package pipeline is the engine behind every door: it loads the rules, judges the records of a chunk or of a JSON text, and writes the
// hits on them. It knows neither C nor YAML; the doors lend it bytes and take bytes back.
package pipeline

import (
	"errors"
	"fmt"
	"io/fs"

	"sigmatrail/conf"
	"sigmatrail/enrich"
	"sigmatrail/internal/oracle"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
	"sigmatrail/rules/cloudtrail"
)

// Builtin is the name under which settings refer to the bundled rule pack.
const Builtin = "builtin"

// Engine evaluates one set of rules. It is immutable but for its counts, and safe for concurrent use.
type Engine struct {
	settings  conf.Settings
	minLevel  rules.Level
	set       *rules.Set
	evaluator *oracle.Oracle
	table     *enrich.Table
	tally     tally
}

// New loads the rules that s names and prepares them. Rejected rules do not stop it (Rules().Problems has them), unless s.Strict is set;
// a path that is missing, or rules of which none applies to CloudTrail, do.
func New(s conf.Settings) (*Engine, error) {
	set, err := rules.Load(s.Rules, map[string]fs.FS{Builtin: cloudtrail.FS()})
	if err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	level, ok := rules.ParseLevel(s.MinLevel)
	if !ok {
		return nil, fmt.Errorf("min_level: %q is not a Sigma level", s.MinLevel)
	}
	e := &Engine{
		settings:  s,
		minLevel:  level,
		set:       set,
		evaluator: oracle.New(set.Rules, record.DefaultAliases(), s.Key),
		table:     enrich.Compile(set.Rules),
	}
	return e, e.acceptable()
}

// acceptable says why the loaded set may not run (architecture.md, "The path of one rule").
func (e *Engine) acceptable() error {
	if e.settings.Strict && e.set.Rejected > 0 {
		return &RulesError{Set: e.set, Reason: fmt.Sprintf("strict is on and %d of the rules in %q are rejected", e.set.Rejected, e.settings.Rules)}
	}
	if e.set.Files == 0 {
		return &RulesError{Set: e.set, Reason: fmt.Sprintf("there are no rules in %q: no name ends in .yml or .yaml", e.settings.Rules)}
	}
	if len(e.set.Rules) == 0 {
		return &RulesError{Set: e.set, Reason: fmt.Sprintf("none of the rules in %q can run: %d are rejected, %d do not apply to CloudTrail",
			e.settings.Rules, e.set.Rejected, len(e.set.NotApplicable))}
	}
	return nil
}

// RulesError says that a set of rules was read but may not run.
type RulesError struct {
	// Set is what was read, with its problems.
	Set *rules.Set
	// Reason is one sentence without a full stop.
	Reason string
}

// Error returns the reason.
func (e *RulesError) Error() string { return e.Reason }

// Problems returns the diagnostics behind err, if it came from rules.
func Problems(err error) rules.Problems {
	if refused, ok := errors.AsType[*RulesError](err); ok {
		return refused.Set.Problems
	}
	return nil
}

// Rules returns the loaded set. The caller must not change it.
func (e *Engine) Rules() *rules.Set { return e.set }

// Tally returns the counts so far.
func (e *Engine) Tally() Tally { return e.tally.load() }
