package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"

	"sigmatrail/bench/sample"
)

// child runs this program once more, as a process that does one thing and prints into as JSON.
func child(cmd *exec.Cmd, into any) (sample.Process, error) {
	var out bytes.Buffer
	cmd.Stdout = &out
	p, err := sample.Run(cmd)
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		return p, fmt.Errorf("what %v printed: %w", cmd.Args, err)
	}
	return p, nil
}
