package main

import (
	"flag"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what scripts expect to be printed")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sigmatrail": main})
}

// TestScripts runs testdata/script: each file is a session on a command line and what it must print. $ADDRESS and $OTHER are free to listen on.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *update,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"http": httpCommand, "until": untilCommand, "signal": signalCommand},
		Setup: func(e *testscript.Env) error {
			for _, name := range []string{"ADDRESS", "OTHER"} {
				l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
				if err != nil {
					return err
				}
				e.Setenv(name, l.Addr().String())
				if err := l.Close(); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

func signals() map[string]os.Signal {
	return map[string]os.Signal{"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "TERM": syscall.SIGTERM}
}
