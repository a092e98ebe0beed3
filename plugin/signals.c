#define _GNU_SOURCE
#include "signals.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>

#include "_cgo_export.h"

#define WATCHED 2
static const int watched[WATCHED] = {SIGSEGV, SIGFPE};
static struct sigaction go_action[WATCHED];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Reports whether address lies in the executable, not in a shared object. */
static int in_executable(const void *address)
{
    Dl_info info;
    struct link_map *map = NULL;

    return dladdr1(address, &info, (void **) &map, RTLD_DL_LINKMAP) && map && map->l_name && map->l_name[0] == '\0';
}

static const void *handler_of(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) ? (const void *) action->sa_sigaction : (const void *) action->sa_handler;
}

/* Not in a constructor: Go's runtime may still be starting then, and another Go plugin may load later and chain to us. */
static void note_go_handlers(void)
{
    int i;

    sigmaReady(); /* returns once the runtime is up, and so its handlers are in place */
    for (i = 0; i < WATCHED; i++) {
        sigaction(watched[i], NULL, &go_action[i]);
    }
}

void sigma_signals_enter(void)
{
    struct sigaction now;
    int i;

    pthread_once(&once, note_go_handlers);
    for (i = 0; i < WATCHED; i++) {
        if (in_executable(handler_of(&go_action[i])) || sigaction(watched[i], NULL, &now) != 0) {
            continue;
        }
        if (handler_of(&now) != handler_of(&go_action[i]) && in_executable(handler_of(&now))) {
            sigaction(watched[i], &go_action[i], NULL);
        }
    }
}
