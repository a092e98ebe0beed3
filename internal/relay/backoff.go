package relay

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	firstDelay = 100 * time.Millisecond
	lastDelay  = 5 * time.Second
)

// backoff keeps the flushes of all workers from asking a receiver that does not answer too often. The zero value is ready.
type backoff struct {
	mu    sync.Mutex
	delay time.Duration
	next  time.Time
}

// wait waits until the receiver may be asked again, or ctx ends.
func (b *backoff) wait(ctx context.Context) error {
	b.mu.Lock()
	d := time.Until(b.next)
	b.mu.Unlock()
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// failed makes the next attempt wait, twice as long as the last one; a part of it is by chance, so that many senders do not come back at once.
func (b *backoff) failed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.delay = min(max(2*b.delay, firstDelay), lastDelay)
	b.next = time.Now().Add(b.delay/2 + rand.N(b.delay/2))
}

// worked ends the waiting.
func (b *backoff) worked() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.delay, b.next = 0, time.Time{}
}
