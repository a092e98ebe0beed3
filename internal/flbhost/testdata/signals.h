/* Which stack the host's signals come on, and which threads take them. The host's handlers ask for no stack of their own, as Fluent Bit's do not. */

static struct {
    pthread_t thread; /* gets the signals */
    char *low, *high; /* its stack */
    atomic_int seen, elsewhere, over;
} target;

static void note_stack(int number)
{
    char *here = __builtin_frame_address(0);

    (void) number;
    atomic_fetch_add(&target.seen, 1);
    atomic_fetch_add(&target.elsewhere, here < target.low || here >= target.high);
}

static void *send_signals(void *argument)
{
    while (!atomic_load(&target.over)) {
        pthread_kill(target.thread, SIGCONT);
        usleep(50);
    }
    return argument;
}

#define BIT(signal) (1ul << ((signal) - 1))

/* How many threads but the first there are, how many of them take one of the signals that the host handles, and how many do not take one that Go needs. */
static void count_masks(int *threads, int *open, int *deaf)
{
    const unsigned long handled = BIT(SIGHUP) | BIT(SIGCONT) | BIT(SIGINT) | BIT(SIGQUIT) | BIT(SIGTERM);
    const unsigned long needed = BIT(SIGSEGV) | BIT(SIGFPE) | BIT(SIGBUS) | BIT(SIGURG);
    char path[300], line[200];
    unsigned long blocked;
    struct dirent *entry;
    DIR *tasks = opendir("/proc/self/task");

    if (!tasks) {
        fail("/proc/self/task");
    }
    *threads = *open = *deaf = 0;
    while ((entry = readdir(tasks))) {
        FILE *status = NULL;

        snprintf(path, sizeof(path), "/proc/self/task/%s/status", entry->d_name);
        if (atoi(entry->d_name) == 0 || atoi(entry->d_name) == getpid() || !(status = fopen(path, "r"))) {
            continue;
        }
        while (fgets(line, sizeof(line), status)) {
            if (sscanf(line, "SigBlk: %lx", &blocked) == 1) {
                ++*threads;
                *open += (blocked & handled) != handled;
                *deaf += (blocked & needed) != 0;
            }
        }
        fclose(status);
    }
    closedir(tasks);
}
