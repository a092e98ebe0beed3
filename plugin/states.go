package main

// #include "shim.h"
import "C"

import (
	"fmt"
	"path/filepath"
	"sync"

	"sigmatrail/conf"
	"sigmatrail/correlate"
	"sigmatrail/internal/pipeline"
)

// states is what correlations remember, for all instances of this process: one by file, and one in memory for those without a file. The zero value is ready.
type states struct {
	mu   sync.Mutex
	open map[string]*sharedState // by path; "": in memory, which stays, as a hot reload ends the old instances before the new ones begin
}

type sharedState struct {
	*correlate.State

	path    string
	options correlate.Options
	users   int
}

// acquire returns the state that s names, opening its file if nobody has yet. It is to be released.
func (r *states) acquire(log hostLog, s conf.Settings, b *background) (*sharedState, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	path := s.CorrelationState
	if path != "" {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("correlation_state: %w", err)
		}
		path = absolute
	}
	options := pipeline.StateOptions(s)
	one := r.open[path]
	if one == nil {
		var err error
		if one, err = openState(log, path, options, b); err != nil {
			return nil, fmt.Errorf("correlation_state: %w", err)
		}
		if r.open == nil {
			r.open = make(map[string]*sharedState)
		}
		r.open[path] = one
	} else if one.users == 0 { // after a hot reload
		one.options = options
		one.Limit(options)
	} else if o := one.options; o.Lateness != options.Lateness || o.MaxGroups != options.MaxGroups || o.MaxEvents != options.MaxEvents {
		log.print(logWarn, fmt.Sprintf("another instance remembers for correlations in the same place, with correlation_lateness %v, correlation_max_groups %d and "+
			"correlation_max_events %d, which hold here too", o.Lateness, o.MaxGroups, o.MaxEvents))
	}
	one.users++
	return one, nil
}

// openState opens a state. What it reports meanwhile goes to the log at once, what it reports later at the next callback.
func openState(log hostLog, path string, options correlate.Options, b *background) (*sharedState, error) {
	one := &sharedState{path: path, options: options}
	if path == "" {
		one.State = correlate.NewState(options)
		return one, nil
	}
	var mu sync.Mutex
	opening := true
	state, err := correlate.OpenState(path, options, func(line string, wrong bool) {
		mu.Lock()
		defer mu.Unlock()
		level := C.int(logInfo)
		if wrong {
			level = logError
		}
		if opening {
			log.lines(level, line)
		} else {
			b.say(level, line)
		}
	})
	mu.Lock()
	defer mu.Unlock()
	opening = false
	one.State = state
	return one, err
}

// release gives a state up. The last one to do so closes its file.
func (r *states) release(one *sharedState) error {
	if one == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if one.users--; one.users > 0 || one.path == "" {
		return nil
	}
	delete(r.open, one.path)
	return one.Close()
}
