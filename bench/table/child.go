package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// ran is what a process cost.
type ran struct{ seconds, cpu, rss float64 }

// run runs a process.
func run(cmd *exec.Cmd) (ran, error) {
	var errors bytes.Buffer
	cmd.Stderr = &errors
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		return ran{}, fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, errors.String())
	}
	r := ran{seconds: time.Since(begin).Seconds()}
	state := cmd.ProcessState
	r.cpu = (state.UserTime() + state.SystemTime()).Seconds()
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		r.rss = float64(usage.Maxrss) / 1024
	}
	return r, nil
}

// child runs a process that prints into as JSON.
func child(cmd *exec.Cmd, into any) (ran, error) {
	var out bytes.Buffer
	cmd.Stdout = &out
	r, err := run(cmd)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		return r, fmt.Errorf("%s: %w", filepath.Base(cmd.Path), err)
	}
	return r, nil
}
