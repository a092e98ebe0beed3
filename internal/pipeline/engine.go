// Package pipeline is the engine behind every door: it loads the rules, judges the records of a chunk or of a JSON text, and writes the
// hits on them. It knows neither C nor YAML; the doors lend it bytes and take bytes back.
package pipeline

import (
	"fmt"

	"sigmatrail/conf"
	"sigmatrail/rules"
)

// Engine judges records by one Program under one set of settings. It is immutable but for its counts, and safe for concurrent use.
type Engine struct {
	*Program

	minLevel  rules.Level
	minStatus int // as rules.StatusRank orders them
	tally     tally
}

// New reads the rules that s names, compiles them and returns an engine, if they are acceptable.
func New(s conf.Settings) (*Engine, error) {
	sources, err := Read(s)
	if err != nil {
		return nil, err
	}
	program := sources.Compile()
	if err := program.Acceptable(s); err != nil {
		return nil, err
	}
	return NewEngine(s, program)
}

// NewEngine returns an engine of p. Of s only what is no part of p counts here: the lowest level and status.
func NewEngine(s conf.Settings, p *Program) (*Engine, error) {
	level, ok := rules.ParseLevel(s.MinLevel)
	if !ok {
		return nil, fmt.Errorf("min_level: %q is not a Sigma level", s.MinLevel)
	}
	return &Engine{Program: p, minLevel: level, minStatus: rules.StatusRank(s.MinStatus)}, nil
}

// Tally returns the counts so far.
func (e *Engine) Tally() Tally { return e.tally.load() }
