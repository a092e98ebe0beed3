package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"sigmatrail/bench/fluentbit"
)

// rare is a host that has little to do, with one filter and without.
type rare struct {
	name string

	Without float64 `json:"cpu_per_second_without"`
	With    float64 `json:"cpu_per_second_with"`
}

// watch measures hosts with one record a second and with none.
func watch(h fluentbit.Host, c *fluentbit.Corpus, while time.Duration) ([]rare, error) {
	text, err := os.ReadFile(c.One)
	if err != nil {
		return nil, err
	}
	var configs []string
	for name, input := range map[string]string{"second": dummy(strings.TrimSpace(string(text))), "idle": fluentbit.Tail(c.Empty, "1M", "")} {
		for kind, filter := range map[string]string{"without": "", "with": sigma} {
			if _, err := h.Config("host-"+name+"-"+kind, input, behind(filter, 1)); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range []string{"second-without", "second-with", "idle-without", "idle-with"} {
		configs = append(configs, h.Folder+"/host-"+name+".yaml")
	}
	took, err := watched(h, configs, while)
	if err != nil {
		return nil, err
	}
	for i := range took {
		took[i] /= while.Seconds()
	}
	return []rare{{"one record a second", took[0], took[1]}, {"idle", took[2], took[3]}}, nil
}

func report(list []*setup, seldom []rare, o options) {
	fmt.Printf("CPU of the whole host, user and system, %d interleaved runs of %d records, %d of each filter behind each other but one in routings and formats; what starting takes is left out.\n", o.runs, o.records, o.copies)
	fmt.Printf("What one filter adds for a record: in %% of what the host takes without filters, median (p10 to p90); to what its control adds.\n\n")
	by := make(map[string]*setup)
	for _, s := range list {
		by[s.name] = s
		if s.base == "" {
			fmt.Printf("%s\n", s.name)
			continue
		}
		control := "grep"
		if s.copies == 1 {
			control = sigmaAlone
		}
		fmt.Printf("  %-36s%7.1f %% (%.1f to %.1f)%10.2f × %s\n", s.name, 100*s.Added.Median, 100*s.Added.P10, 100*s.Added.P90, s.Over, control)
	}
	fmt.Println()
	for _, r := range seldom {
		fmt.Printf("%s: %.3f ms of CPU a second without a filter, %.3f ms with sigma\n", r.name, 1000*r.Without, 1000*r.With)
	}
	fmt.Println()
	verdict("without hits sigma adds less than grep", by["sigma, no hits"], by["grep, keeps all"])
	verdict("with a hit in every chunk sigma adds less than modify", by["sigma, a hit in every chunk"], by["modify, 0.14 % of records"])
}

func verdict(what string, sigma, other *setup) {
	text := "met"
	if sigma.Added.Median >= other.Added.Median {
		text = "NOT MET"
	}
	fmt.Printf("%s: %.2f of it: %s\n", what, sigma.Added.Median/other.Added.Median, text)
}
