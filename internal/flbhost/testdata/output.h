/*
 * What the host can do to the Go output, through the proxy for Go plugins as each kind of host has it (src/proxy/go/go.c). The path of the plugin
 * is that of a link to it: out_sigma.so.
 */

/* ---- What Fluent Bit has ---- */

#define ERROR 0
#define OK 1
#define RETRY 2

struct definition {
    int type, proxy, flags;
    char *name, *description;
#if DESCRIPTOR == 88
    int event_type;
    char *options;
#endif
};

struct output {
    char name[32];
    struct proxy_context {
        void *remote, *proxy;
    } context;
};

struct api {
    const char *(*get_property)(const char *, struct output *);
    void *others[8];
};

struct go_plugin {
    char *name;
    struct api *api;
    struct output *instance;
    struct proxy_context *context;
    void *callbacks[5];
};

const char *flb_output_name(struct output *output)
{
    return output->name;
}

#if DESCRIPTOR != 72
int flb_output_log_check(struct output *output, int level)
{
    return output != NULL && level <= 3;
}
#endif

static const char *output_property(const char *name, struct output *output)
{
    (void) output;
    return flb_filter_get_property(name, NULL);
}

static struct {
    int (*pre_register)(int);
    int (*registration)(struct definition *);
    int (*init)(struct go_plugin *);
    int (*flush)(void *, const void *, size_t, char *);
    int (*exit)(void *);
} proxy;

/* find looks a function up as the host does, which takes what it gets. */
static void *find(void *object, const char *name)
{
    void *symbol = dlsym(object, name);

    if (!symbol) {
        fail(dlerror());
    }
    return symbol;
}

static void load_output(const char *path)
{
    void *object = dlopen(path, RTLD_LAZY);

    if (!object) {
        fail(dlerror());
    }
    *(void **) &proxy.pre_register = find(object, "FLBPluginPreRegister");
    *(void **) &proxy.registration = find(object, "FLBPluginRegister");
    *(void **) &proxy.init = find(object, "FLBPluginInit");
    *(void **) &proxy.flush = find(object, "FLBPluginFlushCtx");
    *(void **) &proxy.exit = find(object, "FLBPluginExitCtx");
}

/* register_output registers as hosts do; that of 2.2 and later ask before. */
static struct definition *register_output(void)
{
    struct definition *d = calloc(1, sizeof(*d));
    int rc;

    enter();
    if (DESCRIPTOR != 72 && proxy.pre_register(0) != 0) {
        fail("FLBPluginPreRegister refused a start");
    }
    rc = proxy.registration(d);
    leave();
    if (rc != 0) {
        fail("FLBPluginRegister refused");
    }
    return d;
}

static int init_output(struct output *output, int number)
{
    static struct api api = {.get_property = output_property};
    struct go_plugin plugin = {.name = "sigma", .api = &api, .instance = output, .context = &output->context};
    int rc;

    memset(output, 0, sizeof(*output));
    snprintf(output->name, sizeof(output->name), "sigma.%d", number);
    enter();
    rc = proxy.init(&plugin);
    leave();
    return rc;
}

static int flush(struct output *output, struct bytes in, const char *tag)
{
    char *buffer = strcpy(malloc(strlen(tag) + 1), tag);
    int rc;

    enter();
    rc = proxy.flush(output->context.remote, in.data, in.size, buffer);
    leave();
    free(buffer);
    if (rc != OK && rc != RETRY && rc != ERROR) {
        fail("FLBPluginFlushCtx returned what the host does not know");
    }
    return rc;
}

static void exit_output(struct output *output)
{
    enter();
    proxy.exit(output->context.remote);
    leave();
}

static struct output the_output;

static void begin_output(const char *path)
{
    load_output(path);
    free(register_output());
    if (init_output(&the_output, 0) <= 0) {
        fail("FLBPluginInit refused");
    }
}

static void expect_flush(struct output *output, struct bytes in, int rc)
{
    int got = flush(output, in, "tag");

    if (got != rc) {
        fprintf(stderr, "host: FLBPluginFlushCtx returned %d, not %d\n", got, rc);
        exit(1);
    }
}

/* ---- Commands ---- */

/* output-describe: the definition as this host sees it; and that a hot reload is refused. */
static int output_describe(const char *path, int argc, char **argv)
{
    struct definition *d;

    (void) argc;
    (void) argv;
    load_output(path);
    d = register_output();
    printf("%d %d %d %s: %s\n", d->type, d->proxy, d->flags, d->name, d->description);
#if DESCRIPTOR == 88
    printf("event type %d\n", d->event_type);
    for (const char *o = d->options; *(char *const *) (o + 8); o += STRIDE) {
        printf("%s = %s: %s\n", *(char *const *) (o + 8), *(char *const *) (o + 16), *(char *const *) (o + 40));
    }
#endif
    free(d);
    enter();
    printf("hot reload %d\n", proxy.pre_register(1));
    leave();
    return 0;
}

/* output-start: what FLBPluginInit returns; then exit of an instance that was never started. */
static int output_start(const char *path, int argc, char **argv)
{
    static struct output never;

    (void) argc;
    (void) argv;
    load_output(path);
    free(register_output());
    printf("init %d\n", init_output(&the_output, 0));
    exit_output(&never);
    return 0;
}

/* output-flush TAG TRIES IN...: one after the other, each until it is not to be tried again or was tried so often; prints what each returned last. */
static int output_flush(const char *path, int argc, char **argv)
{
    int i, tries, rc = RETRY;

    begin_output(path);
    for (i = 2; i < argc; i++) {
        struct bytes in = read_file(argv[i]);

        for (tries = atoi(argv[1]), rc = RETRY; tries > 0 && rc == RETRY; tries--) {
            rc = flush(&the_output, in, argv[0]);
        }
        printf("%d\n", rc);
        free(in.data);
    }
    exit_output(&the_output);
    return 0;
}

/* output-load IN THREADS INSTANCES CHUNKS: workers of several instances, each chunk until it is delivered. */
static struct {
    struct bytes in;
    struct output *outputs;
    int output_count;
    atomic_long left;
} deliveries;

static void *deliver(void *argument)
{
    long n;

    (void) argument;
    while ((n = atomic_fetch_sub(&deliveries.left, 1)) > 0) {
        while (flush(&deliveries.outputs[n % deliveries.output_count], deliveries.in, "tag") == RETRY) {
        }
    }
    return NULL;
}

static void run_workers(int threads, long chunks)
{
    pthread_t *list = calloc((size_t) threads, sizeof(*list));
    int i;

    atomic_store(&deliveries.left, chunks);
    for (i = 0; i < threads; i++) {
        if (pthread_create(&list[i], NULL, deliver, NULL) != 0) {
            fail("pthread_create");
        }
    }
    for (i = 0; i < threads; i++) {
        pthread_join(list[i], NULL);
    }
    free(list);
}

static int output_load(const char *path, int argc, char **argv)
{
    int threads = atoi(argv[1]), i;
    long chunks = atol(argv[3]), live, resident, resident_after;

    (void) argc;
    load_output(path);
    free(register_output());
    deliveries.in = read_file(argv[0]);
    deliveries.output_count = atoi(argv[2]);
    deliveries.outputs = calloc((size_t) deliveries.output_count, sizeof(struct output));
    for (i = 0; i < deliveries.output_count; i++) {
        if (init_output(&deliveries.outputs[i], i) <= 0) {
            fail("FLBPluginInit refused");
        }
    }
    run_workers(threads, chunks / 4 + 1); /* until everything has its size */
    live = atomic_load(&memory_live);
    resident = resident_kib();
    run_workers(threads, chunks);
    resident_after = resident_kib();
    printf("blocks %ld\ngrowth %ld\n", atomic_load(&memory_live) - live, resident_after - resident);
    for (i = 0; i < deliveries.output_count; i++) {
        exit_output(&deliveries.outputs[i]);
    }
    return 0;
}

/* output-fork IN: a child of this process must not call Go; this process goes on. */
static void fork_and_refuse_output(struct bytes in)
{
    struct output late;
    int status;
    pid_t child = fork();

    if (child == 0) {
        struct definition d;

        alarm(10); /* a wait for a thread that did not survive would be forever */
        enter();
        if (proxy.registration(&d) != -1 || init_output(&late, 9) > 0) {
            fail("the child was not refused");
        }
        if (the_output.context.remote) {
            expect_flush(&the_output, in, RETRY);
            exit_output(&the_output);
        }
        _exit(0);
    }
    if (waitpid(child, &status, 0) != child || status != 0) {
        fail("the child did not end well");
    }
}

static int output_fork(const char *path, int argc, char **argv)
{
    struct bytes in = read_file(argv[0]);

    (void) argc;
    load_output(path);
    fork_and_refuse_output(in);
    begin_output(path);
    fork_and_refuse_output(in);
    expect_flush(&the_output, in, OK);
    exit_output(&the_output);
    return 0;
}

/* output-faults PANIC NIL IN: Go fails after the host has replaced the handlers; what was sound before is so after. */
static int output_faults(const char *path, int argc, char **argv)
{
    struct bytes panic = read_file(argv[0]), nil = read_file(argv[1]), in = read_file(argv[2]);
    int round;

    (void) argc;
    replace_handlers();
    begin_output(path);
    for (round = 0; round < 3; round++) {
        expect_flush(&the_output, panic, RETRY);
        expect_flush(&the_output, nil, RETRY);
        expect_flush(&the_output, in, OK);
        replace_handlers();
    }
    exit_output(&the_output);
    return 0;
}

/* output-engine IN: a flush on the engine's own thread, which is told by its name; it returns and how long it took in seconds. */
static int output_engine(const char *path, int argc, char **argv)
{
    struct bytes in = read_file(argv[0]);
    double began;
    int rc;

    (void) argc;
    begin_output(path);
    pthread_setname_np(pthread_self(), "flb-pipeline");
    began = seconds();
    rc = flush(&the_output, in, "tag");
    printf("rc %d\nseconds %.3f\n", rc, seconds() - began);
    flush(&the_output, in, "tag");
    exit_output(&the_output);
    return 0;
}

/* output-stack IN: flushes on a coroutine's stack of 24 KiB with a guard page below, as the host makes for each. */
static void flush_on_stack(void)
{
    expect_flush(&the_output, on_stack.in, OK);
}

static int output_stack(const char *path, int argc, char **argv)
{
    (void) argc;
    begin_output(path);
    on_stack.in = read_file(argv[0]);
    printf("%d\n", deepest(flush_on_stack, 50));
    exit_output(&the_output);
    return 0;
}

/* output-both FILTER IN WANT: filter and output at once, of one shared object under two names. */
static int output_both(const char *path, int argc, char **argv)
{
    struct bytes in = read_file(argv[1]), want = read_file(argv[2]);

    (void) argc;
    begin(argv[0]);
    begin_output(path);
    expect(&instance, in, MODIFIED, want);
    expect_flush(&the_output, in, OK);
    stop(&plugin, &instance);
    expect_flush(&the_output, in, OK);
    exit_output(&the_output);
    return 0;
}

static const struct command output_commands[] = {
    {"output-describe", output_describe}, {"output-start", output_start}, {"output-flush", output_flush}, {"output-load", output_load},
    {"output-fork", output_fork}, {"output-faults", output_faults}, {"output-engine", output_engine}, {"output-stack", output_stack},
    {"output-both", output_both}, {NULL, NULL},
};
