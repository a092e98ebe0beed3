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
	down  bool // a whole flush has failed, and none has worked since
}

// state reports whether the receiver is down, as far as one knows, and whether it is too early to find out.
func (b *backoff) state() (down, early bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.down, b.down && time.Now().Before(b.next)
}

// wait waits until the receiver may be asked again, or ctx ends.
func (b *backoff) wait(ctx context.Context) error {
	b.mu.Lock()
	d := time.Until(b.next)
	b.mu.Unlock()
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

// gaveUp notes that a flush has failed.
func (b *backoff) gaveUp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = true
}

// worked ends the waiting.
func (b *backoff) worked() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.delay, b.next, b.down = 0, time.Time{}, false
}
