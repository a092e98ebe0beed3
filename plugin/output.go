package main

// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/fluent/fluent-bit-go/output"

	"sigmatrail/conf"
	"sigmatrail/internal/relay"
)

// onEngineLimit bounds a flush that the host's own thread waits for.
const onEngineLimit = time.Second

// delivery is one instance of the Go output.
type delivery struct {
	log    hostLog
	engine instance
	relay  *relay.Relay

	blamed atomic.Bool // whether it was said that there are no workers
}

// sigmaOutputRegister tells the host what this plugin is. definition is the host's structure.
//
//export sigmaOutputRegister
func sigmaOutputRegister(definition unsafe.Pointer) (rc C.int) {
	defer recoverAt(hostLog{output: true}, "registering", func() { rc = -1 })
	return C.int(output.FLBPluginRegister(definition, "sigma", "Sigma detection rules on AWS CloudTrail records, which go on over the forward protocol"))
}

// sigmaOutputInit makes the relay of one instance. plugin is the host's structure of the proxy, instance its instance of the output.
//
//export sigmaOutputInit
func sigmaOutputInit(plugin, instance unsafe.Pointer) (rc C.int) {
	log := hostLog{instance: instance, output: true}
	defer recoverAt(log, "starting", func() { rc = C.SIGMA_ERROR })
	d, err := newDelivery(log, func(name string) (string, bool) {
		value := output.FLBPluginConfigKey(plugin, name)
		return value, value != ""
	})
	if err != nil {
		log.lines(logError, err.Error())
		return C.SIGMA_ERROR
	}
	log.warnOfCopy()
	log.idleRuleFields(d.engine.Engine)
	log.print(logInfo, fmt.Sprintf("sigmatrail %s: %s", version, d.engine.Rules().Summary()))
	log.print(logInfo, "sigmatrail: records go to "+d.relay.Receiver()+"; with this output hot reload is not supported: restart Fluent Bit instead")
	output.FLBPluginSetContext(plugin, d)
	return C.SIGMA_OK
}

func newDelivery(log hostLog, get func(name string) (string, bool)) (*delivery, error) {
	settings, err := conf.Parse(get)
	o, outputErr := conf.ParseOutput(get)
	if err = errors.Join(err, outputErr); err != nil {
		return nil, err
	}
	d := &delivery{log: log}
	if d.engine, err = start(log, settings, true, true); err != nil {
		return nil, err
	}
	if d.relay, err = relay.New(d.engine.Engine, settings, o); err != nil {
		err = errors.Join(err, d.engine.close())
	}
	return d, err
}

// sigmaOutputFlush judges one chunk and delivers it. data is the host's and dead after the return.
//
//export sigmaOutputFlush
func sigmaOutputFlush(context, data unsafe.Pointer, size C.size_t, tag *C.char, onEngine C.int) (rc C.int) {
	d, ok := output.FLBPluginGetContext(context).(*delivery)
	if !ok || d.relay == nil {
		return C.SIGMA_RETRY
	}
	defer recoverAt(d.log, "delivering a chunk, which is to be tried again", func() { rc = C.SIGMA_RETRY })
	for _, m := range process.background.take() {
		d.log.lines(m.level, m.text)
	}
	// A bad address that the host hands us becomes a panic of this call, not the end of the process.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	chunk := unsafe.Slice((*byte)(data), int(size))
	provoke(chunk)
	limit := time.Duration(math.MaxInt64)
	if onEngine != 0 {
		limit = onEngineLimit
		if d.blamed.CompareAndSwap(false, true) {
			d.log.print(logError, fmt.Sprintf("this output has no workers, so all of Fluent Bit waits while it delivers, at most %v a chunk: set workers 1", limit))
		}
	}
	outcome, err := d.relay.Flush(C.GoString(tag), chunk, limit)
	for _, line := range d.engine.Notices() {
		d.log.print(logWarn, line)
	}
	switch outcome {
	case relay.Retry:
		if err != nil {
			d.log.lines(logWarn, fmt.Sprintf("to be tried again: %v", err))
		}
		return C.SIGMA_RETRY
	case relay.Undeliverable:
		d.log.lines(logError, err.Error())
		return C.SIGMA_ERROR
	case relay.Delivered:
	}
	if err != nil {
		d.log.lines(logError, err.Error())
	}
	return C.SIGMA_OK
}

// sigmaOutputExit ends one instance.
//
//export sigmaOutputExit
func sigmaOutputExit(context unsafe.Pointer) {
	defer recoverAt(hostLog{output: true}, "stopping", func() {})
	d, ok := output.FLBPluginGetContext(context).(*delivery)
	if !ok || d.relay == nil {
		return
	}
	d.relay.Close()
	c := d.relay.Counts()
	d.log.print(logInfo, summary(d.engine.Engine)+"; what was tried again counts again")
	d.log.print(logInfo, fmt.Sprintf("sigmatrail: %d events delivered in %d chunks, %d of them under alert_tag; %d times to be tried again, %d chunks with what is no event",
		c.Events, c.Chunks, c.Alerts, c.Retries, c.Lost))
	if err := d.engine.close(); err != nil {
		d.log.lines(logError, err.Error())
	}
	d.engine, d.relay = instance{}, nil // fluent-bit-go keeps d for good, and need not keep the rules
}
