// Host measures what filters add to the CPU that Fluent Bit takes for a record, sigma's and those of its own that do something comparable. It runs the
// host again and again, each time with another filter, and compares with the runs without one.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"sigmatrail/bench/fluentbit"
	"sigmatrail/bench/sample"
)

type options struct {
	build                 string
	runs, copies, records int
	watch                 time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.build, "build", "build", "the folder of the built plugin, where files for the host and bench-host.json are written")
	flag.IntVar(&o.runs, "runs", 21, "how often the host runs with each filter")
	flag.IntVar(&o.copies, "copies", 4, "how many of a filter stand behind each other, so that what one adds is seen above the noise")
	flag.IntVar(&o.records, "records", 40_000, "how many records a run has")
	flag.DurationVar(&o.watch, "watch", 30*time.Second, "how long trickling and idle hosts are watched")
	flag.Parse()
	if _, err := exec.LookPath("fluent-bit"); err != nil {
		fmt.Println("bench-host: skipped: fluent-bit is not on PATH")
		return
	}
	if err := bench(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench-host:", err)
		os.Exit(1)
	}
}

// setup is one way to run the host. Those with the same base read the same records as it, without a filter.
type setup struct {
	name, base, input, filter string
	routing                   string // what stands behind the input in place of copies of a filter
	copies                    int    // of the filter, or of sigma in the routing
	planted                   bool   // a record with a hit in every chunk
	config, first             string
	cpus, firsts              []float64 // of each run, with all records and with one

	// Added is what one filter adds to the CPU for a record, as a share of what that costs without filters. Over is that to the control's.
	Added sample.Spread `json:"added_over_no_filter"`
	Over  float64       `json:"added_over_control"`
}

const (
	grep   = `name: grep, regex: "eventVersion ."`
	lua    = `name: lua, call: f, code: "function f(tag, time, record) return 0, 0, 0 end"`
	modify = `name: modify, condition: "Key_value_equals eventID $MARKER", add: "note$N seen"`
	sigma  = `name: sigma, rules: builtin`
)

func setups(c *fluentbit.Corpus, copies int) []*setup {
	const megabyte, little, exit = "1M", "32k", ", exit_on_eof: on"
	quiet, hits, small := fluentbit.Tail(c.Quiet, megabyte, exit), fluentbit.Tail(c.Hits, megabyte, exit), fluentbit.Tail(c.Quiet, little, exit)
	list := []*setup{
		{name: "no filter", input: quiet},
		{name: "grep, keeps all", base: "no filter", input: quiet, filter: grep},
		{name: "lua, does nothing", base: "no filter", input: quiet, filter: lua},
		{name: "sigma, no hits", base: "no filter", input: quiet, filter: sigma},
		{name: "no filter, hits", input: hits},
		{name: "modify, 0.14 % of records", base: "no filter, hits", input: hits, filter: strings.ReplaceAll(modify, "$MARKER", c.Marker)},
		{name: "sigma, a hit in every chunk", base: "no filter, hits", input: hits, filter: sigma, planted: true},
	}
	list = append(list, routings(hits)...)
	list = append(list, []*setup{
		{name: "no filter, 32 KiB chunks", input: small},
		{name: "grep, 32 KiB chunks", base: "no filter, 32 KiB chunks", input: small, filter: grep},
		{name: "sigma, no hits, 32 KiB chunks", base: "no filter, 32 KiB chunks", input: small, filter: sigma},
	}...)
	for _, s := range list {
		if s.copies == 0 {
			s.copies = copies
		}
	}
	return list
}

func bench(o options) error {
	plugin, err := filepath.Abs(filepath.Join(o.build, "flb-filter_sigma.so"))
	if err != nil {
		return err
	}
	folder := filepath.Dir(plugin)
	c, err := fluentbit.NewCorpus(folder, "host", o.records)
	if err != nil {
		return err
	}
	h := fluentbit.Host{Folder: folder, Plugin: plugin, Service: "flush: 0.2, grace: 1"}
	list := setups(c, o.copies)
	for i, s := range list {
		rest := s.routing
		if rest == "" {
			rest = behind(s.filter, s.copies)
		}
		if s.config, err = h.Config("host-"+strconv.Itoa(i), s.input, rest); err != nil {
			return err
		}
		one := strings.NewReplacer(c.Quiet, c.One, c.Hits, c.One).Replace(s.input)
		if s.first, err = h.Config("host-"+strconv.Itoa(i)+"-one", one, rest); err != nil {
			return err
		}
	}
	for n := range o.runs {
		fmt.Fprintf(os.Stderr, "bench-host: round %d of %d\n", n+1, o.runs)
		for _, s := range list {
			if err := s.run(h, c); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	fmt.Fprintln(os.Stderr, "bench-host: watching")
	seldom, err := watch(h, c, o.watch)
	if err != nil {
		return err
	}
	sum(list)
	report(list, seldom, o)
	return save(folder, list, seldom)
}

// run runs the host once on all records, and at first on one alone, which is what starting costs.
func (s *setup) run(h fluentbit.Host, c *fluentbit.Corpus) error {
	p, err := h.Run(s.config)
	if err != nil {
		return err
	}
	s.cpus = append(s.cpus, p.CPU)
	const enough = 7 // starting takes little, and a run is long
	if len(s.firsts) < enough {
		first, err := h.Run(s.first)
		if err != nil {
			return err
		}
		s.firsts = append(s.firsts, first.CPU)
	}
	if !strings.Contains(s.input+s.filter+s.routing, sigma) {
		return nil
	}
	matched := 0
	if s.planted {
		matched = c.Planted
	}
	want := fmt.Sprintf("sigmatrail: %d events = %d matched + %d unmatched + 0 not CloudTrail", c.Records, matched, c.Records-matched)
	if n := strings.Count(p.Log, want); n != s.copies {
		return fmt.Errorf("%d of %d filters say %q:\n%s", n, s.copies, want, p.Log)
	}
	return nil
}

// sum works out what the filters add, run by run.
func sum(list []*setup) {
	byName := make(map[string]*setup)
	for _, s := range list {
		byName[s.name] = s
	}
	for _, s := range list {
		base := byName[s.base]
		if base == nil {
			continue
		}
		start, baseStart := sample.Median(s.firsts), sample.Median(base.firsts)
		work := sample.Median(append([]float64(nil), base.cpus...)) - baseStart
		var added []float64
		for i := range s.cpus {
			added = append(added, ((s.cpus[i]-start)-(base.cpus[i]-baseStart))/float64(s.copies)/work)
		}
		s.Added = sample.Of(added)
	}
	for _, s := range list {
		if s.base != "" {
			control := byName["grep, keeps all"]
			switch {
			case strings.Contains(s.name, "32 KiB"):
				control = byName["grep, 32 KiB chunks"]
			case s.copies == 1:
				control = byName[sigmaAlone]
			}
			s.Over = s.Added.Median / control.Added.Median
		}
	}
}

func save(folder string, list []*setup, seldom []rare) error {
	all := make(map[string]any)
	for _, s := range list {
		if s.base != "" {
			all[s.name] = s
		}
	}
	for _, r := range seldom {
		all[r.name] = r
	}
	text, err := json.MarshalIndent(all, "", "  ")
	return errors.Join(err, os.WriteFile(filepath.Join(folder, "bench-host.json"), append(text, '\n'), 0o600))
}
