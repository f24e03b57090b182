// SPDX-License-Identifier: Apache-2.0
// What the modes of the load share. Each mode is one thread that uses epoll. It reports its own CPU time, so that a
// result in which the load was the bottleneck can be recognised.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// The options of every mode. A mode ignores those that it does not use.
struct plan {
    int port, clients, size, window;  // window: messages of `size` bytes in flight on one connection
    pid_t server;                     // the process whose CPU time is counted; 0 for none
    double warmup, seconds;
};

int pingpong(const struct plan *plan);
int stream(const struct plan *plan);
int bulk_send(const struct plan *plan);
int bulk_sendfile(const struct plan *plan);
int churn(const struct plan *plan);
int hold(const struct plan *plan);
int spin(const struct plan *plan);

// The time, and the CPU seconds that this process (`own`) and the server had used by then.
struct moment { double clock, own, server; };

double now(void);
struct moment take_moment(pid_t server);
void print_result(struct moment begin, struct moment end, double count);  // the JSON object stays open
void end_result(void);

__attribute__((noreturn)) void die(const char *what);                 // a system call failed: prints errno
__attribute__((noreturn)) void wrong(const char *what, long client);  // the server broke the protocol
__attribute__((noreturn)) void missing(int clients);                  // this many clients lost an echo

int connect_to(int port);                    // returns a connected, non-blocking socket with TCP_NODELAY
void set_watchdog(const struct plan *plan);  // ends the process when the server stops answering

// Bytes with a period of PATTERN. PATTERN_SPAN bytes are readable at `pattern_at(p)`, for every p.
enum { PATTERN = 1024 * 1024, PATTERN_SPAN = 256 * 1024 };
void make_pattern(void);
const char *pattern_at(uint64_t position);

// Counting begins when the warm-up is over and every client has had an echo.
struct count {
    const struct plan *plan;
    int counting;
    double next;  // the end of the current phase
    struct moment begin, end;
};

void start_count(struct count *count, const struct plan *plan);
enum phase { GO_ON, BEGIN, END };
enum phase phase_of(struct count *count, int all_served);  // BEGIN once: reset the counters; END once: stop

// Round trips in nanoseconds, with an error below 1.6 %.
void record_trip(uint64_t nanoseconds);
void forget_trips(void);
double trip_percentile(double share);  // in seconds
