/* The host as it was found at load: its functions, and how its structures are laid out. */
#ifndef SIGMA_HOST_H
#define SIGMA_HOST_H

#include <stddef.h>

/* Reports whether every function that we need was found. */
int sigma_host_complete(void);

void sigma_set_context(void *instance, void *context);

/* shim.c: the callbacks that the descriptor names, and the note of the process that loads us. */
void sigma_remember_process(void);
int sigma_cb_pre_run(void *instance, void *config, void *data);
int sigma_cb_init(void *instance, void *config, void *data);
int sigma_cb_filter(const void *data, size_t size, const char *tag, int tag_length, void **out, size_t *out_size,
                    void *instance, void *input, void *context, void *config);
int sigma_cb_exit(void *context, void *config);

#endif
