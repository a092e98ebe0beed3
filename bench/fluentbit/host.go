// Package fluentbit is what benchmarks in the fluent-bit on PATH share: the host, and the records that it reads.
package fluentbit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"sigmatrail/bench/sample"
)

// Host is a Fluent Bit and what it needs.
type Host struct {
	// Folder is where configurations are written.
	Folder string
	// Plugin is the path of the shared object that the host loads.
	Plugin string
	// Service is the properties of its service, such as "flush: 0.2, grace: 1".
	Service string
}

// Tail is an input that reads a file from its beginning, in chunks of a size; more is further properties, each with a comma in front.
func Tail(path, chunk, more string) string {
	return fmt.Sprintf("{name: tail, tag: ct, path: %s, parser: json, read_from_head: on, buffer_chunk_size: %s, buffer_max_size: 4M%s}", path, chunk, more)
}

// Config writes a configuration of an input and of what stands behind it, under a name, and returns its path.
func (h Host) Config(name, input, behind string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "service: {%s, log_level: info}\nparsers:\n  - {name: json, format: json}\npipeline:\n  inputs:\n    - %s\n%s", h.Service, input, behind)
	path := filepath.Join(h.Folder, name+".yaml")
	return path, os.WriteFile(path, []byte(b.String()), 0o600)
}

// Command is the host with a configuration, not yet started.
func (h Host) Command(config string) *exec.Cmd {
	return exec.Command("fluent-bit", "-e", h.Plugin, "-c", config)
}

// Run runs the host until its file ends.
func (h Host) Run(config string) (sample.Process, error) { return sample.Run(h.Command(config)) }
