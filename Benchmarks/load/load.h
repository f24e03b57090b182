// SPDX-License-Identifier: Apache-2.0
// What the load modes share. Every mode is one thread: it is to cost less than the server it loads, and says how much
// it did cost, so that a row in which the load was the bottleneck is seen.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// The options that every mode takes; what a mode does not use is zero.
struct plan {
    int port, clients, size, window;  // window: messages of `size` in flight on one connection
    pid_t server;                     // whose CPU time is counted; 0 for nobody's
    double warmup, seconds;
};

int pingpong(const struct plan *plan);
int stream(const struct plan *plan);
int bulk(const struct plan *plan);
int churn(const struct plan *plan);
int hold(const struct plan *plan);

// A moment: the clock, and the CPU seconds that this process and the server had used by then.
struct moment { double clock, own, server; };

double now(void);
struct moment take_moment(pid_t server);
void print_result(struct moment begin, struct moment end, double count);  // leaves the JSON object open for more
void end_result(void);

__attribute__((noreturn)) void die(const char *what);                 // what happened, and errno
__attribute__((noreturn)) void wrong(const char *what, long client);  // the server's fault, no errno
__attribute__((noreturn)) void missing(int clients);                  // whose echoes never came

int connect_to(int port);                    // blocking until connected, then without delay and non-blocking
void set_watchdog(const struct plan *plan);  // ends the process when the server stops answering

// What is sent soon must stay as it is until `send_now`, which every round ends with.
void send_soon(int socket, const char *bytes, size_t count);
void send_now(void);
int sends_together(void);  // whether many go to the kernel with one call

// Bytes with a period of PATTERN; `pattern_at(p)` can be read for PATTERN_SPAN bytes, whatever p is.
enum { PATTERN = 1024 * 1024, PATTERN_SPAN = 256 * 1024 };
void make_pattern(void);
const char *pattern_at(uint64_t position);

// The phases of a counted run: everybody must have been served once and the warm-up be over, then it is counted.
struct count {
    const struct plan *plan;
    int counting;
    double next;  // when the phase ends
    struct moment begin, end;
};

void start_count(struct count *count, const struct plan *plan);
enum phase { GO_ON, BEGIN, END };
enum phase phase_of(struct count *count, int all_served);  // BEGIN once: reset what is counted; END once: stop

// Round trips in nanoseconds, to within 1.6 %.
void record_trip(uint64_t nanoseconds);
void forget_trips(void);
double trip_percentile(double share);  // in seconds
