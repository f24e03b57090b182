// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char pattern[PATTERN + PATTERN_SPAN];

double now(void) {
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    return (double)moment.tv_sec + (double)moment.tv_nsec / 1e9;
}

void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

void wrong(const char *what, long client) {
    fprintf(stderr, "load: client %ld: %s\n", client, what);
    exit(1);
}

void missing(int clients) {
    fprintf(stderr, "load: %d client%s did not get the last echo\n", clients, clients == 1 ? "" : "s");
    exit(1);
}

int connect_to(int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0 || connect(made, (struct sockaddr *)&address, sizeof address) < 0) die("connect");
    setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    // These sockets close after the count. A reset leaves no connection in TIME_WAIT beside the next server.
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(made, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    fcntl(made, F_SETFL, O_NONBLOCK);
    return made;
}

static void expired(int signal) {
    static const char text[] = "load: the server stopped answering\n";
    (void)signal;
    _exit(write(STDERR_FILENO, text, sizeof text - 1) < 0 ? 2 : 1);
}

void set_watchdog(const struct plan *plan) {
    signal(SIGALRM, expired);
    alarm((unsigned)(plan->warmup + plan->seconds) + 90);
}

// xorshift: in random bytes the comparison finds every piece that is missing, duplicated or out of order.
void make_pattern(void) {
    uint64_t state = 0x9E3779B97F4A7C15;
    for (size_t i = 0; i < sizeof pattern; i += sizeof state) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        memcpy(pattern + i, &state, sizeof state);
    }
    memcpy(pattern + PATTERN, pattern, PATTERN_SPAN);
}

const char *pattern_at(uint64_t position) { return pattern + position % PATTERN; }

void start_count(struct count *count, const struct plan *plan) {
    *count = (struct count){.plan = plan, .next = now() + plan->warmup};
}

enum phase phase_of(struct count *count, int all_served) {
    if (now() < count->next || !all_served) return GO_ON;
    if (count->counting) {
        count->end = take_moment(count->plan->server);
        return END;
    }
    count->counting = 1;
    count->begin = take_moment(count->plan->server);
    count->next = count->begin.clock + count->plan->seconds;
    return BEGIN;
}

void print_result(struct moment begin, struct moment end, double count) {
    printf("{\"count\": %.0f, \"seconds\": %.6f, \"load_cpu\": %.6f, \"server_cpu\": %.6f", count,
           end.clock - begin.clock, end.own - begin.own, end.server - begin.server);
}

void end_result(void) {
    puts("}");
    fflush(stdout);
}
