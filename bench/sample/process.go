package sample

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Process is what a process cost.
type Process struct {
	// Seconds is the time that went by, CPU that of all threads, user and system.
	Seconds, CPU float64
	// RSS is the most resident memory, in MiB.
	RSS float64
	// Log is what it wrote to standard error.
	Log string
}

// Run runs a process to its end.
func Run(cmd *exec.Cmd) (Process, error) {
	var log bytes.Buffer
	cmd.Stderr = &log
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		return Process{}, fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, log.String())
	}
	state := cmd.ProcessState
	p := Process{Seconds: time.Since(begin).Seconds(), CPU: (state.UserTime() + state.SystemTime()).Seconds(), Log: log.String()}
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		p.RSS = float64(usage.Maxrss) / 1024
	}
	return p, nil
}

// CPU returns the seconds of CPU that the threads of a running process have taken so far, to the nanosecond, which the tick of other counters is too coarse
// for.
func CPU(pid int) (seconds float64, err error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(tasks) == 0 {
		return 0, fmt.Errorf("process %d has ended, or the system does not say what its threads take", pid)
	}
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			return 0, err
		}
		var ns float64
		if _, err := fmt.Sscan(string(text), &ns); err != nil {
			return 0, err
		}
		seconds += ns / 1e9
	}
	return seconds, nil
}
