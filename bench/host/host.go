package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"sigmatrail/bench/sample"
)

// host is a Fluent Bit and what it needs.
type host struct {
	folder, plugin string
}

// tail reads a file to its end, in chunks of a size.
func tail(path, chunk, more string) string {
	return fmt.Sprintf("{name: tail, tag: ct, path: %s, parser: json, read_from_head: on, buffer_chunk_size: %s, buffer_max_size: 4M%s}", path, chunk, more)
}

// dummy makes one record a second.
func dummy(record string) string {
	return fmt.Sprintf("{name: dummy, tag: ct, rate: 1, dummy: '%s'}", strings.ReplaceAll(record, "'", "''"))
}

// config writes a configuration of an input and of what stands behind it, and returns its name.
func (h host) config(name, input, behind string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "service: {flush: 0.2, grace: 1, log_level: info}\nparsers:\n  - {name: json, format: json}\npipeline:\n  inputs:\n    - %s\n%s", input, behind)
	path := filepath.Join(h.folder, "host-"+name+".yaml")
	return path, os.WriteFile(path, []byte(b.String()), 0o600)
}

// behind is copies of a filter and an output that drops everything.
func behind(filter string, copies int) string {
	var b strings.Builder
	if filter != "" {
		b.WriteString("  filters:\n")
		for n := range copies {
			fmt.Fprintf(&b, "    - {match: ct, %s}\n", strings.ReplaceAll(filter, "$N", strconv.Itoa(n)))
		}
	}
	b.WriteString("  outputs:\n    - {name: 'null', match: ct}\n")
	return b.String()
}

func (h host) command(config string) *exec.Cmd {
	return exec.Command("fluent-bit", "-e", h.plugin, "-c", config)
}

// run runs the host until its file ends.
func (h host) run(config string) (sample.Process, error) { return sample.Run(h.command(config)) }

// watched returns the seconds of CPU that hosts with these configurations, all at once, take in a while, after they have started.
func (h host) watched(configs []string, while time.Duration) ([]float64, error) {
	const start = 5 * time.Second
	running := make([]*exec.Cmd, 0, len(configs))
	defer func() {
		for _, cmd := range running {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}()
	for _, config := range configs {
		cmd := h.command(config)
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		running = append(running, cmd)
	}
	time.Sleep(start)
	before, err := cpus(running)
	if err != nil {
		return nil, err
	}
	time.Sleep(while)
	after, err := cpus(running)
	for i := range after {
		after[i] -= before[i]
	}
	return after, err
}

// cpus returns the seconds of CPU that the processes have taken so far, to the nanosecond, which the tick of other counters is too coarse for.
func cpus(running []*exec.Cmd) ([]float64, error) {
	list := make([]float64, len(running))
	for i, cmd := range running {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", cmd.Process.Pid))
		if err != nil || len(tasks) == 0 {
			return nil, fmt.Errorf("the host has ended, or the system does not say what its threads take: %w", err)
		}
		for _, task := range tasks {
			text, err := os.ReadFile(task)
			if err != nil {
				return nil, err
			}
			var ns float64
			if _, err := fmt.Sscan(string(text), &ns); err != nil {
				return nil, err
			}
			list[i] += ns / 1e9
		}
	}
	return list, nil
}
