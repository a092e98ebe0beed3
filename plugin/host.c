/*
 * Finding out, at load, which Fluent Bit this is, and describing ourselves the way it expects. The layouts of struct flb_filter_plugin:
 *
 *   72 bytes  1.9.3 to 2.1   event_type, flags, name, description, config_map, cb_init, cb_filter, cb_exit, _head
 *   80 bytes  2.2 to 3.1     the same with cb_pre_run before cb_init
 *   88 bytes  3.2 to 5.1     the same with cb_notification after cb_exit
 *
 * _head is overwritten by the host, and cb_notification stays NULL, so two descriptors are enough. The host copies its own size from
 * our symbol, hence the room at the end. The constructor runs before the host looks the symbol up.
 */
#define _GNU_SOURCE
#include "host.h"
#include "shim.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

#define DESCRIPTOR_ROOM 256
#define SLOT(descriptor, index) (((void **) (descriptor))[index])
#define SIZE_WITHOUT_PRE_RUN 72

/* struct flb_config_map, of which the first seven members are the same everywhere and the stride is 96 or (from 5.0.3) 104 bytes. */
struct option_head {
    int type;
    const char *name;
    const char *default_value;
    int flags;
    int set_property;
    uintptr_t offset;
    const char *description;
};
#define STRIDE_OLD 96
#define STRIDE_NEW 104

#define COUNT_OPTION(name, value, help) +1
enum { OPTION_COUNT = 0 SIGMA_OPTIONS(COUNT_OPTION), OUTPUT_OPTION_COUNT = OPTION_COUNT SIGMA_OUTPUT_OPTIONS(COUNT_OPTION) };

/* The symbol that the host loads: flb-filter_sigma.so makes it look for filter_sigma_plugin. */
__attribute__((visibility("default"), aligned(16))) unsigned char filter_sigma_plugin[DESCRIPTOR_ROOM];

static __attribute__((aligned(16))) unsigned char option_map[(OPTION_COUNT + 1) * STRIDE_NEW];
static __attribute__((aligned(16))) unsigned char output_option_map[(OUTPUT_OPTION_COUNT + 1) * STRIDE_NEW];

static struct {
    const char *(*get_property)(const char *name, void *instance);
    void (*set_context)(void *instance, void *context);
    const char *(*name)(void *instance);
    void (*log_print)(int level, const char *file, int line, const char *format, ...);
    void *(*worker_get)(void);
    int (*worker_log_level)(void *worker);
    /* Not everywhere: */
    const char *(*output_name)(void *instance);
    int (*output_log_check)(void *instance, int level);
    size_t (*malloc_usable_size)(void *memory);
} host;

int sigma_host_complete(void)
{
    return host.get_property && host.set_context && host.name && host.log_print && host.worker_get && host.worker_log_level;
}

static void find_functions(void)
{
    *(void **) &host.get_property = dlsym(RTLD_DEFAULT, "flb_filter_get_property");
    *(void **) &host.set_context = dlsym(RTLD_DEFAULT, "flb_filter_set_context");
    *(void **) &host.name = dlsym(RTLD_DEFAULT, "flb_filter_name");
    *(void **) &host.log_print = dlsym(RTLD_DEFAULT, "flb_log_print");
    *(void **) &host.worker_get = dlsym(RTLD_DEFAULT, "flb_worker_get");
    *(void **) &host.worker_log_level = dlsym(RTLD_DEFAULT, "flb_worker_log_level");
    *(void **) &host.output_name = dlsym(RTLD_DEFAULT, "flb_output_name");
    *(void **) &host.output_log_check = dlsym(RTLD_DEFAULT, "flb_output_log_check");
    *(void **) &host.malloc_usable_size = dlsym(RTLD_DEFAULT, "malloc_usable_size");
}

/* The descriptor of some filter that is linked into the host, and its size; NULL where none is. */
static const void *find_builtin(size_t *size)
{
    static const char *const names[] = {
        "filter_grep_plugin", "filter_stdout_plugin", "filter_modify_plugin", "filter_record_modifier_plugin",
        "filter_rewrite_tag_plugin", "filter_lua_plugin", NULL,
    };
    Dl_info info;
    ElfW(Sym) *symbol;
    int i;

    for (i = 0; names[i] != NULL; i++) {
        void *found = dlsym(RTLD_DEFAULT, names[i]);
        symbol = NULL;
        if (found && dladdr1(found, &info, (void **) &symbol, RTLD_DL_SYMENT) && symbol) {
            *size = symbol->st_size;
            return found;
        }
    }
    return NULL;
}

/*
 * The stride of the host's own option maps, read off the map of a filter of its own: at the newer stride the second entry's name does not
 * stand at 96 + 8, where the older one has it.
 */
static size_t option_stride(const void *builtin)
{
    enum { CONFIG_MAP = 3, LOWEST_ADDRESS = 4096 };
    const unsigned char *map = builtin ? SLOT(builtin, CONFIG_MAP) : NULL;

    if (map && *(const uintptr_t *) (map + STRIDE_OLD + offsetof(struct option_head, name)) > LOWEST_ADDRESS) {
        return STRIDE_OLD;
    }
    return STRIDE_NEW;
}

static void build_option_maps(size_t stride)
{
    static const struct option_head options[] = {
#define OPTION_ENTRY(option, value, help) { .name = option, .default_value = value, .description = help },
        SIGMA_OPTIONS(OPTION_ENTRY) SIGMA_OUTPUT_OPTIONS(OPTION_ENTRY)
    };
    size_t i;

    for (i = 0; i < OUTPUT_OPTION_COUNT; i++) {
        if (i < OPTION_COUNT) {
            memcpy(option_map + i * stride, &options[i], sizeof(options[i]));
        }
        memcpy(output_option_map + i * stride, &options[i], sizeof(options[i]));
    }
}

void *sigma_output_options(void)
{
    return output_option_map;
}

size_t sigma_room(void *memory)
{
    return host.malloc_usable_size ? host.malloc_usable_size(memory) : 0;
}

static void build_descriptor(size_t size)
{
    int i = 1;

    SLOT(filter_sigma_plugin, i++) = "sigma";
    SLOT(filter_sigma_plugin, i++) = "Sigma detection rules on AWS CloudTrail records";
    SLOT(filter_sigma_plugin, i++) = option_map;
    if (size != SIZE_WITHOUT_PRE_RUN) {
        SLOT(filter_sigma_plugin, i++) = (void *) sigma_cb_pre_run;
    }
    SLOT(filter_sigma_plugin, i++) = (void *) sigma_cb_init;
    SLOT(filter_sigma_plugin, i++) = (void *) sigma_cb_filter;
    SLOT(filter_sigma_plugin, i++) = (void *) sigma_cb_exit;
}

__attribute__((constructor)) static void describe(void)
{
    size_t size = 0;
    const void *builtin;

    sigma_remember_process();
    find_functions();
    builtin = find_builtin(&size);
    build_option_maps(option_stride(builtin));
    build_descriptor(size);
}

const char *sigma_property(void *instance, const char *name)
{
    return host.get_property(name, instance);
}

void sigma_set_context(void *instance, void *context)
{
    host.set_context(instance, context);
}

/*
 * The log level of the instance itself, or -1 where the user set none. It is the int before or two before the name "sigma.N" in the
 * host's structure: event_type, id, log_level, log_suppress_interval, name since 2.1; id, log_level, name before.
 */
static int instance_level(const unsigned char *instance)
{
    enum { NAME_SINCE_2_1 = 16, LEVEL_SINCE_2_1 = 8, NAME_BEFORE = 8, LEVEL_BEFORE = 4 };
    static const char name[] = "sigma.";
    int level = -1;

    if (instance && memcmp(instance + NAME_SINCE_2_1, name, sizeof(name) - 1) == 0) {
        memcpy(&level, instance + LEVEL_SINCE_2_1, sizeof(level));
    } else if (instance && memcmp(instance + NAME_BEFORE, name, sizeof(name) - 1) == 0) {
        memcpy(&level, instance + LEVEL_BEFORE, sizeof(level));
    }
    return level;
}

/* The level up to which the host logs on this thread (flb_log_check in flb_log.h). */
static int thread_level(void)
{
    void *worker = host.worker_get();

    return worker ? host.worker_log_level(worker) : SIGMA_LOG_INFO;
}

void sigma_log(void *instance, int level, const char *message)
{
    int limit;

    if (!sigma_host_complete()) {
        fprintf(stderr, "[filter:sigma] %s\n", message);
        return;
    }
    limit = instance_level(instance);
    if (limit < 0) {
        limit = thread_level();
    }
    if (level <= limit) {
        host.log_print(level, NULL, 0, "[filter:sigma:%s] %s", instance ? host.name(instance) : "sigma", message);
    }
}

void sigma_output_log(void *instance, int level, const char *message)
{
    if (!sigma_host_complete()) {
        fprintf(stderr, "[output:sigma] %s\n", message);
        return;
    }
    if (instance && host.output_log_check ? host.output_log_check(instance, level) : level <= thread_level()) {
        host.log_print(level, NULL, 0, "[output:sigma:%s] %s", instance && host.output_name ? host.output_name(instance) : "sigma", message);
    }
}
