// SPDX-License-Identifier: Apache-2.0
// The CPU time of a server, from its process clock, see clock_getcpuclockid(3). /proc/PID/stat counts ticks of 10 ms,
// this clock nanoseconds. A sum over /proc/PID/task/*/schedstat would lose the threads that have ended: during `churn`
// a server with a thread per client ends thousands per second. For a running thread the clock misses the time since the
// last scheduler tick: a few milliseconds per run.
//
// A server with a process per client needs two more sums: the clocks of living descendants, and cutime + cstime (in
// ticks) of the descendants that have ended.
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double seconds_of(clockid_t clock) {
    struct timespec moment;
    if (clock_gettime(clock, &moment) < 0) return 0;
    return (double)moment.tv_sec + (double)moment.tv_nsec / 1e9;
}

static double waited_for(pid_t process) {
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", process);
    FILE *file = fopen(path, "re");
    if (file == NULL) return 0;
    long user = 0, system = 0;
    char *end = fgets(line, sizeof line, file) != NULL ? strrchr(line, ')') : NULL;
    // After the name: state and 10 numbers, utime, stime, then these two.
    if (end != NULL) sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %ld %ld", &user, &system);
    fclose(file);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double tree_cpu(pid_t process);

static double children_cpu(pid_t process) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", process, process);
    FILE *file = fopen(path, "re");
    if (file == NULL) return 0;
    double sum = 0;
    for (int child; fscanf(file, "%d", &child) == 1;) sum += tree_cpu(child);
    fclose(file);
    return sum;
}

static double tree_cpu(pid_t process) {
    clockid_t clock;
    if (clock_getcpuclockid(process, &clock) != 0) return 0;
    return seconds_of(clock) + waited_for(process) + children_cpu(process);
}

struct moment take_moment(pid_t server) {
    return (struct moment){now(), seconds_of(CLOCK_PROCESS_CPUTIME_ID), server == 0 ? 0 : tree_cpu(server)};
}
