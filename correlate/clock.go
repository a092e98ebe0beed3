package correlate

import (
	"sync"
	"time"
)

// ahead is how far event times may run before the wall clock and still move the watermark.
const ahead = 5 * time.Minute

// mostSources bounds how many accounts and regions are told apart.
const mostSources = 4096

// clock keeps how far events have come, by account and region, as these are delivered apart. It is safe for concurrent use.
type clock struct {
	now func() time.Time // nil: events come in order, and the latest one says how far they have come

	mu       sync.Mutex
	lateness time.Duration
	sources  map[source]*progress
	horizon  int64
	due      int // observations until the horizon is worked out again
}

func (c *clock) limit(lateness time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lateness = lateness
}

type source struct{ account, region string }

// progress is how far a source has come.
type progress struct {
	newest int64     // event time, not ahead of the wall clock
	seen   time.Time // when it last sent anything
}

// observe notes an event and returns the horizon: every source that is still sending has come so far.
func (c *clock) observe(account, region string, at int64) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now == nil {
		c.horizon = max(c.horizon, at)
		return c.horizon
	}
	now := c.now()
	at = min(at, micros(now.Add(ahead)))
	s := source{account, region}
	p := c.sources[s]
	if p == nil {
		if c.sources == nil {
			c.sources = make(map[source]*progress)
		}
		if len(c.sources) >= mostSources {
			c.forget()
		}
		p = &progress{newest: at}
		c.sources[s], c.due = p, 0
	}
	p.newest, p.seen = max(p.newest, at), now
	if c.due--; c.due <= 0 {
		c.due = len(c.sources)
		c.horizon = c.slowest(now)
	}
	return c.horizon
}

// slowest returns how far the slowest source has come. A source that has sent nothing for as long as records may be late has nothing more to send.
func (c *clock) slowest(now time.Time) int64 {
	least := int64(1<<63 - 1)
	for _, p := range c.sources {
		if now.Sub(p.seen) <= max(c.lateness, time.Minute) {
			least = min(least, p.newest)
		}
	}
	return least
}

// forget forgets the source that has been silent for longest.
func (c *clock) forget() {
	var silent source
	var since time.Time
	for s, p := range c.sources {
		if since.IsZero() || p.seen.Before(since) {
			silent, since = s, p.seen
		}
	}
	delete(c.sources, silent)
}
