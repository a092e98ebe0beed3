/*
 * The host's own allocator, exported so that the plugin's malloc binds to it, as it does to the jemalloc in Fluent Bit's images. It counts,
 * fails on demand, and ends the process when it is given memory that is not its own or that somebody has written behind.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

struct head {
    size_t size;
    uint32_t offset; /* from the block that libc gave to the memory that we gave */
    uint32_t magic;
};
#define MAGIC 0x51673a11u

static const char memory_tail[8] = "the end"; /* stands behind what was asked for */

static atomic_long memory_live;                /* blocks not freed yet */
static _Thread_local size_t memory_fail_of; /* this thread's allocations of just so many bytes fail, so that what else happens does not; 0: none */

static void *memory_note(char *block, size_t offset, size_t size)
{
    struct head *head;

    if (!block) {
        return NULL;
    }
    head = (struct head *) (block + offset) - 1;
    head->size = size;
    head->offset = (uint32_t) offset;
    head->magic = MAGIC;
    memcpy(block + offset + size, memory_tail, sizeof(memory_tail));
    atomic_fetch_add(&memory_live, 1);
    return block + offset;
}

void *malloc(size_t size)
{
    if (memory_fail_of && size == memory_fail_of) {
        errno = ENOMEM;
        return NULL;
    }
    return memory_note(__libc_malloc(size + sizeof(struct head) + sizeof(memory_tail)), sizeof(struct head), size);
}

void free(void *memory)
{
    struct head *head = (struct head *) memory - 1;

    if (!memory) {
        return;
    }
    if (head->magic != MAGIC || memcmp((char *) memory + head->size, memory_tail, sizeof(memory_tail)) != 0) {
        static const char text[] = "the host was given memory to free that is not its own, or was written behind\n";
        (void) !write(2, text, sizeof(text) - 1);
        abort();
    }
    head->magic = 0;
    atomic_fetch_sub(&memory_live, 1);
    __libc_free((char *) memory - head->offset);
}

size_t malloc_usable_size(void *memory)
{
    return memory ? ((struct head *) memory - 1)->size : 0;
}

void *calloc(size_t count, size_t size)
{
    size_t all;
    void *memory;

    if (__builtin_mul_overflow(count, size, &all)) {
        errno = ENOMEM;
        return NULL;
    }
    memory = malloc(all);
    return memory ? memset(memory, 0, all) : NULL;
}

void *realloc(void *old, size_t size)
{
    void *memory = malloc(size);

    if (memory && old) {
        size_t had = ((struct head *) old - 1)->size;
        memcpy(memory, old, had < size ? had : size);
        free(old);
    }
    return memory;
}

void *memalign(size_t alignment, size_t size)
{
    if (alignment < sizeof(struct head)) {
        alignment = sizeof(struct head);
    }
    return memory_note(__libc_memalign(alignment, size + alignment + sizeof(memory_tail)), alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    *memory = memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}

#endif
