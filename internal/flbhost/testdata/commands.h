/* What the host can do to a plugin. Each returns the exit status. */

#include "signals.h"

static struct plugin plugin;
static struct instance instance;

static void begin(const char *path)
{
    load(&plugin, path);
    if (start(&plugin, &instance) != 0) {
        fail("cb_init refused");
    }
}

/* expect calls the filter and demands the result and, if want has bytes, these. */
static void expect(struct instance *i, struct bytes in, int rc, struct bytes want)
{
    struct bytes out;

    if (filter(&plugin, i, in, &out) != rc) {
        fail(rc == MODIFIED ? "NOTOUCH where a change was expected" : "MODIFIED where none was expected");
    }
    if (rc == MODIFIED && (out.size != want.size || memcmp(out.data, want.data, out.size) != 0)) {
        fail("other bytes than expected");
    }
    free(out.data);
}

static const struct bytes none;

/* describe: the descriptor as this host sees it. */
static int describe(const char *path, int argc, char **argv)
{
    const char *options;

    (void) argc;
    (void) argv;
    load(&plugin, path);
    printf("%s: %s; pre_run %s\n", (char *) plugin.slots[1], (char *) plugin.slots[2], plugin.pre_run ? "yes" : "no");
    for (options = plugin.slots[3]; *(char *const *) (options + 8); options += STRIDE) {
        printf("%s = %s: %s\n", *(char *const *) (options + 8), *(char *const *) (options + 16), *(char *const *) (options + 40));
    }
    return 0;
}

/* filter (IN WANT)...: one after the other, the bytes of each IN become those of WANT, or stay as they are if WANT is empty. */
static int filter_each(const char *path, int argc, char **argv)
{
    int i;

    begin(path);
    for (i = 0; i + 1 < argc; i += 2) {
        struct bytes in = read_file(argv[i]), want = read_file(argv[i + 1]);

        expect(&instance, in, want.size ? MODIFIED : NOTOUCH, want);
        free(in.data);
        free(want.data);
    }
    stop(&plugin, &instance);
    return 0;
}

/* start: cb_pre_run and cb_init, and what they return. */
static int start_only(const char *path, int argc, char **argv)
{
    (void) argc;
    (void) argv;
    load(&plugin, path);
    printf("pre_run %d\n", plugin.pre_run ? pre_run(&plugin, &instance) : 0);
    printf("init %d\n", start(&plugin, &instance));
    return 0;
}

/* stack IN WANT: the same on a coroutine's stack of 24 KiB with a guard page below, painted to see how deep it is used. */
static struct {
    struct bytes in, want;
    ucontext_t back;
} on_stack;

static void call_on_stack(void)
{
    expect(&instance, on_stack.in, MODIFIED, on_stack.want);
}

/* deepest calls again and again on such a stack, and returns how many bytes of it were used. */
static int deepest(void (*call)(void), int rounds)
{
    enum { STACK = 24 * 1024, PAGE = 4096, PAINT = 0xa5 };
    unsigned char *memory = mmap(NULL, PAGE + STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int untouched = 0, round;
    ucontext_t coroutine;

    if (memory == MAP_FAILED || mprotect(memory, PAGE, PROT_NONE) != 0) {
        fail("mmap");
    }
    memset(memory + PAGE, PAINT, STACK);
    for (round = 0; round < rounds; round++) {
        getcontext(&coroutine);
        coroutine.uc_stack.ss_sp = memory + PAGE;
        coroutine.uc_stack.ss_size = STACK;
        coroutine.uc_link = &on_stack.back;
        makecontext(&coroutine, call, 0);
        swapcontext(&on_stack.back, &coroutine);
    }
    while (untouched < STACK && memory[PAGE + untouched] == PAINT) {
        untouched++;
    }
    return STACK - untouched;
}

static int stack(const char *path, int argc, char **argv)
{
    (void) argc;
    begin(path);
    on_stack.in = read_file(argv[0]);
    on_stack.want = read_file(argv[1]);
    printf("%d\n", deepest(call_on_stack, 1000));
    return 0;
}

/* load IN WANT QUIET THREADS INSTANCES CHUNKS: threads that come and go share the instances; every other chunk has no hit. */
static struct {
    struct bytes in, want, quiet;
    struct instance *instances;
    int instance_count;
    atomic_long left;
} work;

static void *work_for_a_while(void *argument)
{
    enum { CALLS_A_LIFE = 500 };
    long n;
    int i;

    (void) argument;
    for (i = 0; i < CALLS_A_LIFE && (n = atomic_fetch_sub(&work.left, 1)) > 0; i++) {
        struct instance *one = &work.instances[n % work.instance_count];
        if (n & 1) {
            expect(one, work.in, MODIFIED, work.want);
        } else {
            expect(one, work.quiet, NOTOUCH, none);
        }
    }
    return NULL;
}

static void *live_again_and_again(void *argument)
{
    pthread_t thread;

    while (atomic_load(&work.left) > 0) {
        if (pthread_create(&thread, NULL, work_for_a_while, argument) != 0 || pthread_join(thread, NULL) != 0) {
            fail("pthread_create");
        }
    }
    return NULL;
}

static void run_threads(int threads, long chunks)
{
    pthread_t *list = calloc((size_t) threads, sizeof(*list));
    int i;

    atomic_store(&work.left, chunks);
    for (i = 0; i < threads; i++) {
        if (pthread_create(&list[i], NULL, live_again_and_again, NULL) != 0) {
            fail("pthread_create");
        }
    }
    for (i = 0; i < threads; i++) {
        pthread_join(list[i], NULL);
    }
    free(list);
}

static int load_test(const char *path, int argc, char **argv)
{
    int threads = atoi(argv[3]), i;
    long chunks = atol(argv[5]), live, resident, resident_after;
    double began;

    (void) argc;
    load(&plugin, path);
    work.in = read_file(argv[0]);
    work.want = read_file(argv[1]);
    work.quiet = read_file(argv[2]);
    work.instance_count = atoi(argv[4]);
    work.instances = calloc((size_t) work.instance_count, sizeof(*work.instances));
    for (i = 0; i < work.instance_count; i++) {
        if (start(&plugin, &work.instances[i]) != 0) {
            fail("cb_init refused");
        }
    }
    run_threads(threads, chunks / 10 + 1); /* until everything has its size */
    live = atomic_load(&memory_live);
    resident = resident_kib();
    began = seconds();
    run_threads(threads, chunks);
    resident_after = resident_kib();
    printf("chunks %ld\nseconds %.3f\nblocks %ld\nresident %ld\ngrowth %ld\n", chunks, seconds() - began,
           atomic_load(&memory_live) - live, resident, resident_after - resident);
    for (i = 0; i < work.instance_count; i++) {
        stop(&plugin, &work.instances[i]);
    }
    return 0;
}

/* many N: resident memory with one instance and with N of the same rules, all still there. */
static int many(const char *path, int argc, char **argv)
{
    int n = atoi(argv[0]), i;
    struct instance *list = calloc((size_t) n, sizeof(*list));
    long before, one;

    (void) argc;
    load(&plugin, path);
    before = resident_kib();
    start(&plugin, &list[0]);
    usleep(500 * 1000); /* memory that loading has left goes back to the system */
    one = resident_kib();
    for (i = 1; i < n; i++) {
        if (start(&plugin, &list[i]) != 0) {
            fail("cb_init refused");
        }
    }
    usleep(500 * 1000);
    printf("one %ld\nmany %ld\n", one - before, resident_kib() - before);
    return 0;
}

/* fork IN WANT: a child of this process must not call Go, whether it is made before cb_init, as by -d, or after; this process goes on. */
static void fork_and_refuse(struct bytes in)
{
    struct instance late;
    int status;
    pid_t child = fork();

    if (child == 0) {
        alarm(10); /* a wait for a thread that did not survive would be forever */
        if ((plugin.pre_run && pre_run(&plugin, &late) == 0) || start(&plugin, &late) == 0) {
            fail("the child was not refused");
        }
        if (instance.context) {
            expect(&instance, in, NOTOUCH, none);
            stop(&plugin, &instance);
        }
        _exit(0);
    }
    if (waitpid(child, &status, 0) != child || status != 0) {
        fail("the child did not end well");
    }
}

static int fork_test(const char *path, int argc, char **argv)
{
    struct bytes in = read_file(argv[0]), want = read_file(argv[1]);

    (void) argc;
    load(&plugin, path);
    fork_and_refuse(in);
    if (start(&plugin, &instance) != 0) {
        fail("cb_init refused");
    }
    fork_and_refuse(in);
    expect(&instance, in, MODIFIED, want);
    return 0;
}

/* faults PANIC NIL IN WANT: Go fails after the host has replaced the handlers, as Fluent Bit does on SIGHUP; then C fails. */
static volatile sig_atomic_t signals_seen;

static void host_handler(int number)
{
    static const char text[] = "the host's own handler\n";

    (void) !write(1, text, sizeof(text) - 1);
    _exit(number == SIGSEGV ? 42 : 43);
}

static void replace_handlers(void)
{
    signal(SIGSEGV, host_handler);
    signal(SIGFPE, host_handler);
}

static int faults(const char *path, int argc, char **argv)
{
    struct bytes panic = read_file(argv[0]), nil = read_file(argv[1]), in = read_file(argv[2]), want = read_file(argv[3]);
    int round;

    (void) argc;
    replace_handlers(); /* as it has them before anything is loaded */
    begin(path);
    for (round = 0; round < 3; round++) {
        expect(&instance, panic, NOTOUCH, none);
        expect(&instance, nil, NOTOUCH, none);
        expect(&instance, in, MODIFIED, want);
        replace_handlers();
    }
    expect(&instance, nil, NOTOUCH, none);
    *(volatile int *) 8 = signals_seen; /* a fault in C belongs to the host */
    return 1;
}

/*
 * signals IN WANT: a storm of signals while the filter works. How many came, and how many on another stack than this thread's; how many threads Go has,
 * how many of them could be sent one, and how many take no fault.
 */
static int signals(const char *path, int argc, char **argv)
{
    struct bytes in = read_file(argv[0]), want = read_file(argv[1]);
    pthread_attr_t attributes;
    pthread_t sender;
    void *low;
    size_t size;
    int i, threads, open, deaf;

    (void) argc;
    signal(SIGCONT, note_stack);
    begin(path);
    target.thread = pthread_self();
    if (pthread_getattr_np(target.thread, &attributes) != 0 || pthread_attr_getstack(&attributes, &low, &size) != 0) {
        fail("pthread_getattr_np");
    }
    target.low = low;
    target.high = target.low + size;
    if (pthread_create(&sender, NULL, send_signals, NULL) != 0) {
        fail("pthread_create");
    }
    for (i = 0; i < 20000 || atomic_load(&target.seen) < 100; i++) {
        expect(&instance, in, MODIFIED, want);
    }
    atomic_store(&target.over, 1);
    pthread_join(sender, NULL);
    printf("seen %d\nelsewhere %d\n", atomic_load(&target.seen), atomic_load(&target.elsewhere));
    for (i = 0; i < 100; i++) {
        count_masks(&threads, &open, &deaf);
        if (open == 0 && deaf == 0) { /* not so for a moment while Go makes a thread, and until the sender is gone */
            break;
        }
        usleep(10 * 1000);
    }
    printf("threads %d\nopen %d\ndeaf %d\n", threads, open, deaf);
    return 0;
}

/* nomemory IN WANT: without memory for the output the chunk goes on as it is; with it the next one is changed again. */
static int no_memory(const char *path, int argc, char **argv)
{
    struct bytes in = read_file(argv[0]), want = read_file(argv[1]);

    (void) argc;
    begin(path);
    memory_fail_of = want.size;
    expect(&instance, in, NOTOUCH, none);
    memory_fail_of = 0;
    expect(&instance, in, MODIFIED, want);
    stop(&plugin, &instance);
    return 0;
}

/* beside OTHER NIL IN WANT: with another Go shared object, loaded after ours has begun, both go on, also after a fault. */
static int beside(const char *path, int argc, char **argv)
{
    struct bytes nil = read_file(argv[1]), in = read_file(argv[2]), want = read_file(argv[3]);
    int (*add)(int, int);
    void *other;

    (void) argc;
    begin(path);
    other = dlopen(argv[0], RTLD_LAZY);
    *(void **) &add = other ? dlsym(other, "OtherAdd") : NULL;
    if (!add) {
        fail(dlerror());
    }
    if (add(2, 3) != 5) {
        fail("the other object is wrong");
    }
    expect(&instance, nil, NOTOUCH, none);
    expect(&instance, in, MODIFIED, want);
    replace_handlers();
    expect(&instance, nil, NOTOUCH, none);
    expect(&instance, in, MODIFIED, want);
    return add(20, 22) == 42 ? 0 : 1;
}

/* copy COPY IN WANT: a copy of the plugin's file is a second runtime; both work, and a warning names it. */
static int copy(const char *path, int argc, char **argv)
{
    struct bytes in = read_file(argv[1]), want = read_file(argv[2]);
    struct plugin first;
    struct instance first_instance;

    (void) argc;
    begin(path);
    first = plugin;
    first_instance = instance;
    begin(argv[0]);
    expect(&instance, in, MODIFIED, want);
    plugin = first;
    expect(&first_instance, in, MODIFIED, want);
    return 0;
}

/* reload RULES BROKEN IN WANT: RULES, which the properties name, is replaced by BROKEN while an instance runs. */
static int reload(const char *path, int argc, char **argv)
{
    struct bytes in = read_file(argv[2]), want = read_file(argv[3]);
    struct instance next;

    (void) argc;
    begin(path);
    if (rename(argv[1], argv[0]) != 0) {
        fail("rename");
    }
    if (plugin.pre_run) {
        printf("pre_run %d\n", pre_run(&plugin, &next));
    }
    expect(&instance, in, MODIFIED, want); /* the old pipeline lives */
    stop(&plugin, &instance);
    printf("init %d\n", start(&plugin, &next)); /* as a processor: no pre_run, and the host would end */
    expect(&next, in, MODIFIED, want);
    return 0;
}

/* background PROVOKE IN WANT SECONDS: what background work has to say comes with the next callback, here after SECONDS. */
static int background(const char *path, int argc, char **argv)
{
    struct bytes provoke = read_file(argv[0]), in = read_file(argv[1]), want = read_file(argv[2]);
    int before;

    (void) argc;
    begin(path);
    expect(&instance, provoke, NOTOUCH, none);
    usleep((useconds_t) (atof(argv[3]) * 1e6));
    before = atomic_load(&log_lines);
    expect(&instance, in, MODIFIED, want);
    printf("%s\n", atomic_load(&log_lines) > before ? "with the callback" : "before");
    return 0;
}

/* cost QUIET IN WANT N: nanoseconds of a call that has next to nothing to do, and of one that writes. */
static int cost(const char *path, int argc, char **argv)
{
    struct bytes quiet = read_file(argv[0]), in = read_file(argv[1]), out;
    long n = atol(argv[2]), i;
    double began;

    (void) argc;
    begin(path);
    began = seconds();
    for (i = 0; i < n; i++) {
        filter(&plugin, &instance, quiet, &out);
    }
    printf("quiet %.0f\n", (seconds() - began) / (double) n * 1e9);
    began = seconds();
    for (i = 0; i < n; i++) {
        filter(&plugin, &instance, in, &out);
        free(out.data);
    }
    printf("hit %.0f\n", (seconds() - began) / (double) n * 1e9);
    return 0;
}

struct command {
    const char *name;
    int (*run)(const char *path, int argc, char **argv);
};

static const struct command commands[] = {
    {"describe", describe}, {"filter", filter_each}, {"start", start_only}, {"stack", stack}, {"load", load_test}, {"many", many},
    {"fork", fork_test}, {"faults", faults}, {"signals", signals}, {"nomemory", no_memory}, {"beside", beside}, {"copy", copy}, {"reload", reload},
    {"background", background}, {"cost", cost}, {NULL, NULL},
};
