/* The host as it was found at load: its functions, and how its structures are laid out. */
#ifndef SIGMA_HOST_H
#define SIGMA_HOST_H

#include <stddef.h>

/* Reports whether every function that we need was found. */
int sigma_host_complete(void);

void sigma_set_context(void *instance, void *context);

/*
 * The options of the Go output as the host's option map, and how many bytes the host has for a plugin's definition. Hosts since 5.1.1 take a
 * map there; before, what they have allocated ends ahead of its place.
 */
void *sigma_output_options(void);
size_t sigma_room(void *memory);

/* shim.c: whether Go may be called; where not, that is logged, under the name of an instance if there is one. */
typedef void sigma_log_function(void *instance, int level, const char *message);
int sigma_may_call_go(sigma_log_function *log, void *instance);
int sigma_in_loader(void);

/* shim.c: the callbacks that the descriptor names, and the note of the process that loads us. */
void sigma_remember_process(void);
int sigma_cb_pre_run(void *instance, void *config, void *data);
int sigma_cb_init(void *instance, void *config, void *data);
int sigma_cb_filter(const void *data, size_t size, const char *tag, int tag_length, void **out, size_t *out_size,
                    void *instance, void *input, void *context, void *config);
int sigma_cb_exit(void *context, void *config);

#endif
