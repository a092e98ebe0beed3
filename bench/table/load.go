package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"sigmatrail/conf"
	"sigmatrail/internal/mixes"
	"sigmatrail/internal/pipeline"
	"sigmatrail/rules"
)

// loading is what it takes to load all of SigmaHQ's rules.
type loading struct {
	Files   int     `json:"files"`
	Rules   int     `json:"rules_compiled"`
	Seconds float64 `json:"seconds"`
	MiB     float64 `json:"mib"`
}

// load loads the rules in this process, which has done nothing else yet. forced compiles those about other logs, too.
func load(forced bool) (loading, error) {
	shared, reason, ok := mixes.Open()
	if !ok {
		return loading{}, errors.New(reason)
	}
	settings := conf.Default()
	settings.Rules = filepath.Clean(filepath.Join(shared.SigmaHQ(), "../../../.."))
	before, err := anonymous()
	if err != nil {
		return loading{}, err
	}
	start := pipeline.New
	if forced {
		files, err := shared.AllRules()
		if err != nil {
			return loading{}, err
		}
		start = func(s conf.Settings) (*pipeline.Engine, error) { return force(s, files) }
	}
	begin := time.Now()
	engine, err := start(settings)
	if err != nil {
		return loading{}, err
	}
	took := time.Since(begin)
	after, err := anonymous()
	l := loading{Files: engine.Rules().Files, Rules: len(engine.Rules().Rules), Seconds: took.Seconds(), MiB: after - before}
	runtime.KeepAlive(engine)
	return l, err
}

// force loads files of rules that are all about CloudTrail.
func force(settings conf.Settings, files []rules.File) (*pipeline.Engine, error) {
	set := rules.ParseFiles(files, rules.Options{})
	program, err := pipeline.NewProgram(set, settings.Key)
	if err != nil {
		return nil, err
	}
	return pipeline.NewEngine(settings, program)
}

// anonymous returns the resident anonymous memory of this process in MiB, without what is garbage.
func anonymous() (float64, error) {
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 64)
			return kib / 1024, err
		}
	}
	return 0, errors.New("/proc/self/status has no RssAnon")
}
