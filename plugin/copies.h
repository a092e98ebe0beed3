/* Finding other copies of this shared object in the process. */
#ifndef SIGMA_COPIES_H
#define SIGMA_COPIES_H

#include <stddef.h>

/* Reports whether another file with this plugin is loaded, and writes its path. Not for several threads at once. */
int sigma_find_copy(char *path, size_t size);

#endif
