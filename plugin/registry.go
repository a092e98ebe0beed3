package main

import (
	"fmt"
	"sync"
	"weak"

	"sigmatrail/conf"
	"sigmatrail/internal/pipeline"
)

// process is what all instances of this process share. It outlives a hot reload of the host, which never unloads us.
var process registry //nolint:gochecknoglobals // the one process-wide registry that architecture.md allows

// registry maps handles to engines, and sources to programs. The zero value is empty and ready.
type registry struct {
	mu      sync.RWMutex
	last    uintptr
	engines map[uintptr]instance

	// loading makes instances that start at the same time load one after the other, so that equal rules are compiled once.
	loading sync.Mutex
	// programs finds a program that some instance still holds by what it was made of.
	programs map[pipeline.ID]weak.Pointer[pipeline.Program]
	// good has the last program that was accepted for the same properties rules, key and fields.
	good map[ruleKey]*pipeline.Program
	// reported notes the programs whose problems were logged.
	reported map[pipeline.ID]bool

	// warned is set once copies of this plugin were looked for.
	warned bool

	states     states
	background background
}

// instance is an engine that the host has a handle of.
type instance struct {
	*pipeline.Engine

	key   ruleKey
	state *sharedState // nil: the engine remembers by itself, for a moment
}

// close gives up what the instance shares with others.
func (i *instance) close() error {
	if i.Engine == nil {
		return nil
	}
	i.Close()
	return process.states.release(i.state)
}

// ruleKey is what stays the same of an instance when its rules change.
type ruleKey struct{ rules, key, fields string }

func keyOf(s conf.Settings) ruleKey { return ruleKey{s.Rules, s.Key, s.Fields} }

// add keeps e and returns its handle, which is never 0. The host knows engines by number: it must never hold a pointer of Go's.
func (r *registry) add(e instance) uintptr {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.engines == nil {
		r.engines = make(map[uintptr]instance)
	}
	r.last++
	r.engines[r.last] = e
	return r.last
}

// get returns the engine of a handle, or nil.
func (r *registry) get(handle uintptr) *pipeline.Engine {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.engines[handle].Engine
}

// serves reports whether some instance has these rules now.
func (r *registry) serves(key ruleKey) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, i := range r.engines {
		if i.key == key {
			return true
		}
	}
	return false
}

// remove forgets a handle and returns its instance, or an empty one.
func (r *registry) remove(handle uintptr) instance {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := r.engines[handle]
	delete(r.engines, handle)
	return i
}

// open loads the rules of s, or finds that they are loaded already, and returns the program to run. Where they may not run, or more of them
// are rejected than of the last good ones, those stay, if there are any and keep is set; otherwise that is an error.
func (r *registry) open(log hostLog, s conf.Settings, keep bool) (*pipeline.Program, error) {
	r.loading.Lock()
	defer r.loading.Unlock()
	key := keyOf(s)
	last := r.good[key]
	fresh, err := r.load(log, s)
	if err == nil {
		err = fresh.Acceptable(s)
	}
	switch {
	case err != nil && (last == nil || !keep):
		return nil, err
	case err != nil:
		log.lines(logError, fmt.Sprintf("%v: the last good rules stay, %d of them", err, len(last.Rules().Rules)))
		return last, nil
	case last != nil && fresh.Rules().Rejected > last.Rules().Rejected:
		log.lines(logError, fmt.Sprintf("%d of the rules in %q are rejected, and were %d before: the last good rules stay, %d of them",
			fresh.Rules().Rejected, s.Rules, last.Rules().Rejected, len(last.Rules().Rules)))
		return last, nil
	}
	if r.good == nil {
		r.good = make(map[ruleKey]*pipeline.Program)
	}
	r.good[key] = fresh
	return fresh, nil
}

// load returns the program of s. Its problems are logged when it is seen for the first time.
func (r *registry) load(log hostLog, s conf.Settings) (*pipeline.Program, error) {
	sources, err := pipeline.Read(s)
	if err != nil {
		return nil, err
	}
	id := sources.ID()
	p := r.programs[id].Value()
	if p == nil {
		if p, err = sources.Compile(); err != nil {
			return nil, err
		}
		if r.programs == nil {
			r.programs, r.reported = make(map[pipeline.ID]weak.Pointer[pipeline.Program]), make(map[pipeline.ID]bool)
		}
		r.programs[id] = weak.Make(p)
	}
	r.background.returnMemory()
	if !r.reported[id] {
		r.reported[id] = true
		log.problems(p.Rules().Problems)
		for _, s := range p.Rules().Idle {
			log.print(logWarn, fmt.Sprintf("exclude or level_overrides: no rule has the id, tag or title %q", s))
		}
	}
	return p, nil
}
