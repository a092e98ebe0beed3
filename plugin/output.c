/*
 * The Go output "sigma": the functions that Fluent Bit's proxy for Go plugins looks up in out_sigma.so, a link to this shared object. What a Go
 * plugin would export itself is C here, for the same reason as in shim.c.
 */
#define _GNU_SOURCE
#include "host.h"
#include "shim.h"
#include "signals.h"

#include <string.h>
#include <sys/prctl.h>

#include "_cgo_export.h"

#define EXPORTED __attribute__((visibility("default")))

/* struct flb_plugin_proxy_def, as 5.1.1 has it. Before 4.2.3 it ended behind description, then behind event_type. */
struct definition {
    int type, proxy, flags;
    char *name, *description;
    int event_type;
    void *options;
};

/* struct flbgo_output_plugin, as far as we look into it. */
struct go_plugin {
    void *name, *api, *instance;
};

/*
 * Called before registering, since 2.2. On a hot reload -1 means that there is no output of this name: the host finds the new configuration
 * wrong and keeps the old one. If it went on it would create the workers of the output twice, and crash.
 */
EXPORTED int FLBPluginPreRegister(int hot_reloading)
{
    if (!hot_reloading) {
        return 0;
    }
    sigma_output_log(NULL, SIGMA_LOG_ERROR,
                     "hot reload is refused: Fluent Bit cannot reload with the workers of a Go output. The present configuration goes on; "
                     "restart Fluent Bit to change it");
    return -1;
}

EXPORTED int FLBPluginRegister(struct definition *definition)
{
    sigset_t before;
    int rc;

    if (!sigma_may_call_go(sigma_output_log, NULL)) {
        return -1;
    }
    sigma_signals_enter(&before);
    rc = sigmaOutputRegister(definition);
    sigma_signals_leave(&before);
    if (rc != 0) {
        return -1;
    }
    if (sigma_room(definition) >= sizeof(*definition)) {
        definition->options = sigma_output_options();
    }
    return 0;
}

EXPORTED int FLBPluginInit(struct go_plugin *plugin)
{
    sigset_t before;
    int rc;

    if (!sigma_may_call_go(sigma_output_log, plugin->instance)) {
        return SIGMA_ERROR;
    }
    sigma_signals_enter(&before);
    rc = sigmaOutputInit(plugin, plugin->instance);
    sigma_signals_leave(&before);
    return rc;
}

/* Reports whether this is the thread of the host's engine: an output without workers is flushed there, and nothing else goes on meanwhile. */
static int on_engine(void)
{
    char name[17] = "";

    return prctl(PR_GET_NAME, name) == 0 && strcmp(name, "flb-pipeline") == 0;
}

EXPORTED int FLBPluginFlushCtx(void *context, void *data, size_t size, char *tag)
{
    sigset_t before;
    int rc;

    if (context == NULL || !sigma_in_loader()) {
        return SIGMA_RETRY;
    }
    sigma_signals_enter(&before);
    rc = sigmaOutputFlush(context, data, size, tag, on_engine());
    sigma_signals_leave(&before);
    return rc;
}

/* The context is NULL where the host gives a configuration up before it has initialised the instance. */
EXPORTED int FLBPluginExitCtx(void *context)
{
    sigset_t before;

    if (context != NULL && sigma_in_loader()) {
        sigma_signals_enter(&before);
        sigmaOutputExit(context);
        sigma_signals_leave(&before);
    }
    return SIGMA_OK;
}
