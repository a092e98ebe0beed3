package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"sigmatrail/conf"
	"sigmatrail/correlate"
	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/serve"
)

type serveCommand struct {
	conf.Settings `embed:""`

	Listen          string        `default:"127.0.0.1:8686" placeholder:"ADDRESS" help:"Address and port to take batches on. Whoever reaches it may send: there is no authentication."`
	Upstream        *url.URL      `placeholder:"URL" help:"Where enriched batches are posted, such as http://127.0.0.1:8687/; a batch is answered when they were taken there. Without it they are the response."`
	MaxBody         int64         `default:"33554432" placeholder:"BYTES" help:"Largest body of a request, as it comes and unpacked."`
	MaxRequests     int           `default:"16" placeholder:"N" help:"Most batches that are worked on at once; more are answered with 429."`
	ReadTimeout     time.Duration `default:"30s" placeholder:"TIME" help:"Longest time in which a request must have come in, and a batch in a response must have been read."`
	UpstreamTimeout time.Duration `default:"45s" placeholder:"TIME" help:"Longest time that the upstream may take to answer; then 503. The sender must wait longer."`
	Lateness        time.Duration `name:"correlation-lateness" default:"15m" placeholder:"TIME" help:"How much later than others of its account and region a record may come and still be correlated in the order of event times."`
	MaxGroups       int           `name:"correlation-max-groups" default:"100000" placeholder:"N" help:"Most groups of events that correlations keep, all together; 0 is no bound."`
	MaxEvents       int           `name:"correlation-max-events" default:"1000" placeholder:"N" help:"Most events that a group keeps; never fewer than a condition needs; 0 is no bound."`
	State           string        `name:"correlation-state" placeholder:"FILE" help:"File in which what correlations remember survives restarts."`
	Grace           time.Duration `default:"30s" placeholder:"TIME" help:"On SIGTERM, longest time for finishing requests in flight."`
}

// Validate refuses what the types of the flags cannot rule out.
func (c *serveCommand) Validate() error {
	if c.Upstream != nil && (c.Upstream.Host == "" || (c.Upstream.Scheme != "http" && c.Upstream.Scheme != "https")) {
		return fmt.Errorf("upstream: %q is no address such as http://127.0.0.1:8687/", c.Upstream)
	}
	if c.MaxBody < 1 || c.MaxRequests < 1 || c.ReadTimeout <= 0 || c.UpstreamTimeout <= 0 || c.Grace <= 0 {
		return errors.New("max-body, max-requests, read-timeout, upstream-timeout and grace must be more than 0")
	}
	c.CorrelationLateness, c.CorrelationMaxGroups, c.CorrelationMaxEvents, c.CorrelationState = c.Lateness, c.MaxGroups, c.MaxEvents, c.State
	return c.Settings.Validate()
}

// Run serves until SIGTERM or SIGINT. SIGHUP reads the rules again.
func (c *serveCommand) Run(std streams) error {
	log := slog.New(slog.NewTextHandler(std.err, nil))
	state, err := openState(c.Settings, log)
	if err != nil {
		return err
	}
	engine, err := openWith(std, c.Settings, state)
	if err != nil {
		return errors.Join(err, state.Close())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal does not wait
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)

	s := serve.New(engine, serve.Options{
		Settings: c.Settings, State: state, Version: version, Upstream: c.Upstream, MaxBody: c.MaxBody, MaxRequests: c.MaxRequests, ReadTimeout: c.ReadTimeout,
		Timeout: c.UpstreamTimeout, Grace: c.Grace, Log: log,
	})
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("listen: %w", err), state.Close())
	}
	if a, ok := l.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
		log.Warn("other machines can send here, and nothing asks who they are", "address", a.String())
	}
	log.Info("serving", "address", l.Addr().String(), "upstream", c.upstream(), "rules", engine.Rules().Summary())
	go reloads(ctx, reload, s, log)
	err = s.Run(ctx, l)
	log.Info("stopped", "accounts", s.Accounts().String())
	return errors.Join(err, state.Close())
}

// openState returns what correlations remember in.
func openState(s conf.Settings, log *slog.Logger) (*correlate.State, error) {
	if s.CorrelationState == "" {
		return correlate.NewState(pipeline.StateOptions(s)), nil
	}
	state, err := correlate.OpenState(s.CorrelationState, pipeline.StateOptions(s), func(line string, wrong bool) {
		if wrong {
			log.Error(line)
		} else {
			log.Info(line)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("correlation-state: %w", err)
	}
	return state, nil
}

func (c *serveCommand) upstream() string {
	if c.Upstream == nil {
		return "none: batches are given back"
	}
	return c.Upstream.Redacted()
}

// reloads reads the rules again at each signal, until ctx ends.
func reloads(ctx context.Context, signals <-chan os.Signal, s *serve.Server, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
		}
		if err := s.Reload(); err != nil {
			log.Error("reload", "error", err)
		} else {
			log.Info("reloaded", "rules", s.Summary())
		}
	}
}
