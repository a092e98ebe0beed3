/*
 * The callbacks of the filter that Fluent Bit calls. No symbol that the host calls is a Go function: each callback first checks that the process is
 * still the one that loaded us, then sees to signals, and only then crosses over.
 */
#define _GNU_SOURCE
#include "shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "_cgo_export.h"
#include "host.h"
#include "signals.h"

/* The process that loaded the shared object: Go's threads live in it and in no fork of it. */
static pid_t loader;

void sigma_remember_process(void)
{
    loader = getpid();
}

int sigma_in_loader(void)
{
    return getpid() == loader;
}

int sigma_may_call_go(sigma_log_function *log, void *instance)
{
    if (!sigma_in_loader()) {
        log(instance, SIGMA_LOG_ERROR,
            "Fluent Bit was started with -d (--daemon): it forked after loading this plugin, and the Go runtime does not survive "
            "a fork. Start it in the foreground, under systemd or another supervisor");
        return 0;
    }
    if (!sigma_host_complete()) {
        fprintf(stderr, "[sigma] this program lacks functions that Fluent Bit 1.9.3 and later export; the plugin cannot run in it\n");
        return 0;
    }
    return 1;
}

int sigma_cb_pre_run(void *instance, void *config, void *data)
{
    sigset_t before;
    int rc;

    (void) config;
    (void) data;
    if (!sigma_may_call_go(sigma_log, instance)) {
        return -1;
    }
    sigma_signals_enter(&before);
    rc = sigmaPreRun(instance);
    sigma_signals_leave(&before);
    return rc;
}

int sigma_cb_init(void *instance, void *config, void *data)
{
    sigset_t before;
    uintptr_t context;

    (void) config;
    (void) data;
    if (!sigma_may_call_go(sigma_log, instance)) {
        return -1;
    }
    sigma_signals_enter(&before);
    context = sigmaInit(instance);
    sigma_signals_leave(&before);
    if (context == 0) {
        return -1;
    }
    sigma_set_context(instance, (void *) context);
    return 0;
}

int sigma_cb_filter(const void *data, size_t size, const char *tag, int tag_length, void **out, size_t *out_size,
                    void *instance, void *input, void *context, void *config)
{
    sigset_t before;
    int rc;

    (void) tag;
    (void) tag_length;
    (void) input; /* an output instance when we run as an output's processor: never to be looked into */
    (void) config;
    if (context == NULL || data == NULL || size == 0 || !sigma_in_loader()) {
        return SIGMA_NOTOUCH;
    }
    sigma_signals_enter(&before);
    rc = sigmaFilter(instance, (uintptr_t) context, (void *) data, size, out, out_size);
    sigma_signals_leave(&before);
    return rc;
}

int sigma_cb_exit(void *context, void *config)
{
    sigset_t before;

    (void) config;
    if (context == NULL || !sigma_in_loader()) {
        return 0;
    }
    sigma_signals_enter(&before);
    sigmaExit((uintptr_t) context);
    sigma_signals_leave(&before);
    return 0;
}

void *sigma_alloc(size_t size)
{
    return malloc(size);
}

void sigma_free(void *memory)
{
    free(memory);
}
