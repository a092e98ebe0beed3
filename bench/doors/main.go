// Doors measures the engine behind each of its doors that a stream passes: the filter and the Go output of Fluent Bit, and serve. What receives answers for
// each batch, and all doors have the same records.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"sigmatrail/bench/fluentbit"
	"sigmatrail/bench/sample"
)

type options struct {
	build         string
	runs, records int
}

func main() {
	var o options
	flag.StringVar(&o.build, "build", "build", "the folder of what was built, where files for the host and bench-doors.json are written")
	flag.IntVar(&o.runs, "runs", 9, "how often records pass each door")
	flag.IntVar(&o.records, "records", 100_000, "how many records a run has")
	flag.Parse()
	if _, err := exec.LookPath("fluent-bit"); err != nil {
		fmt.Println("bench-doors: skipped: fluent-bit is not on PATH")
		return
	}
	if err := bench(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench-doors:", err)
		os.Exit(1)
	}
}

// run is what all records took at a door.
type run struct {
	// seconds is the time until the last record was acknowledged, cpu what the door's process took; both without what starting takes.
	seconds, cpu float64
	arrived      arrival
	// log is what the door's process has said.
	log string
}

// door is one way that records pass. A control has no engine in it.
type door struct {
	name    string
	control bool
	pass    func() (run, error)

	rates, cpus []float64 // of each run: records a second, and microseconds of CPU a record

	Rate     sample.Spread  `json:"records_per_second"`
	CPU      *sample.Spread `json:"cpu_us_per_record,omitempty"`
	RateOver sample.Spread  `json:"records_per_second_over_filter"`
	CPUOver  *sample.Spread `json:"cpu_over_filter,omitempty"`
	// RateOverControl is to the control of the same kind.
	RateOverControl *sample.Spread `json:"records_per_second_over_control,omitempty"`
	CPUOverControl  *sample.Spread `json:"cpu_over_control,omitempty"`
}

const (
	viaFilter  = "Fluent Bit, filter"
	viaOutput  = "Fluent Bit, Go output"
	viaNothing = "Fluent Bit, no sigma"
	viaServe   = "serve"
	direct     = "no serve"
)

func bench(o options) error {
	folder, err := filepath.Abs(o.build)
	if err != nil {
		return err
	}
	c, err := fluentbit.NewCorpus(folder, "doors", o.records)
	if err != nil {
		return err
	}
	hosts, err := hostDoors(folder, c)
	if err != nil {
		return err
	}
	web, err := webDoors(folder, c)
	if err != nil {
		return err
	}
	check := newAccount(c)
	before := load()
	for n := range o.runs {
		fmt.Fprintf(os.Stderr, "bench-doors: round %d of %d\n", n+1, o.runs)
		for i, list := range [][]*door{hosts, web} {
			for _, d := range list {
				r, err := d.pass()
				if err == nil {
					err = check.of(d, form(i), r)
				}
				if err != nil {
					return fmt.Errorf("%s: %w", d.name, err)
				}
				d.rates = append(d.rates, float64(o.records)/r.seconds)
				d.cpus = append(d.cpus, r.cpu/float64(o.records)*1e6)
			}
		}
	}
	list := append(hosts, web...)
	sum(list)
	machine := fmt.Sprintf("load of the machine %s before and %s after", before, load())
	report(list, o, machine, check.hits)
	return save(folder, list, machine)
}

func save(folder string, list []*door, machine string) error {
	all := map[string]any{"machine": machine}
	for _, d := range list {
		all[d.name] = d
	}
	text, err := json.MarshalIndent(all, "", "  ")
	return errors.Join(err, os.WriteFile(filepath.Join(folder, "bench-doors.json"), append(text, '\n'), 0o600))
}
