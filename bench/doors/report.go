package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"sigmatrail/bench/sample"
)

// sum works out the ratios, round by round.
func sum(list []*door) {
	by := make(map[string]*door)
	for _, d := range list {
		by[d.name] = d
	}
	filter := by[viaFilter]
	for _, d := range list {
		control := by[viaNothing]
		if d.name == viaServe {
			control = by[direct]
		}
		d.RateOver = over(d.rates, filter.rates)
		if d.name != direct { // what takes the batches there is this process, which posts them too
			d.CPUOver = new(over(d.cpus, filter.cpus))
		}
		if d.control {
			continue
		}
		d.RateOverControl = new(over(d.rates, control.rates))
		if d.name != viaServe {
			d.CPUOverControl = new(over(d.cpus, control.cpus))
		}
	}
	for _, d := range list { // which sorts the rounds
		d.Rate = sample.Of(d.rates)
		if d.name != direct {
			d.CPU = new(sample.Of(d.cpus))
		}
	}
}

// over returns the ratios of what was measured in the same rounds.
func over(some, others []float64) sample.Spread {
	ratios := slices.Clone(some)
	for i := range ratios {
		ratios[i] /= others[i]
	}
	return sample.Of(ratios)
}

// load is how many threads have wanted to run in the last minute.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(text), " ")
	return one
}

func report(list []*door, o options, machine, hits string) {
	fmt.Printf("%d interleaved runs, acknowledged; at each engine %s. What starting takes is left out. %s.\n", o.runs, hits, machine)
	fmt.Printf("Median (p10 to p90); the control of serve is posting without it, that of the others Fluent Bit without sigma.\n\n")
	fmt.Printf("%-24s%14s%24s%24s%14s%24s%24s\n", "", "records/s", "× filter", "× control", "µs CPU/record", "× filter", "× control")
	for _, d := range list {
		fmt.Printf("%-24s%14.0f%24s%24s", d.name, d.Rate.Median, text(&d.RateOver), text(d.RateOverControl))
		if d.CPU != nil {
			fmt.Printf("%14.1f%24s%24s", d.CPU.Median, text(d.CPUOver), text(d.CPUOverControl))
		}
		fmt.Println()
	}
}

func text(s *sample.Spread) string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.Median, s.P10, s.P90)
}
