/* Signals around Go: the host's own must not come while Go runs, and Go's must be in place. */
#ifndef SIGMA_SIGNALS_H
#define SIGMA_SIGNALS_H

#include <signal.h>

/*
 * Call before every call into Go, with room for what this thread blocks, and sigma_signals_leave with the same after it.
 *
 * Fluent Bit installs its handlers without SA_ONSTACK, so that one that interrupts Go runs on the stack of a goroutine, which begins with 2 KiB:
 * the kernel's frame alone is larger, and what lies below is overwritten. Within a call this thread therefore takes no signal that others can take,
 * and Go's own threads never do.
 *
 * Fluent Bit also installs its own handlers of SIGSEGV and SIGFPE anew on SIGHUP and SIGCONT; without Go's, a nil dereference in Go would end the
 * process instead of becoming a panic that the door recovers. The first call notes Go's handlers; later ones put them back where the host's
 * executable, and only it, has replaced them.
 */
void sigma_signals_enter(sigset_t *before);
void sigma_signals_leave(const sigset_t *before);

#endif
