package main

import (
	"os/exec"
	"time"

	"sigmatrail/bench/fluentbit"
	"sigmatrail/bench/sample"
)

// watched returns the seconds of CPU that hosts with these configurations, all at once, take in a while, after they have started.
func watched(h fluentbit.Host, configs []string, while time.Duration) ([]float64, error) {
	const start = 5 * time.Second
	running := make([]*exec.Cmd, 0, len(configs))
	defer func() {
		for _, cmd := range running {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}()
	for _, config := range configs {
		cmd := h.Command(config)
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

// cpus returns the seconds of CPU that the processes have taken so far.
func cpus(running []*exec.Cmd) ([]float64, error) {
	list := make([]float64, len(running))
	for i, cmd := range running {
		var err error
		if list[i], err = sample.CPU(cmd.Process.Pid); err != nil {
			return nil, err
		}
	}
	return list, nil
}
