/*
 * A host that loads the plugin as Fluent Bit does and is unkind to it: host PLUGIN COMMAND [ARGUMENT...]. The instance's properties come from
 * the environment variable PROPERTIES, a name=value a line. What a command finds goes to standard output, the log to standard error.
 *
 * DESCRIPTOR (72, 80, 88) and STRIDE (96, 104) say whose structures it has: those of Fluent Bit 1.9.3 to 2.1, 2.2 to 3.1, 3.2 and later.
 */
#define _GNU_SOURCE
#include "memory.h"

#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

#define MODIFIED 1
#define NOTOUCH 2

/* ---- What Fluent Bit exports ---- */

struct instance {
#if DESCRIPTOR == 72
    int id, log_level;
    char name[32];
#else
    int event_type, id, log_level, log_suppress_interval;
    char name[32];
#endif
    void *context;
};

unsigned char filter_grep_plugin[DESCRIPTOR];
static unsigned char grep_options[3 * STRIDE];

static char properties[8192];
static atomic_int log_lines;
static _Thread_local int on_callback; /* whether this thread is inside a callback */

/* Whether a signal that the host has a handler of could come on this thread. */
static int signals_open(void)
{
    static const int handled[] = {SIGINT, SIGQUIT, SIGHUP, SIGCONT, SIGTERM};
    sigset_t blocked;
    size_t i;

    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    for (i = 0; i < sizeof(handled) / sizeof(handled[0]) && sigismember(&blocked, handled[i]); i++) {
    }
    return i < sizeof(handled) / sizeof(handled[0]);
}

const char *flb_filter_get_property(const char *name, struct instance *instance)
{
    size_t length = strlen(name);
    char *line;

    (void) instance;
    for (line = properties; *line; line += strlen(line) + 1) {
        if (strncmp(line, name, length) == 0 && line[length] == '=') {
            return line + length + 1;
        }
    }
    return NULL;
}

void flb_filter_set_context(struct instance *instance, void *context)
{
    instance->context = context;
}

const char *flb_filter_name(struct instance *instance)
{
    return instance->name;
}

void flb_log_print(int level, const char *file, int line, const char *format, ...)
{
    char text[8192];
    va_list arguments;

    (void) file;
    (void) line;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s%s%d %s\n", on_callback ? "" : "OFF THREAD ", signals_open() ? "SIGNALS OPEN " : "", level, text);
    atomic_fetch_add(&log_lines, 1);
}

void *flb_worker_get(void)
{
    static int worker;
    return &worker;
}

int flb_worker_log_level(void *worker)
{
    (void) worker;
    return 3;
}

/* ---- Loading ---- */

typedef int callback_init(void *, void *, void *);
typedef int callback_filter(const void *, size_t, const char *, int, void **, size_t *, void *, void *, void *, void *);
typedef int callback_exit(void *, void *);

struct plugin {
    void *slots[DESCRIPTOR / sizeof(void *)];
    callback_init *pre_run, *init;
    callback_filter *filter;
    callback_exit *exit;
};

static void fail(const char *what)
{
    fprintf(stderr, "host: %s\n", what);
    exit(1);
}

static void enter(void)
{
    on_callback = 1;
}

static void leave(void)
{
    sigset_t blocked;

    on_callback = 0;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    if (!sigisemptyset(&blocked)) {
        fail("a callback has left signals blocked");
    }
}

static void load(struct plugin *plugin, const char *path)
{
    int slot = 4;
    void *object = dlopen(path, RTLD_LAZY);
    void *symbol = object ? dlsym(object, "filter_sigma_plugin") : NULL;

    if (!symbol) {
        fail(dlerror());
    }
    memcpy(plugin->slots, symbol, DESCRIPTOR);
    plugin->pre_run = DESCRIPTOR == 72 ? NULL : plugin->slots[slot++];
    plugin->init = plugin->slots[slot++];
    plugin->filter = plugin->slots[slot++];
    plugin->exit = plugin->slots[slot++];
}

static void name(struct instance *instance, int number)
{
    memset(instance, 0, sizeof(*instance));
    instance->log_level = -1;
    snprintf(instance->name, sizeof(instance->name), "sigma.%d", number);
}

/* Judges a configuration, as before a start and on a hot reload. */
static int pre_run(struct plugin *plugin, struct instance *instance)
{
    int rc;

    name(instance, 0);
    enter();
    rc = plugin->pre_run(instance, NULL, NULL);
    leave();
    return rc;
}

static int start(struct plugin *plugin, struct instance *instance)
{
    static atomic_int last;
    int rc;

    name(instance, atomic_fetch_add(&last, 1));
    enter();
    rc = plugin->init(instance, NULL, NULL);
    leave();
    return rc;
}

struct bytes {
    char *data;
    size_t size;
};

static int filter(struct plugin *plugin, struct instance *instance, struct bytes in, struct bytes *out)
{
    int rc;

    out->data = NULL;
    out->size = 0;
    enter();
    rc = plugin->filter(in.data, in.size, "tag", 3, (void **) &out->data, &out->size, instance, NULL, instance->context, NULL);
    leave();
    if (rc != MODIFIED && rc != NOTOUCH) {
        fail("cb_filter returned neither MODIFIED nor NOTOUCH");
    }
    if (rc == NOTOUCH && (out->data || out->size)) {
        fail("NOTOUCH with an output: it would leak");
    }
    return rc;
}

static void stop(struct plugin *plugin, struct instance *instance)
{
    enter();
    plugin->exit(instance->context, NULL);
    leave();
}

static struct bytes read_file(const char *path)
{
    struct bytes b = {NULL, 0};
    FILE *f = fopen(path, "rb");
    long size;

    if (!f || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
        fail(path);
    }
    rewind(f);
    b.size = (size_t) size;
    b.data = malloc(b.size + 1);
    if (fread(b.data, 1, b.size, f) != b.size) {
        fail(path);
    }
    fclose(f);
    return b;
}

static long resident_kib(void)
{
    long pages = 0, ignored;
    FILE *f = fopen("/proc/self/statm", "r");

    if (!f || fscanf(f, "%ld %ld", &ignored, &pages) != 2) {
        fail("statm");
    }
    fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

#include "commands.h"
#include "output.h"

int main(int argc, char **argv)
{
    const char *text = getenv("PROPERTIES");
    const struct command *c;
    const char *second = "name";
    char *p;

    if (argc < 3) {
        fail("usage: host PLUGIN COMMAND [ARGUMENT...]");
    }
    snprintf(properties, sizeof(properties) - 1, "%s", text ? text : "");
    for (p = properties; *p; p++) {
        *p = *p == '\n' ? '\0' : *p;
    }
    /* The two facts that the plugin reads off a built-in filter: the descriptor's size, which is the symbol's, and the options' stride. */
    memcpy(grep_options + STRIDE + 8, &second, sizeof(second));
    ((void **) filter_grep_plugin)[3] = grep_options;
    for (c = commands; c->name; c++) {
        if (strcmp(c->name, argv[2]) == 0) {
            return c->run(argv[1], argc - 3, argv + 3);
        }
    }
    for (c = output_commands; c->name; c++) {
        if (strcmp(c->name, argv[2]) == 0) {
            return c->run(argv[1], argc - 3, argv + 3);
        }
    }
    fail("unknown command");
}
