package main

import (
	"flag"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what scripts expect to be printed")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sigmatrail": main})
}

// TestScripts runs testdata/script: each file is a session on a command line and what it must print.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", UpdateScripts: *update})
}
