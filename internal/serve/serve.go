// Package serve is the HTTP door: it takes batches of JSON over HTTP, has the engine judge them, and hands the enriched batch to an upstream before it
// says that it has taken it, or gives it back in the response. It keeps nothing: what it has not passed on is still the sender's. It knows no msgpack and
// no Sigma.
package serve

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"sigmatrail/conf"
	"sigmatrail/correlate"
	"sigmatrail/internal/pipeline"
)

// EventsPath is where batches are posted.
const EventsPath = "/v1/events"

// Options are what a Server needs beside an engine. All limits must be set.
type Options struct {
	// Settings are those that the engine was made by, for Reload.
	Settings conf.Settings
	// State is what the engine's correlations remember in, so that it outlives Reload; nil: one in memory.
	State *correlate.State
	// Version names the program to the upstream.
	Version string
	// Upstream is where enriched batches are posted; nil: they are the response's body.
	Upstream *url.URL
	// MaxBody bounds the body of a request, in bytes, as it comes and unpacked.
	MaxBody int64
	// MaxRequests bounds how many batches are in memory at once.
	MaxRequests int
	// ReadTimeout bounds how long a request takes to come in, and a response of a batch to go out.
	ReadTimeout time.Duration
	// Timeout bounds how long the upstream takes to answer. It should be less than the sender waits.
	Timeout time.Duration
	// Grace bounds how long requests in flight may take when the server stops.
	Grace time.Duration
	// Log is told what somebody should look at.
	Log *slog.Logger
}

// Server answers requests. It is safe for concurrent use.
type Server struct {
	options  Options
	mux      *http.ServeMux
	client   *http.Client
	slots    chan struct{} // a token for each batch in memory
	now      atomic.Pointer[generation]
	loading  sync.Mutex
	accounts accounts

	reloads, refusedReloads atomic.Uint64
}

// generation is an engine, and the judges by its rules that nobody needs right now.
type generation struct {
	engine *pipeline.Engine
	judges sync.Pool // of *pipeline.Judge
}

// New returns a server whose events e judges.
func New(e *pipeline.Engine, o Options) *Server {
	if o.State == nil {
		o.State = correlate.NewState(pipeline.StateOptions(o.Settings))
	}
	s := &Server{options: o, mux: http.NewServeMux(), slots: make(chan struct{}, o.MaxRequests), client: newClient(o.MaxRequests)}
	s.now.Store(&generation{engine: e})
	s.mux.HandleFunc("POST "+EventsPath, s.events)
	s.mux.HandleFunc("HEAD "+EventsPath, alive) // Vector's http sink asks so at its start whether somebody is there
	s.mux.HandleFunc("GET /healthz", alive)
	s.mux.HandleFunc("GET /stats", s.stats)
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func alive(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n")) // whoever asks sees that it failed
}

// Run answers on l until ctx ends, and then finishes what has begun, for as long as Grace allows. It returns nil where all was finished.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	const keptOpen = 2 * time.Minute // longer than senders keep idle connections
	h := &http.Server{
		Handler: s, ReadTimeout: s.options.ReadTimeout, IdleTimeout: keptOpen, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(s.options.Log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.options.Grace)
	defer cancel()
	if err := h.Shutdown(grace); err != nil {
		_ = h.Close() // the senders see their connections end, and send again
		return fmt.Errorf("requests in flight were not finished within %s", s.options.Grace)
	}
	return nil
}

// Reload reads the rules again. Where they may not run, or more of them are rejected than before, the last good ones stay, and the error says why.
func (s *Server) Reload() error {
	s.loading.Lock()
	defer s.loading.Unlock()
	last := s.now.Load().engine
	fresh, err := pipeline.NewCorrelating(s.options.Settings, s.options.State)
	problems := pipeline.Problems(err)
	if err == nil && fresh.Rules().Rejected > last.Rules().Rejected {
		problems = fresh.Rules().Problems
		fresh.Close()
		err = fmt.Errorf("%d of the rules are rejected, and were %d before", fresh.Rules().Rejected, last.Rules().Rejected)
	}
	if err != nil {
		const named = 10
		for i, p := range problems.Errors() {
			if i < named {
				s.options.Log.Error(p.String())
			}
		}
		s.refusedReloads.Add(1)
		return fmt.Errorf("%w: the last good rules stay, %d of them", err, len(last.Rules().Rules))
	}
	s.now.Store(&generation{engine: fresh})
	last.Close()
	s.reloads.Add(1)
	return nil
}

// Summary says in one line which rules run.
func (s *Server) Summary() string { return s.now.Load().engine.Rules().Summary() }

func (g *generation) borrow() *pipeline.Judge {
	if j, ok := g.judges.Get().(*pipeline.Judge); ok {
		return j
	}
	return g.engine.NewJudge()
}
