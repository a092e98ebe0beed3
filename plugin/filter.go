package main

// #cgo CFLAGS: -std=gnu11 -Wall -Wextra -Werror -O2
// #cgo LDFLAGS: -ldl
// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"runtime/debug"
	"unsafe"

	"sigmatrail/conf"
	"sigmatrail/correlate"
	"sigmatrail/internal/pipeline"
)

// sigmaReady does nothing: that it returns shows that Go's runtime is up.
//
//export sigmaReady
func sigmaReady() {}

// sigmaPreRun judges the instance's settings and rules before the host commits to them: -1 stops a start, a --dry-run, or a hot reload, in
// which the old pipeline then goes on. The filter of a processor is asked only when the old pipeline is gone, and -1 would end the host: then
// the last good rules will do.
//
//export sigmaPreRun
func sigmaPreRun(instance unsafe.Pointer) (rc C.int) {
	log := hostLog{instance: instance}
	defer recoverAt(log, "checking the rules", func() { rc = -1 })
	i, ok := open(log, func(key ruleKey) bool { return !process.serves(key) }, false)
	if !ok {
		return -1
	}
	i.Close()
	return 0
}

// sigmaInit makes the engine of one instance and returns its handle, or 0 when it must not start. The host gives the handle back to
// sigmaFilter and sigmaExit.
//
//export sigmaInit
func sigmaInit(instance unsafe.Pointer) (context C.uintptr_t) {
	log := hostLog{instance: instance}
	defer recoverAt(log, "starting", func() { context = 0 })
	e, ok := open(log, func(ruleKey) bool { return true }, true)
	if !ok {
		return 0
	}
	log.warnOfCopy()
	log.idleRuleFields(e.Engine)
	log.print(logInfo, fmt.Sprintf("sigmatrail %s: %s", version, e.Rules().Summary()))
	return C.uintptr_t(process.add(e))
}

// sigmaFilter judges one chunk. data is the host's and dead after the return; *out is memory of sigma_alloc that the host frees.
//
//export sigmaFilter
func sigmaFilter(instance unsafe.Pointer, context C.uintptr_t, data unsafe.Pointer, size C.size_t, out *unsafe.Pointer, outSize *C.size_t) (rc C.int) {
	log := hostLog{instance: instance}
	var memory unsafe.Pointer
	defer recoverAt(log, "judging a chunk, which goes on untouched", func() {
		C.sigma_free(memory)
		rc = C.SIGMA_NOTOUCH
	})
	for _, m := range process.background.take() {
		log.lines(m.level, m.text)
	}
	e := process.get(uintptr(context))
	if e == nil {
		return C.SIGMA_NOTOUCH
	}
	// A bad address that the host hands us becomes a panic of this call, not the end of the process.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	chunk := unsafe.Slice((*byte)(data), int(size))
	provoke(chunk)
	spliced := e.Process(chunk, func(n int) []byte {
		memory = C.sigma_alloc(C.size_t(n))
		if memory == nil {
			log.print(logError, fmt.Sprintf("no memory for %d bytes: the hits of this chunk are not written", n))
			return nil
		}
		return unsafe.Slice((*byte)(memory), n)
	})
	for _, line := range e.Notices() {
		log.print(logWarn, line)
	}
	if spliced == nil {
		C.sigma_free(memory)
		return C.SIGMA_NOTOUCH
	}
	*out, *outSize = memory, C.size_t(len(spliced)) // nil and 0 where no event is left, as the host's own filters do
	return C.SIGMA_MODIFIED
}

// sigmaExit ends one instance.
//
//export sigmaExit
func sigmaExit(context C.uintptr_t) {
	defer recoverAt(hostLog{}, "stopping", func() {})
	e := process.remove(uintptr(context))
	if e.Engine == nil {
		return
	}
	hostLog{}.print(logInfo, summary(e.Engine))
	if err := e.close(); err != nil {
		hostLog{}.lines(logError, err.Error())
	}
}

// open reads the instance's settings and finds or loads its rules; where keep says so, the last good ones will do. Where it is not to run yet, nothing is opened
// that another process may have. If the instance must not run, it has logged why, and ok is false.
func open(log hostLog, keep func(ruleKey) bool, run bool) (i instance, ok bool) {
	settings, err := conf.Parse(log.property)
	if err == nil {
		i, err = start(log, settings, keep(keyOf(settings)), run)
	}
	if err != nil {
		log.lines(logError, err.Error())
	}
	return i, err == nil
}

func start(log hostLog, s conf.Settings, keep, run bool) (i instance, err error) {
	i.key = keyOf(s)
	program, err := process.open(log, s, keep)
	if err != nil {
		return i, err
	}
	if !program.Correlated().Empty() && s.CorrelationState != "" { // which a reload would find out too late
		if err = correlate.CheckPath(s.CorrelationState); err != nil {
			return i, fmt.Errorf("correlation_state: %w", err)
		}
	}
	if !run || program.Correlated().Empty() {
		i.Engine, err = pipeline.NewEngine(s, program)
		return i, err
	}
	if i.state, err = process.states.acquire(log, s, &process.background); err != nil {
		return i, err
	}
	if i.Engine, err = pipeline.NewCorrelatingEngine(s, program, i.state.State); err != nil {
		err = errors.Join(err, process.states.release(i.state))
	}
	return i, err
}

// recoverAt turns a panic into an error of the host's log; then decides the call's result. Nothing of Go ever unwinds into the host.
func recoverAt(log hostLog, doing string, then func()) {
	if r := recover(); r != nil {
		log.lines(logError, fmt.Sprintf("a fault in sigmatrail while %s (please report it): %v\n%s", doing, r, debug.Stack()))
		then()
	}
}
