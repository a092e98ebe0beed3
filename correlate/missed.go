package correlate

import "sync/atomic"

// missed counts the events that were offered to a correlation, and those that could not take part.
type missed struct{ seen, missed atomic.Uint64 }

// Missed returns how many events were offered to the correlation of that index, and how many of them could not take part, as they lack a field that it groups by or counts.
func (c *Correlator) Missed(correlation int) (offered, lacking uint64) {
	m := &c.missed[correlation]
	return m.seen.Load(), m.missed.Load()
}

// Forgotten counts what a State had to give up: groups and events before their time, and what came too late for what they may have belonged to.
type Forgotten struct{ Groups, Events, Late uint64 }

// Forgotten returns those counts of the State that c feeds, for all that do. Unlike Stats it looks at no group.
func (c *Correlator) Forgotten() Forgotten {
	n := &c.state.stats
	return Forgotten{Groups: n.evictedGroups.Load(), Events: n.evictedEvents.Load(), Late: n.late.Load()}
}
