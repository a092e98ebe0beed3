package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/mixes"
	"sigmatrail/internal/oracle"
	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

const (
	clones = 10_000
	// crowd is how many rules are about the operations of one mix alone.
	crowd  = 2000
	seed   = 1
	ownKey = "sigma"
)

// program is a set of rules, compiled, under two settings.
type program struct {
	rules  int
	writes *pipeline.Engine
	// judges writes no hit, whatever matches: its Process costs framing, projection and matching.
	judges *pipeline.Engine
}

func newProgram(list []*rules.Rule, correlations []*rules.Correlation) (program, error) {
	compiled, err := pipeline.NewProgram(&rules.Set{Rules: list, Correlations: correlations}, ownKey)
	if err != nil {
		return program{}, err
	}
	settings := conf.Default()
	p := program{rules: len(list)}
	if p.writes, err = pipeline.NewEngine(settings, compiled); err != nil {
		return program{}, err
	}
	// No rule of the corpora is both.
	settings.MinLevel, settings.MinStatus = "critical", "stable"
	p.judges, err = pipeline.NewEngine(settings, compiled)
	return p, err
}

// corpus is what is measured on and with.
type corpus struct {
	cases                       []part
	sigmahq, pack, absent, real program
	correlated                  program            // the pack with its correlations
	crowds                      map[string]program // by mix
	oracle                      *oracle.Oracle
}

// part is a mix, or those of its records that have a hit, or have none.
type part struct {
	mixes.Mix

	which string
}

// The parts of a mix. A hit is one of any rule of SigmaHQ or the bundled pack.
const (
	whole       = "all"
	withoutHits = "no hits"
	withHits    = "hits"
)

func newCorpus() (*corpus, error) {
	shared, reason, ok := mixes.Open()
	if !ok {
		return nil, errors.New(reason)
	}
	list, err := shared.SigmaHQRules()
	if err != nil {
		return nil, err
	}
	bundled, err := pipeline.New(conf.Default())
	if err != nil {
		return nil, err
	}
	absent, err := shared.Cloned(clones, seed, true)
	if err != nil {
		return nil, err
	}
	present, err := shared.Cloned(clones, seed, false)
	if err != nil {
		return nil, err
	}
	c := &corpus{crowds: make(map[string]program), oracle: oracle.New(list, record.DefaultAliases(), ownKey)}
	pack := bundled.Rules()
	for _, set := range []struct {
		into         *program
		more         []*rules.Rule
		correlations []*rules.Correlation
	}{{&c.sigmahq, nil, nil}, {&c.pack, pack.Rules, nil}, {&c.correlated, pack.Rules, pack.Correlations}, {&c.absent, absent, nil}, {&c.real, present, nil}} {
		if *set.into, err = newProgram(append(slices.Clip(list), set.more...), set.correlations); err != nil {
			return nil, err
		}
	}
	all, err := shared.Mixes()
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		more, err := shared.Crowd(crowd, seed, m)
		if err != nil {
			return nil, err
		}
		if c.crowds[m.Name], err = newProgram(append(slices.Clip(list), more...), nil); err != nil {
			return nil, err
		}
	}
	return c, c.split(all)
}

// split adds each mix with its parts.
func (c *corpus) split(all []mixes.Mix) error {
	for _, m := range all {
		for _, p := range []program{c.sigmahq, c.pack, c.correlated, c.absent, c.real, c.crowds[m.Name]} {
			if p.judges.Process(m.Data, func(int) []byte { return nil }); p.judges.Tally().Unwritten > 0 {
				return errors.New("a rule is critical and stable: there is no engine that only judges")
			}
		}
		if n, err := bare(m.Data); err != nil || n != m.Records {
			return fmt.Errorf("%s: %d records of %d: %w", m.Name, n, m.Records, err)
		}
		hit, missed := m.Partition(func(body []byte) bool {
			j := c.pack.writes.NewJudge().Event(body, time.Time{})
			return j.Hit()
		})
		for _, p := range []part{{m, whole}, {missed, withoutHits}, {hit, withHits}} {
			if p.Records > 0 {
				c.cases = append(c.cases, p)
			}
		}
	}
	return nil
}

// sampled returns about n events of a mix, spread over it.
func sampled(m mixes.Mix, n int) mixes.Mix {
	every, at := max(1, m.Records/n), 0
	few, _ := m.Partition(func([]byte) bool { at++; return at%every == 0 })
	return few
}

// bare walks over a chunk value by value and returns how many there are.
func bare(data []byte) (records int, err error) {
	for pos := 0; pos < len(data); records++ {
		end, ok := chunk.Skip(data, pos)
		if !ok {
			return records, fmt.Errorf("the walk fails at byte %d", pos)
		}
		pos = end
	}
	return records, nil
}
