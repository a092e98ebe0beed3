package correlate

import "sync/atomic"

// missed counts the events that were offered to a correlation, and those that could not take part.
type missed struct{ seen, missed atomic.Uint64 }

// Missed returns how many events were offered to the correlation of that index, and how many of them could not take part, as they lack a field that it groups by or counts.
func (c *Correlator) Missed(correlation int) (offered, lacking uint64) {
	m := &c.missed[correlation]
	return m.seen.Load(), m.missed.Load()
}

// Stats returns the counts of the State that c feeds, for all that do.
func (c *Correlator) Stats() Stats { return c.state.Stats() }
