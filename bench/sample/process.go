package sample

import (
	"bytes"
	"fmt"
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
