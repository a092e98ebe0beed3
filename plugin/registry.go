package main

import (
	"sync"

	"sigmatrail/internal/pipeline"
)

// instances holds the engines that the host has contexts of. The host knows them by number: it must never hold a pointer of Go's.
var instances registry //nolint:gochecknoglobals // the one process-wide registry that architecture.md allows

// registry maps handles to engines. The zero value is empty and ready.
type registry struct {
	mu      sync.RWMutex
	last    uintptr
	engines map[uintptr]*pipeline.Engine
}

// add keeps e and returns its handle, which is never 0.
func (r *registry) add(e *pipeline.Engine) uintptr {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.engines == nil {
		r.engines = make(map[uintptr]*pipeline.Engine)
	}
	r.last++
	r.engines[r.last] = e
	return r.last
}

// get returns the engine of a handle, or nil.
func (r *registry) get(handle uintptr) *pipeline.Engine {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.engines[handle]
}

// remove forgets a handle and returns its engine, or nil.
func (r *registry) remove(handle uintptr) *pipeline.Engine {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.engines[handle]
	delete(r.engines, handle)
	return e
}
