package correlate

import (
	"slices"
	"strconv"
)

// Correlator feeds the correlations of one Set. It is safe for concurrent use.
type Correlator struct {
	*Set

	state  *State
	tables []*table // by correlation
	missed []missed
}

// NewCorrelator returns a Correlator whose events are kept in s until it is closed.
func NewCorrelator(set *Set, s *State) *Correlator {
	c := &Correlator{Set: set, state: s, missed: make([]missed, len(set.machines))}
	for _, m := range set.machines {
		c.tables = append(c.tables, s.table(m))
	}
	s.trim()
	return c
}

// Close gives up what no other Correlator uses, nor one that is made within a minute. Nobody may use c any more.
func (c *Correlator) Close() {
	for _, m := range c.machines {
		c.state.release(m)
	}
}

// Apply takes a record in and appends what fires because of it, and what has waited and is judged now.
func (c *Correlator) Apply(dst []Firing, ev *Event) []Firing {
	at := micros(ev.Time)
	horizon := c.state.clock.observe(ev.Account, ev.Region, at)
	p := pass{Correlator: c, horizon: horizon, firings: dst}
	e := event{at: at, serial: ev.Serial}
	e.setID(ev.Account, ev.ID)
	for i, rule := range ev.Rules {
		for _, f := range c.byRule[rule] {
			if mask, first := sameFeeds(c.byRule, ev.Rules, i, &f); first {
				f.mask = mask
				p.offer(&f, e, ev.Values)
			}
		}
	}
	p.judge(horizon)
	return p.firings
}

// sameFeeds returns the slots that all rules which hit a record fill with the same fields, and whether the one at index i is the first of them: so a
// record is one event, however many rules hit it.
func sameFeeds(byRule [][]feed, hits []int, i int, f *feed) (mask uint64, first bool) {
	for j, rule := range hits {
		for k := range byRule[rule] {
			o := &byRule[rule][k]
			if o.to != f.to || !slices.Equal(o.group, f.group) || !slices.Equal(o.values, f.values) {
				continue
			}
			if j < i {
				return 0, false
			}
			mask |= o.mask
		}
	}
	return mask, true
}

// Flush judges all that waits, as no more events come.
func (c *Correlator) Flush(dst []Firing) []Firing {
	p := pass{Correlator: c, horizon: -never - 1, firings: dst}
	p.judge(p.horizon)
	return p.firings
}

// pass is one event on its way through the correlations.
type pass struct {
	*Correlator

	horizon int64
	firings []Firing
	waited  bool // what fires now has waited
}

// offer adds an event to the groups of a correlation that it belongs to.
func (p *pass) offer(f *feed, e event, values func(string) []string) {
	m := f.to
	e.mask = f.mask
	if e.more != nil {
		own := *e.more
		own.values, own.numbers = nil, nil
		e.more = &own
	}
	groups := combinations(f.group, values)
	p.missed[m.index].seen.Add(1)
	if len(groups) == 0 || !m.take(&e, f, values) {
		p.missed[m.index].missed.Add(1)
		return
	}
	for _, g := range groups {
		p.insert(m, e, g, values)
	}
}

// insert adds an event to one group, and passes on what fires.
func (p *pass) insert(m *machine, e event, values []string, fields func(string) []string) {
	t, s := p.tables[m.index], p.state
	key := hashOf(values...)
	sh := t.shard(key)
	before := int64(never)
	if p.horizon > never+s.keep(m) {
		before = p.horizon - s.keep(m)
	}
	if e.at < before {
		s.stats.late.Add(1)
	}
	sh.mu.Lock()
	g, fresh := sh.group(key, values, uint64(s.stamp.Add(1))) //nolint:gosec // counts up
	if fresh {
		s.groups.Add(1)
	}
	g.expire(min(before, e.at-m.span))
	out := p.add(m, t, g, e)
	if s.options.MaxEvents > 0 {
		s.stats.evictedEvents.Add(uint64(g.crowd(max(s.options.MaxEvents, m.least)))) //nolint:gosec // a count
	}
	if s.store != nil {
		sh.change(g)
	}
	s.groups.Add(-int64(sh.sweep(before, s.store != nil)))
	sh.mu.Unlock()
	if fresh {
		s.evict()
	}
	s.store.touch()
	p.pass(m, out, fields)
}

// outcome is what an event has led to: moments at which the condition of a group is true, for the correlations that refer to it, and whether it fires.
type outcome struct {
	key    hash
	values []string
	at     []instant
	fires  bool
	firing Firing
}

// instant is a moment as it looks from outside.
type instant struct {
	at     int64
	serial uint64
	id     string
}

// add puts e into its group. The shard is locked.
func (p *pass) add(m *machine, t *table, g *group, e event) (out outcome) {
	out.key, out.values = g.key, g.values
	i, fresh := g.insert(&e)
	if fresh {
		p.state.stats.events.Add(1)
	} else {
		p.state.stats.duplicates.Add(1)
	}
	if m.waits {
		if fresh {
			g.events[i].unjudged = true
			t.wait(e.at, g.key)
		}
		return out
	}
	now, before := g.completed(m, i, len(m.outer) > 0 || !fresh)
	for _, w := range now {
		out.add(g, w)
	}
	switch {
	case fresh && len(now) > 0 && !before:
		g.events[i].fired = true
		out.fire(g, m, now[0])
	case !fresh && g.events[i].fired: // what it was written on comes again
		if w, ok := g.again(m, i); ok {
			out.fire(g, m, w)
		}
	}
	if out.fires && fresh {
		out.firing.Serial = e.serial
	}
	return out
}

func (o *outcome) add(g *group, w moment) {
	last := &g.events[w.high-1]
	o.at = append(o.at, instant{at: w.at, serial: last.serial, id: last.eventID()})
}

func (o *outcome) fire(g *group, m *machine, w moment) { o.fires, o.firing = true, g.firing(m, w) }

// pass appends a firing, and offers the moments to the correlations that refer to m.
func (p *pass) pass(m *machine, out outcome, fields func(string) []string) {
	if out.fires {
		p.state.stats.firings.Add(1)
		out.firing.Waited = p.waited
		p.firings = append(p.firings, out.firing)
	}
	of := func(field string) []string {
		if i := slices.Index(m.group, field); i >= 0 {
			return out.values[i : i+1]
		}
		return fields(field)
	}
	for _, w := range out.at {
		e := event{at: w.at, serial: w.serial, id: momentID(m, out.key, w.at), more: &more{text: w.id, inner: out.key, reach: m.span}}
		for i := range m.outer {
			p.offer(&m.outer[i], e, of)
		}
	}
}

// momentID says which moment of which group of which correlation it is, so that it counts once.
func momentID(m *machine, key hash, at int64) hash {
	return hashOf(string(m.digest[:]), string(key[:]), strconv.FormatInt(at, 10))
}

// judge judges what has waited and is due, in the order in which correlations refer to each other.
func (p *pass) judge(horizon int64) {
	p.waited = true
	for _, m := range p.order {
		if !m.waits {
			continue
		}
		before := horizon
		if late := p.state.lateness(m); horizon > never+late && horizon < -never-1 {
			before -= late
		}
		t := p.tables[m.index]
		for {
			due, ok := t.due(before)
			if !ok {
				break
			}
			p.judgeOne(m, t, due)
		}
	}
}

func (p *pass) judgeOne(m *machine, t *table, due pending) {
	sh := t.shard(due.key)
	sh.mu.Lock()
	g := sh.groups[due.key]
	if g == nil {
		sh.mu.Unlock()
		return
	}
	w, holds, rises := g.judged(m, due.at)
	g.settleAt(due.at)
	if p.state.store != nil {
		sh.change(g)
	}
	out := outcome{key: g.key, values: g.values}
	if holds {
		out.add(g, w)
	}
	if rises {
		out.fire(g, m, w)
	}
	sh.mu.Unlock()
	p.state.store.touch()
	p.pass(m, out, func(string) []string { return nil })
}
