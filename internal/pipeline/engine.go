// Package pipeline is the engine behind every door: it loads the rules, judges the records of a chunk or of a JSON text, and writes the
// hits on them. It knows neither C nor YAML; the doors lend it bytes and take bytes back.
package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"sigmatrail/conf"
	"sigmatrail/enrich"
	"sigmatrail/rules"
)

// Engine judges records by one Program under one set of settings. It is immutable but for its counts and for the windows of suppression, and safe for
// concurrent use.
type Engine struct {
	*Program

	table   *enrich.Table
	msgpack encoding
	json    encoding
	// plain is set where nothing but the annotation is written.
	plain bool

	split, matchesOnly, reserveKey bool
	touchesRest                    bool        // whether events without a hit may change
	suppressor                     *suppressor // nil: nothing is suppressed
	flattener                      *flattener  // nil: nothing is flattened
	summary                        bool

	prover *prover // nil: no evidence is written
	// idle are the attributes of rules to write that no rule has.
	idle []string

	written []bool          // by rule: whether its hits are written
	hits    []atomic.Uint64 // by rule
	tally   tally
}

// New reads the rules that s names, compiles them and returns an engine, if they are acceptable.
func New(s conf.Settings) (*Engine, error) {
	sources, err := Read(s)
	if err != nil {
		return nil, err
	}
	program, err := sources.Compile()
	if err != nil {
		return nil, err
	}
	if err := program.Acceptable(s); err != nil {
		return nil, err
	}
	return NewEngine(s, program)
}

// NewEngine returns an engine of p. Of s only what is no part of p counts here: what is written, how, and what becomes of events.
func NewEngine(s conf.Settings, p *Program) (*Engine, error) {
	level, ok := rules.ParseLevel(s.MinLevel)
	if !ok {
		return nil, fmt.Errorf("min_level: %q is not a Sigma level", s.MinLevel)
	}
	format, ok := enrich.ParseFormat(s.Format)
	if !ok {
		return nil, fmt.Errorf("format: %q is not a format", s.Format)
	}
	suppressor, err := newSuppressor(s)
	if err != nil {
		return nil, err
	}
	flattener := newFlattener(s)
	e := &Engine{
		Program: p, msgpack: inMsgpack(), json: inJSON(), plain: format == enrich.Sigma && flattener == nil && !s.Summary,
		suppressor: suppressor, flattener: flattener, summary: s.Summary,
		table: p.table(enrich.Options{
			Format: format, Key: p.ownKey, Base: s.EcsBase, RuleFields: strings.Join(s.RuleFieldNames(), ","), Successors: s.RevokedTechniques == "both",
		}),
		split: s.Split, matchesOnly: s.Emit == conf.EmitMatches, reserveKey: s.ReserveKey,
		written: make([]bool, len(p.set.Rules)), hits: make([]atomic.Uint64, len(p.set.Rules)),
	}
	e.touchesRest = e.matchesOnly || e.reserveKey
	if s.Evidence {
		e.prover = p.prover()
	}
	for _, name := range s.RuleFieldNames() {
		if !slices.ContainsFunc(p.set.Rules, func(r *rules.Rule) bool { return r.Attribute(name) != nil }) {
			e.idle = append(e.idle, name)
		}
	}
	for i, r := range p.set.Rules {
		e.written[i] = r.Level >= level && rules.StatusRank(r.Status) >= rules.StatusRank(s.MinStatus)
	}
	return e, nil
}

// IdleRuleFields returns the attributes that the setting rule_fields names and no rule has.
func (e *Engine) IdleRuleFields() []string { return e.idle }

// RuleHits returns how many records the rule of that index was written on, or would have been had there been memory.
func (e *Engine) RuleHits(rule int) uint64 { return e.hits[rule].Load() }

// Tally returns the counts so far.
func (e *Engine) Tally() Tally { return e.tally.load() }
