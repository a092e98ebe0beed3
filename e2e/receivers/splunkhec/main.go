// Command splunkhec runs the OpenTelemetry Collector's splunk_hec receiver and writes what it has received as JSON lines on standard output.
// It is a module of its own, so that nothing of the Collector is among the product's dependencies.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/splunkhecreceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8088", "`address` to receive on")
	flag.Parse()
	if err := run(*listen); err != nil {
		fmt.Fprintln(os.Stderr, "splunkhec:", err)
		os.Exit(1)
	}
}

// run receives until standard input ends, so that the receiver does not outlive whoever has started it.
func run(listen string) error {
	ctx := context.Background()
	r, err := newReceiver(ctx, listen, &writer{out: json.NewEncoder(os.Stdout)})
	if err != nil {
		return err
	}
	if err := r.Start(ctx, componenttest.NewNopHost()); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return r.Shutdown(ctx)
}

func newReceiver(ctx context.Context, listen string, w *writer) (receiver.Logs, error) {
	logger, err := zap.NewDevelopment() // which also says why a request was refused
	if err != nil {
		return nil, err
	}
	logs, err := consumer.NewLogs(w.write)
	if err != nil {
		return nil, err
	}
	factory := splunkhecreceiver.NewFactory()
	config := factory.CreateDefaultConfig().(*splunkhecreceiver.Config)
	config.Endpoint = listen
	config.AccessTokenPassthrough = true
	telemetry := componenttest.NewNopTelemetrySettings()
	telemetry.Logger = logger
	return factory.CreateLogs(ctx, receiver.Settings{ID: component.NewID(factory.Type()), TelemetrySettings: telemetry}, config, logs)
}

// record is what the receiver made of one event.
type record struct {
	Time       int64          `json:"time"` // in nanoseconds since 1970
	Host       string         `json:"host"`
	Source     string         `json:"source"`
	SourceType string         `json:"sourcetype"`
	Index      string         `json:"index"`
	Token      string         `json:"token"` // what came in Authorization behind Splunk
	Fields     map[string]any `json:"fields"`
	Body       any            `json:"body"`
}

type writer struct {
	mu  sync.Mutex
	out *json.Encoder
}

// write writes a line for each record; the sender is answered when that is done.
func (w *writer) write(_ context.Context, logs plog.Logs) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, resource := range logs.ResourceLogs().All() {
		meta := func(key string) string {
			if v, ok := resource.Resource().Attributes().Get(key); ok {
				return v.Str()
			}
			return ""
		}
		for _, scope := range resource.ScopeLogs().All() {
			for _, l := range scope.LogRecords().All() {
				if err := w.out.Encode(record{
					Time: l.Timestamp().AsTime().UnixNano(), Host: meta("host.name"), Source: meta("com.splunk.source"),
					SourceType: meta("com.splunk.sourcetype"), Index: meta("com.splunk.index"), Token: meta("com.splunk.hec.access_token"),
					Fields: l.Attributes().AsRaw(), Body: l.Body().AsRaw(),
				}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
