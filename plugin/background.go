package main

// #include "shim.h"
import "C"

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long a message of background work waits for a callback, on whose thread the host's log can be used.
const patience = 5 * time.Second

// background runs work beside the host's threads and keeps what it has to say for the host's log. The zero value is ready.
type background struct {
	mu      sync.Mutex
	waiting []message
	any     atomic.Bool // whether something waits, so that a callback need not lock

	returning atomic.Bool // whether memory is about to be returned
}

// run runs f in a goroutine of its own. A panic in it is logged; it ends the work and nothing else.
func (b *background) run(what string, f func()) {
	go func() {
		defer func() {
			if r := recover(); r != nil {
				b.say(logError, fmt.Sprintf("a fault in sigmatrail in %s (please report it): %v\n%s", what, r, debug.Stack()))
			}
		}()
		f()
	}()
}

// message is a text for the host's log.
type message struct {
	level C.int
	text  string
}

// say logs a text at the next callback, or on standard error if none comes.
func (b *background) say(level C.int, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, message{level, text})
	b.any.Store(true)
	if len(b.waiting) == 1 {
		time.AfterFunc(patience, b.give)
	}
}

// returnMemory gives back to the system what reading and parsing rules has left behind, which would else stay with the host for good. It
// waits a little, so that many instances that start together cause it once.
func (b *background) returnMemory() {
	const wait = 200 * time.Millisecond
	if b.returning.CompareAndSwap(false, true) {
		time.AfterFunc(wait, func() {
			b.returning.Store(false)
			b.run("returning memory", debug.FreeOSMemory)
		})
	}
}

// take returns what waits, and forgets it.
func (b *background) take() []message {
	if !b.any.Load() {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.waiting
	b.waiting = nil
	b.any.Store(false)
	return list
}

// give writes what still waits to standard error.
func (b *background) give() {
	for _, m := range b.take() {
		level := "info"
		if m.level == logError {
			level = "error"
		}
		for line := range strings.Lines(m.text) {
			fmt.Fprintf(os.Stderr, "[%s] [%5s] [filter:sigma] %s\n", time.Now().Format("2006/01/02 15:04:05.000"), level, strings.TrimRight(line, "\n"))
		}
	}
}
