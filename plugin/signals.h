/* Keeping Go's handlers of memory faults in place. */
#ifndef SIGMA_SIGNALS_H
#define SIGMA_SIGNALS_H

/*
 * Call before every call into Go. Fluent Bit installs its own handlers of SIGSEGV and SIGFPE anew on SIGHUP and SIGCONT; without Go's, a nil
 * dereference in Go would end the process instead of becoming a panic that the door recovers. The first call notes Go's handlers; later
 * ones put them back where the host's executable, and only it, has replaced them.
 */
void sigma_signals_enter(void);

#endif
