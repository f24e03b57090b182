// SPDX-License-Identifier: Apache-2.0
// `load MODE port=N [clients=N] [size=N] [window=N] [server=PID] [warmup=S] [seconds=S]` prints one JSON object: the
// count, the seconds, and the CPU seconds that the load and the server used in that time. `load spin` prints nothing.
#include "load.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const struct { const char *name; int (*run)(const struct plan *); } modes[] = {
    {"pingpong", pingpong}, {"stream", stream}, {"bulk-send", bulk_send}, {"bulk-sendfile", bulk_sendfile},
    {"churn", churn}, {"hold", hold}, {"spin", spin}};

static int set(struct plan *plan, const char *word) {
    return sscanf(word, "port=%d", &plan->port) == 1 || sscanf(word, "clients=%d", &plan->clients) == 1 ||
           sscanf(word, "size=%d", &plan->size) == 1 || sscanf(word, "window=%d", &plan->window) == 1 ||
           sscanf(word, "server=%d", &plan->server) == 1 || sscanf(word, "warmup=%lf", &plan->warmup) == 1 ||
           sscanf(word, "seconds=%lf", &plan->seconds) == 1;
}

static int usage(const char *problem) {
    fprintf(stderr, "load: %s\nusage: load pingpong|stream|bulk-send|bulk-sendfile|churn|hold port=N [clients=N] "
                    "[size=N] [window=N] [server=PID] [warmup=S] [seconds=S]\n       load spin\n", problem);
    return 64;
}

static void raise_descriptor_limit(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int count, char **arguments) {
    struct plan plan = {.clients = 1, .size = 64, .window = 64, .warmup = 0.3, .seconds = 1};
    for (int i = 2; i < count; i++)
        if (!set(&plan, arguments[i])) return usage("unknown option, or not a number");
    if (plan.clients < 1 || plan.size < 8 || plan.size > 65536 || plan.window < 1)
        return usage("clients and window are at least 1, size is 8 to 65536");
    raise_descriptor_limit();
    signal(SIGPIPE, SIG_IGN);
    set_watchdog(&plan);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (count > 1 && strcmp(arguments[1], modes[i].name) == 0) return modes[i].run(&plan);
    return usage("unknown mode");
}
