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
	p := pass{Correlator: c, due: c.state.clock.observe(ev.Account, ev.Region, at), firings: dst, serial: ev.Serial}
	if late := c.state.lateness(); p.due > never+late {
		p.due -= late
	}
	p.judge() // before anything is forgotten for that
	e := event{at: at, serial: ev.Serial}
	e.setID(ev.Account, ev.ID)
	p.id = e.id
	values := brief(ev.Values)
	var room [4]feed
	for i, rule := range ev.Rules {
		for k := range c.byRule[rule] {
			if feeds := c.feeds(room[:0], ev.Rules, i, c.byRule[rule][k].to); len(feeds) > 0 {
				p.offer(feeds, e, values, false)
			}
		}
	}
	if at < p.due {
		p.judge()
	}
	return p.firings
}

// feeds returns what the rules that hit a record are to m, those with the same fields together; none where the one at index i is not the first that m refers to.
func (set *Set) feeds(dst []feed, hits []int, i int, m *machine) []feed {
	for j, rule := range hits {
		for _, f := range set.byRule[rule] {
			if f.to != m {
				continue
			}
			if j < i {
				return nil
			}
			same := func(o feed) bool { return slices.Equal(o.group, f.group) && slices.Equal(o.values, f.values) }
			if k := slices.IndexFunc(dst, same); k >= 0 {
				dst[k].mask |= f.mask
			} else {
				dst = append(dst, f)
			}
		}
	}
	return dst
}

// Flush judges all that waits, as no more events come.
func (c *Correlator) Flush(dst []Firing) []Firing {
	p := pass{Correlator: c, due: end, firings: dst}
	p.judge()
	return p.firings
}

// end is behind every time.
const end = 1<<63 - 1

// pass is one event on its way through the correlations.
type pass struct {
	*Correlator

	due     int64 // what waits is judged up to then
	serial  uint64
	id      hash // of the record
	firings []Firing
	waited  bool // what fires now has waited
}

// part is an event in one group.
type part struct {
	texts []string
	event event
	// counted are the fields whose values are in event.
	counted [][]string
}

// offer adds an event to the groups of a correlation that it belongs to. feeds are all to that. again is set where the event may have been offered before.
func (p *pass) offer(feeds []feed, e event, values func(string) []string, again bool) {
	m := feeds[0].to
	p.missed[m.index].seen.Add(1)
	var room [1]part
	parts := room[:0]
	for i := range feeds {
		hashes, numbers, ok := m.take(&feeds[i], values)
		if !ok {
			continue
		}
		for _, texts := range combinations(feeds[i].group, values) {
			k := slices.IndexFunc(parts, func(o part) bool { return slices.Equal(o.texts, texts) })
			if k < 0 {
				k = len(parts)
				parts = append(parts, m.part(texts, e, values))
			}
			parts[k].count(&feeds[i], hashes, numbers)
		}
	}
	if len(parts) == 0 {
		p.missed[m.index].missed.Add(1)
	}
	for i := range parts {
		p.insert(m, parts[i].event, parts[i].texts, again)
	}
}

// part returns an event in a group before anything is counted.
func (m *machine) part(texts []string, e event, values func(string) []string) part {
	if e.more != nil {
		own := *e.more
		e.more = &own
	}
	if len(m.carry) > 0 {
		f := make(face, 0, len(m.carry))
		for _, field := range m.carry {
			list := distinct(values(field))
			f = append(f, slices.Clone(list[:min(len(list), mostCombinations)]))
		}
		e.extend().faces = []face{f}
	}
	return part{texts: texts, event: e}
}

// count adds what a record is in the events of one rule: each of its fields once.
func (pt *part) count(f *feed, hashes []hash, numbers []float64) {
	pt.event.mask |= f.mask
	if len(hashes) == 0 && len(numbers) == 0 {
		return
	}
	if slices.ContainsFunc(pt.counted, func(o []string) bool { return slices.Equal(o, f.values) }) {
		return
	}
	pt.counted = append(pt.counted, f.values)
	more := pt.event.extend()
	for _, h := range hashes {
		if !slices.Contains(more.values, h) {
			more.values = append(more.values, h)
		}
	}
	if len(more.numbers) == 0 {
		more.numbers = more.number[:0]
	}
	for _, v := range numbers {
		if more.reach == 0 || !slices.Contains(more.numbers, v) {
			more.numbers = append(more.numbers, v)
		}
	}
}

// before returns the time before which no event of m is needed any more.
func (p *pass) before(m *machine) int64 {
	at := p.due
	for _, b := range m.behind {
		at = min(at, p.tables[b.index].judged.Load())
	}
	if keep := p.state.keep(m); at > never+keep {
		return at - keep
	}
	return never
}

// insert adds an event to one group, and passes on what fires.
func (p *pass) insert(m *machine, e event, texts []string, again bool) {
	s := p.state
	out, fresh, ok := p.locked(m, &e, texts, again)
	if !ok {
		s.stats.late.Add(1)
		return
	}
	if fresh {
		s.evict()
	}
	s.store.touch()
	p.pass(m, out)
}

// locked does what insert does to the group's shard. A fault in it leaves no lock behind: the host goes on.
func (p *pass) locked(m *machine, e *event, texts []string, again bool) (out outcome, fresh, ok bool) {
	t, s := p.tables[m.index], p.state
	key := hashOf(texts...)
	sh := t.shard(key)
	before := p.before(m)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.tooLate(m, key, e, before) {
		return out, false, false
	}
	g, fresh := sh.group(key, texts, uint64(s.stamp.Add(1))) //nolint:gosec // counts up
	if fresh {
		s.groups.Add(1)
		g.from = before
	}
	expired := g.expire(min(before, e.at-m.span))
	out = p.add(m, t, g, *e, again)
	s.crowd(m, g)
	if s.store != nil {
		sh.change(g)
	}
	groups, events := sh.sweep(before, s.store != nil)
	s.groups.Add(-int64(groups))
	s.stats.expired.Add(uint64(expired + events)) //nolint:gosec // counts
	return out, fresh, true
}

// outcome is what an event has led to: moments at which the condition of a group is true, for the correlations that refer to it, and whether it fires.
type outcome struct {
	key    hash
	texts  []string
	again  bool
	at     []instant
	fires  bool
	firing Firing
}

// instant is a moment as it looks from outside.
type instant struct {
	at     int64
	serial uint64
	id     string
	faces  []face
}

// add puts e into its group. The shard is locked.
func (p *pass) add(m *machine, t *table, g *group, e event, again bool) (out outcome) {
	i, fresh, news := g.insert(&e)
	out.key, out.texts, out.again = g.key, g.texts, !fresh && (e.isRecord() || again)
	judged := m.waits && e.at < t.judged.Load()
	p.count(&e, fresh, judged)
	switch {
	case m.waits:
		g.events[i].unjudged = fresh || g.events[i].unjudged
		if fresh && (judged || !g.tied(i)) {
			t.wait(e.at, g.key)
		}
	case news:
		p.arrived(&out, m, g, i)
	case out.again:
		p.repeated(&out, m, g, i)
	}
	return out
}

// arrived works out what a new event leads to.
func (p *pass) arrived(out *outcome, m *machine, g *group, i int) {
	now, before := g.completed(m, i, len(m.outer) > 0, false)
	if len(now) > 0 && !before {
		e := &g.events[i]
		e.fired = true
		if !e.isRecord() {
			e.more.by = p.id
		}
		out.fire(g, m, now[0])
	}
	out.add(g, m, now...)
}

// repeated works out what an event has led to that comes again.
func (p *pass) repeated(out *outcome, m *machine, g *group, i int) {
	if len(m.outer) > 0 {
		now, _ := g.completed(m, i, true, true)
		out.add(g, m, now...)
	}
	if e := &g.events[i]; e.fired && (e.isRecord() || e.more.by == p.id) { // what it was written on comes again
		if w, ok := g.again(m, i); ok {
			out.fire(g, m, w)
		}
	}
}

// count counts an event that was put into a group. judged is set where its time was judged before it came.
func (p *pass) count(e *event, fresh, judged bool) {
	switch {
	case fresh:
		p.state.stats.events.Add(1)
		if e.isRecord() && (judged || e.at < p.due) {
			p.state.stats.late.Add(1)
		}
	case e.isRecord():
		p.state.stats.duplicates.Add(1)
	}
}

// add notes moments for the correlations that refer to m.
func (o *outcome) add(g *group, m *machine, list ...moment) {
	for _, w := range list {
		if len(m.outer) == 0 {
			return
		}
		last := &g.events[w.high-1]
		in := instant{at: w.at, serial: last.serial, id: last.eventID()}
		low := g.first(w.at)
		if w.only != none {
			low, w.high = w.only, w.only+1
		}
		for i := low; len(m.carry) > 0 && i < w.high; i++ {
			if more := g.events[i].more; more != nil { // nil: kept by a version of the rules that did not ask for anything
				in.faces = append(in.faces, more.faces...)
			}
		}
		o.at = append(o.at, in)
	}
}

func (o *outcome) fire(g *group, m *machine, w moment) { o.fires, o.firing = true, g.firing(m, w) }

// pass appends a firing, and offers the moments to the correlations that refer to m.
func (p *pass) pass(m *machine, out outcome) {
	if out.fires {
		p.state.stats.firings.Add(1)
		if out.firing.Waited = p.waited; !p.waited {
			out.firing.Serial = p.serial
		}
		p.firings = append(p.firings, out.firing)
	}
	if len(out.at) == 0 {
		return
	}
	inner := hashOf(string(m.digest[:]), string(out.key[:]))
	for i := range out.at {
		w := &out.at[i]
		if len(w.faces) == 0 {
			w.faces = []face{nil}
		}
		e := event{at: w.at, serial: w.serial, id: momentID(inner, w.at), more: &more{text: w.id, inner: inner, reach: m.span}}
		for _, f := range w.faces {
			for i := range m.outer {
				p.offer(m.outer[i:i+1], e, m.seen(out.texts, f), out.again)
			}
		}
	}
}

// seen returns what fields are in a moment: those that m groups by, and then those of a record that completes it.
func (m *machine) seen(texts []string, f face) func(string) []string {
	return func(field string) []string {
		if i := slices.Index(m.group, field); i >= 0 {
			return texts[i : i+1]
		}
		if i := slices.Index(m.carry, field); i >= 0 && i < len(f) {
			return f[i]
		}
		return nil
	}
}

// momentID says which moment of which group of which correlation it is, so that it counts once.
func momentID(inner hash, at int64) hash { return hashOf(string(inner[:]), strconv.FormatInt(at, 10)) }

// judge judges what has waited and is due, in the order in which correlations refer to each other.
func (p *pass) judge() {
	p.waited = true
	for _, m := range p.order {
		if m.waits {
			p.judgeTable(m, p.tables[m.index])
		}
	}
	p.waited = false
}

func (p *pass) judgeTable(m *machine, t *table) {
	t.judging.Lock()
	defer t.judging.Unlock()
	judged := t.judged.Load()
	for {
		w, ok := t.due(p.due)
		if !ok {
			break
		}
		p.judgeOne(m, t, w)
		judged = max(judged, w.at+1)
	}
	if p.due < end {
		judged = max(judged, p.due)
	}
	t.judged.Store(judged)
	t.prune()
}

func (p *pass) judgeOne(m *machine, t *table, due pending) {
	if out, ok := p.judgeLocked(m, t, due); ok {
		p.state.store.touch()
		p.pass(m, out)
	}
}

// judgeLocked judges a moment of a group, if that is still there.
func (p *pass) judgeLocked(m *machine, t *table, due pending) (out outcome, ok bool) {
	sh := t.shard(due.key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	g := sh.groups[due.key]
	if g == nil {
		return out, false
	}
	w, holds, rises := g.judged(m, due.at)
	g.settleAt(due.at)
	if p.state.store != nil {
		sh.change(g)
	}
	out = outcome{key: g.key, texts: g.texts}
	if holds {
		out.add(g, m, w)
	}
	if rises {
		out.fire(g, m, w)
	}
	return out, true
}
