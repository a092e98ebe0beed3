// Command sigmatrail runs Sigma rules over CloudTrail files with the same engine that the Fluent Bit plugin has.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// version is set by the linker.
var version = "dev"

// Exit codes: all is well, something is not, the command line is wrong, rules were checked and have warnings alone.
const (
	exitOK       = 0
	exitError    = 1
	exitUsage    = 2
	exitWarnings = 3
)

type cli struct {
	Check    checkCommand    `cmd:"" help:"Check rules and say what is wrong with them, and how to mend it."`
	Coverage coverageCommand `cmd:"" help:"Say which tactics and techniques of ATT&CK have rules, and what the rules need CloudTrail to record."`
	Explain  explainCommand  `cmd:"" help:"Say why a rule matches records, or why it does not."`
	Scan     scanCommand     `cmd:"" help:"Run rules over CloudTrail files and print what matches."`
	Serve    serveCommand    `cmd:"" help:"Take batches of records over HTTP, write hits on them and pass them on: for Vector."`
	Stats    statsCommand    `cmd:"" help:"Say how rules are found, and what they cost."`
	Test     testCommand     `cmd:"" help:"Run the tests of rules: events, with what the rules must say of each."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

// streams are where a command reads and writes; results go to out, all else to err.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// sayf writes to the error stream; there is nowhere to report that it failed.
func (s streams) sayf(format string, args ...any) { _, _ = fmt.Fprintf(s.err, format, args...) }

// errReported ends a command with exitError after it has said itself what went wrong.
var errReported = errors.New("reported")

// errWarnings ends a check that has found warnings alone.
var errWarnings = errors.New("warnings")

func main() {
	os.Exit(run(os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// run executes one command line and returns the exit code.
func run(args []string, std streams) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("sigmatrail"),
		kong.Description("Sigma detection rules on AWS CloudTrail records."),
		kong.Writers(std.out, std.err),
		kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.ValueFormatter(flagHelp),
	)
	if err != nil {
		std.sayf("sigmatrail: %v\n", err)
		return exitUsage
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		std.sayf("sigmatrail: %v\nRun sigmatrail --help, or sigmatrail COMMAND --help.\n", err)
		return exitUsage
	}
	switch err := command.Run(std); {
	case err == nil:
		return exitOK
	case errors.Is(err, errWarnings):
		return exitWarnings
	case errors.Is(err, errReported):
	default:
		std.sayf("sigmatrail: %v\n", err)
	}
	return exitError
}

// flagHelp adds to a flag's help what it accepts and what it is when it is not set.
func flagHelp(v *kong.Value) string {
	help := v.OrigHelp
	if v.Enum != "" {
		help += " One of " + strings.ReplaceAll(v.Enum, ",", ", ") + "."
	}
	if v.HasDefault && !v.IsBool() {
		help += " Default: " + v.Default + "."
	}
	return help
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(std streams) error {
	_, err := fmt.Fprintln(std.out, "sigmatrail", version)
	return err
}
