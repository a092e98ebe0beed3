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

/* Blocks, for this thread, all signals but those that it causes itself and those that Go uses. */
static void block(sigset_t *before)
{
    static const int open[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPIPE, SIGURG, SIGPROF};
    sigset_t signals;
    size_t i;

    sigfillset(&signals);
    for (i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
        sigdelset(&signals, open[i]);
    }
    pthread_sigmask(SIG_BLOCK, &signals, before);
}

/*
 * Go's runtime starts in a constructor, which has no priority, and gives every thread that it will ever make the mask of the thread that loads us. So
 * one constructor blocks before it, by its priority, and one restores behind it, by its place in the link.
 */
static sigset_t at_load;

__attribute__((constructor(101))) static void before_go(void)
{
    block(&at_load);
}

__attribute__((constructor)) static void behind_go(void)
{
    pthread_sigmask(SIG_SETMASK, &at_load, NULL);
}

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

void sigma_signals_enter(sigset_t *before)
{
    struct sigaction now;
    int i;

    block(before);
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

void sigma_signals_leave(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}
