// Package relay is what the Go output does with a chunk: it lets the engine write hits on the events, and delivers them over the forward protocol,
// under tags that may depend on the hits. It keeps no event: whoever calls has the chunk until it is delivered, and gives it again where it
// was not.
package relay

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/forward"
	"sigmatrail/internal/pipeline"
	"sigmatrail/rules"
)

// Outcome is what became of a chunk.
type Outcome int

const (
	// Delivered means that every event which can be sent has arrived, as far as require_ack_response lets one know.
	Delivered Outcome = iota
	// Retry means that some events may not have arrived: the chunk must be given again, later. Some may then arrive twice.
	Retry
	// Undeliverable means that there is nothing in the chunk that any receiver could read.
	Undeliverable
)

// Relay judges and delivers chunks. It is safe for concurrent use.
type Relay struct {
	judge  func(data []byte, alloc func(n int) []byte) (judged []byte, undo func())
	router router
	client *forward.Client
	limit  time.Duration
	where  string

	backoff backoff
	memory  sync.Pool // of *routed
	closed  context.Context
	close   context.CancelFunc
	counts  struct{ chunks, events, alerts, retries, lost atomic.Uint64 }
}

// Counts is what a Relay has done since it was made.
type Counts struct {
	// Chunks and Events were delivered; Alerts are those of the events that went under alert_tag.
	Chunks, Events, Alerts uint64
	// Retries is how often a chunk was to be given again.
	Retries uint64
	// Lost counts what no receiver could read: values that are no events, and rests of chunks without framing.
	Lost uint64
}

// New returns a Relay that judges with e, which was made with the settings s, and sends as o says. The error is for what o names and is not there or
// malformed.
func New(e *pipeline.Engine, s conf.Settings, o conf.Output) (*Relay, error) {
	r := &Relay{judge: e.ProcessTentatively, limit: o.FlushTimeout}
	r.memory.New = func() any { return new(routed) }
	if err := r.router.set(s, o); err != nil {
		return nil, err
	}
	config, err := clientConfig(o)
	if err != nil {
		return nil, err
	}
	r.client, r.where = forward.New(config), config.String()
	r.closed, r.close = context.WithCancel(context.Background())
	return r, nil
}

func (t *router) set(s conf.Settings, o conf.Output) (err error) {
	if t.all, err = parseTemplate(o.Tag); err != nil {
		return fmt.Errorf("tag: %w", err)
	}
	if t.alert, err = parseTemplate(o.AlertTag); err != nil {
		return fmt.Errorf("alert_tag: %w", err)
	}
	var ok bool
	if t.alertLevel, ok = rules.ParseLevel(o.AlertLevel); !ok {
		return fmt.Errorf("alert_level: %q is not a Sigma level", o.AlertLevel)
	}
	t.alertCopy, t.retainMetadata, t.key, t.member = o.AlertCopy, o.RetainMetadataInForwardMode, s.Key, "level"
	suppressed, err := s.SuppressFor()
	if suppressed > 0 {
		t.member = "notify" // repetitions are no alerts
	}
	return err
}

// Flush judges a chunk and delivers it, within the time of flush_timeout and of atMost. data is borrowed for the call and never written to. An
// error says what is to be known of the outcome, also where the chunk was delivered; it is nil where all was said before.
func (r *Relay) Flush(tag string, data []byte, atMost time.Duration) (Outcome, error) {
	ctx, cancel := context.WithTimeout(r.closed, min(r.limit, atMost))
	defer cancel()
	to, _ := r.memory.Get().(*routed)
	to.reset()
	outcome, err := r.flush(ctx, tag, data, to)
	r.giveBack(to) // only where nothing has panicked
	return outcome, err
}

func (r *Relay) flush(ctx context.Context, tag string, data []byte, to *routed) (Outcome, error) {
	judged, undo, noted := r.judged(data, to)
	arrived := false
	defer func() {
		if !arrived && undo != nil {
			undo()
		}
	}()
	r.router.route(judged, to)
	messages := make([]*forward.Message, 0, 2)
	if to.all.events > 0 {
		messages = append(messages, to.all.message(r.router.all.tag(tag)))
	}
	if to.alerts.events > 0 {
		messages = append(messages, to.alerts.message(r.router.alert.tag(tag)))
	}
	if len(messages) == 0 && to.foreign+to.damaged > 0 {
		r.counts.lost.Add(1)
		return Undeliverable, fmt.Errorf("nothing in a chunk of %d bytes is an event: no receiver could read it", len(data))
	}
	if err := r.deliver(ctx, messages); err != nil {
		r.counts.retries.Add(1)
		if errors.Is(err, errEarly) {
			err = nil
		}
		return Retry, errors.Join(err, noted)
	}
	arrived = true
	r.counts.chunks.Add(1)
	r.counts.alerts.Add(to.alerts.events)
	r.counts.events.Add(r.router.sent(to))
	if to.foreign+to.damaged > 0 {
		r.counts.lost.Add(1)
		noted = errors.Join(noted, fmt.Errorf("%d values that are no events, and %d bytes without framing, were not sent: no receiver could read them",
			to.foreign, to.damaged))
	}
	return Delivered, noted
}

// sent is how many events of the chunk have gone, under one tag or two.
func (t *router) sent(to *routed) uint64 {
	if t.alertCopy {
		return to.all.events
	}
	return to.all.events + to.alerts.events
}

// judged lets the engine write on the chunk. After a fault in it the events go on as they came. undo is to be called, if it is not nil, where they do
// not arrive.
func (r *Relay) judged(data []byte, to *routed) (judged []byte, undo func(), fault error) {
	defer func() {
		if p := recover(); p != nil {
			judged, undo = data, nil
			fault = fmt.Errorf("a fault in sigmatrail while judging a chunk, which goes on without hits (please report it): %v\n%s", p, debug.Stack())
		}
	}()
	judged, undo = r.judge(data, func(n int) []byte {
		if cap(to.judged) < n {
			to.judged = make([]byte, n)
		}
		return to.judged[:n]
	})
	if judged == nil {
		return data, undo, nil
	}
	return judged, undo, nil
}

// errEarly says that the receiver did not answer a moment ago, which was said then.
var errEarly = errors.New("too early to ask the receiver again")

// deliver sends the messages, again and again until ctx ends; the error is that of the last attempt which was not cut short by that. While the
// receiver is down it tries once, and not at all where it is too early: the host may have many chunks waiting for one worker, and when it stops it
// waits for each.
func (r *Relay) deliver(ctx context.Context, messages []*forward.Message) (err error) {
	if len(messages) == 0 {
		return nil
	}
	down, early := r.backoff.state()
	if early {
		return errEarly
	}
	for {
		failed := r.client.Send(ctx, messages)
		if failed == nil {
			r.backoff.worked()
			return nil
		}
		if err == nil || ctx.Err() == nil {
			err = failed
		}
		r.backoff.failed()
		if down || r.backoff.wait(ctx) != nil {
			r.backoff.gaveUp()
			return err
		}
	}
}

// giveBack keeps memory for the next chunk, unless a huge one has made it large.
func (r *Relay) giveBack(to *routed) {
	const largest = 16 << 20
	if to.bytes() <= largest {
		r.memory.Put(to)
	}
}

// Receiver says in a few words where events go, and how.
func (r *Relay) Receiver() string { return r.where }

// Counts returns the counts so far.
func (r *Relay) Counts() Counts {
	c := &r.counts
	return Counts{Chunks: c.chunks.Load(), Events: c.events.Load(), Alerts: c.alerts.Load(), Retries: c.retries.Load(), Lost: c.lost.Load()}
}

// Close ends what is under way, which then is to be tried again, and closes the connections.
func (r *Relay) Close() {
	r.close()
	r.client.Close()
}
