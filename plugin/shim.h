/*
 * The C border of sigmatrail: what the Go side may call, and nothing of Fluent Bit's own headers. Instances, contexts and configurations
 * of the host are opaque pointers here; every function of the host is looked up at load, so that one file serves many hosts.
 */
#ifndef SIGMA_SHIM_H
#define SIGMA_SHIM_H

#include <stddef.h>
#include <stdint.h>

/* What cb_filter answers (flb_filter.h). */
#define SIGMA_MODIFIED 1
#define SIGMA_NOTOUCH 2

/* What a flush answers (flb_output.h). */
#define SIGMA_ERROR 0
#define SIGMA_OK 1
#define SIGMA_RETRY 2

/* Levels of the host's log (flb_log.h). */
#define SIGMA_LOG_ERROR 1
#define SIGMA_LOG_WARN 2
#define SIGMA_LOG_INFO 3
#define SIGMA_LOG_DEBUG 4

/* The value that the user gave the property, or NULL. The host owns it for the instance's life. */
const char *sigma_property(void *instance, const char *name);

/*
 * Logs message at the host's or the instance's level, under the instance's name. Call it on the thread of the running callback only: on
 * others the host cannot tell where its log goes. instance may be NULL.
 */
void sigma_log(void *instance, int level, const char *message);

/* The same for an instance of the output. */
void sigma_output_log(void *instance, int level, const char *message);

/* Memory that the host frees with free(3); NULL when there is none. Go's own C.malloc would end the process instead. */
void *sigma_alloc(size_t size);
void sigma_free(void *memory);

#endif
