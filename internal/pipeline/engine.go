// Package pipeline is the engine behind every door: it loads the rules, judges the records of a chunk or of a JSON text, and writes the
// hits on them. It knows neither C nor YAML; the doors lend it bytes and take bytes back.
package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"sigmatrail/conf"
	"sigmatrail/correlate"
	"sigmatrail/enrich"
	"sigmatrail/internal/record"
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

	choice     choice
	correlator *correlate.Correlator // nil: nothing is correlated
	aliases    record.Aliases        // for the fields that correlations name
	owed       owed
	notices    notices
	hits       []atomic.Uint64 // by entry
	tally      tally
}

// choice says what of a hit counts, by entry.
type choice struct {
	written []bool // hits are written
	feeds   []bool // correlations want to know
}

// New reads the rules that s names, compiles them and returns an engine, if they are acceptable. Its correlations remember by themselves, in memory.
func New(s conf.Settings) (*Engine, error) {
	return NewCorrelating(s, correlate.NewState(StateOptions(s)))
}

// NewCorrelating does as New does; correlations remember in state.
func NewCorrelating(s conf.Settings, state *correlate.State) (*Engine, error) {
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
	return NewCorrelatingEngine(s, program, state)
}

// NewEngine returns an engine of p that remembers for correlations by itself, in memory. Of s only what is no part of p counts here: what is written, how,
// and what becomes of events.
func NewEngine(s conf.Settings, p *Program) (*Engine, error) {
	return NewCorrelatingEngine(s, p, correlate.NewState(StateOptions(s)))
}

// NewCorrelatingEngine returns an engine whose correlations remember in state, which it may share with others. It is to be closed.
func NewCorrelatingEngine(s conf.Settings, p *Program, state *correlate.State) (*Engine, error) {
	level, ok := rules.ParseLevel(s.MinLevel)
	if !ok {
		return nil, fmt.Errorf("min_level: %q is not a Sigma level", s.MinLevel)
	}
	format, ok := enrich.ParseFormat(s.Format)
	if !ok {
		return nil, fmt.Errorf("format: %q is not a format", s.Format)
	}
	suppressor, err := newSuppressor(s, len(p.set.Rules))
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
		choice: p.choice(level, s.MinStatus), hits: make([]atomic.Uint64, len(p.all)),
	}
	if !p.related.Empty() {
		e.correlator, e.aliases = correlate.NewCorrelator(p.related, state), record.DefaultAliases()
		e.notices.said = e.correlator.Forgotten() // what went before was said by others
	}
	e.touchesRest = e.matchesOnly || e.reserveKey
	if s.Evidence {
		e.prover = p.prover()
	}
	for _, name := range s.RuleFieldNames() {
		if !slices.ContainsFunc(p.all, func(r *rules.Rule) bool { return r.Attribute(name) != nil }) {
			e.idle = append(e.idle, name)
		}
	}
	return e, nil
}

// choice works out what of hits counts. What a correlation silences is not written by itself.
func (p *Program) choice(least rules.Level, status string) choice {
	c := choice{written: make([]bool, len(p.all)), feeds: make([]bool, len(p.set.Rules))}
	silent, silentToo := p.set.Silenced()
	for i, r := range p.all {
		silenced := silent[i]
		if n := len(p.set.Rules); i >= n {
			silenced = silentToo[i-n]
		} else {
			c.feeds[i] = p.related.Feeds(i)
		}
		c.written[i] = !silenced && r.Level >= least && rules.StatusRank(r.Status) >= rules.StatusRank(status)
	}
	return c
}

// Close gives up what correlations remember, unless somebody else uses it. Nobody may use e any more.
func (e *Engine) Close() {
	if e.correlator != nil {
		e.correlator.Close()
	}
}

// IdleRuleFields returns the attributes that the setting rule_fields names and no rule has.
func (e *Engine) IdleRuleFields() []string { return e.idle }

// RuleHits returns how many records the entry of that index was written on, or would have been had there been memory.
func (e *Engine) RuleHits(rule int) uint64 { return e.hits[rule].Load() }

// Tally returns the counts so far.
func (e *Engine) Tally() Tally { return e.tally.load() }
