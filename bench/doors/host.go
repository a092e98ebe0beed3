package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"sigmatrail/bench/fluentbit"
	"sigmatrail/bench/sample"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/forward/receiver"
)

// hostDoor is a pipeline of a Fluent Bit that ends at a receiver.
type hostDoor struct {
	host         fluentbit.Host
	name, behind string
	count        counter
	corpus       *fluentbit.Corpus
	firsts       []run // of one record: what starting takes
}

const (
	// Both outputs have one worker, and never give up.
	sending  = "match: ct, workers: 1, retry_limit: no_limits, require_ack_response: on"
	filter   = "  filters:\n    - {name: sigma, match: ct, rules: builtin}\n"
	forward  = "  outputs:\n    - {name: forward, host: 127.0.0.1, port: $PORT, " + sending + "}\n"
	goOutput = "  outputs:\n    - {name: sigma, rules: builtin, forward_host: 127.0.0.1, forward_port: $PORT, " + sending + "}\n"
)

func hostDoors(folder string, c *fluentbit.Corpus) ([]*door, error) {
	var list []*door
	count := newCounter(c, "\xa5sigma")
	for _, d := range []struct{ name, short, plugin, behind string }{
		{viaFilter, "filter", "flb-filter_sigma.so", filter + forward},
		{viaOutput, "output", "out_sigma.so", goOutput},
		{viaNothing, "none", "flb-filter_sigma.so", forward},
	} {
		host := fluentbit.Host{Folder: folder, Plugin: filepath.Join(folder, d.plugin), Service: "flush: 0.1, grace: 30, scheduler.base: 1, scheduler.cap: 1"}
		way := &hostDoor{host: host, name: "doors-" + d.short, behind: d.behind, count: count, corpus: c}
		list = append(list, &door{name: d.name, control: d.name == viaNothing, pass: way.pass})
		const enough = 5 // starting takes little, and a run is long
		for range enough {
			first, err := way.send(c.One)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", d.name, err)
			}
			way.firsts = append(way.firsts, first)
		}
	}
	return list, nil
}

// pass sends all records.
func (d *hostDoor) pass() (run, error) {
	r, err := d.send(d.corpus.Hits)
	var seconds, cpu []float64
	for _, first := range d.firsts {
		seconds, cpu = append(seconds, first.seconds), append(cpu, first.cpu)
	}
	r.seconds -= sample.Median(seconds)
	r.cpu -= sample.Median(cpu)
	return r, err
}

// send runs a host until it has sent a file. Of a run it returns the time from the host's start on.
func (d *hostDoor) send(file string) (r run, err error) {
	var last atomic.Int64 // nanoseconds after begin
	begin := time.Now()
	received, err := receiver.Listen(receiver.Options{Answered: func(receiver.Message) { last.Store(int64(time.Since(begin))) }})
	if err != nil {
		return r, err
	}
	// Without a limit a file is read to its end before the host does anything else.
	const some = "1M"
	input := fluentbit.Tail(file, some, ", static_batch_size: "+some+", exit_on_eof: on")
	config, err := d.host.Config(d.name, input, strings.ReplaceAll(d.behind, "$PORT", strconv.Itoa(received.Port())))
	if err != nil {
		return r, err
	}
	process, err := d.host.Run(config)
	received.Stop()
	if err != nil {
		return r, err
	}
	r = run{seconds: time.Duration(last.Load()).Seconds(), cpu: process.CPU, log: process.Log}
	if faults := received.Faults(); len(faults) > 0 {
		return r, errors.New(strings.Join(faults, "\n"))
	}
	for _, m := range received.Messages() {
		for _, entry := range m.Entries {
			var ev chunk.Event
			if w := chunk.NewWalker(entry); !w.Next(&ev) || ev.Kind != chunk.Log {
				return r, fmt.Errorf("no event: %x", entry)
			}
			d.count.add(&r.arrived, entry[ev.BodyStart:ev.BodyEnd])
		}
	}
	return r, nil
}
