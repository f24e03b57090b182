// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CNitkaLinux.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

_Thread_local void *nitka_current_owner = NULL;

int nitka_accept(int listener, struct sockaddr *peer, socklen_t *length, int nonblocking) {
    return accept4(listener, peer, length, SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0));
}

int nitka_ignore_new_connections(int listener) {
    // A TCP socket's filter sees a segment from the TCP header on: byte 13 holds the flags.
    enum { flags_offset = 13, syn = 0x02, ack = 0x10, keep = 0xffffffff, drop = 0 };
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, flags_offset),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, syn | ack),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, syn, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, drop),
        BPF_STMT(BPF_RET | BPF_K, keep),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    return setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

int nitka_pipe(int ends[2], int bytes) {
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return -1;
    // The kernel refuses it to a user with many large pipes; then this one is smaller.
    (void)fcntl(ends[1], F_SETPIPE_SZ, bytes);
    return 0;
}

ssize_t nitka_splice(int from, int to, size_t count) {
    return splice(from, NULL, to, NULL, count, SPLICE_F_MOVE);
}

int nitka_poll(struct pollfd *entries, nfds_t count, int64_t nanoseconds) {
    struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    return ppoll(entries, count, nanoseconds < 0 ? NULL : &time, NULL);
}

int nitka_lock_until(pthread_mutex_t *mutex, const struct timespec *moment) {
    return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, moment);
}

pid_t nitka_gettid(void) { return gettid(); }

void nitka_set_thread_name(const char *name) { prctl(PR_SET_NAME, name); }

void nitka_get_thread_name(char *name) { prctl(PR_GET_NAME, name); }

long nitka_involuntary_switches(void) {
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
}

int nitka_usable_processors(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

const char *nitka_errno_name(int code) { return strerrorname_np(code); }

const char *nitka_errno_words(int code) { return strerrordesc_np(code); }

static int argument_count = 0;
static char **arguments = NULL;

// glibc calls a constructor with the arguments of main().
__attribute__((constructor)) static void keep_arguments(int count, char **values) {
    argument_count = count;
    arguments = values;
}

int nitka_argument_count(void) { return argument_count; }

const char *nitka_argument(int index) { return arguments[index]; }

static struct sigaction crash_report[NSIG];

static void end_after_report(int number, siginfo_t *info, void *context) {
    crash_report[number].sa_sigaction(number, info, context);
    // After the report of a crash, the failing instruction runs again and ends the process. A signal that another
    // process sent (si_code 0 or less) has none.
    if (info->si_code <= 0) {
        signal(number, SIG_DFL);
        raise(number);
    }
}

void nitka_end_after_crash_signals(void) {
    static const int crashes[] = {SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) {
        int number = crashes[i];
        if (sigaction(number, NULL, &crash_report[number]) < 0) continue;
        if (!(crash_report[number].sa_flags & SA_SIGINFO)) continue;
        struct sigaction action = crash_report[number];
        action.sa_sigaction = end_after_report;
        sigaction(number, &action, NULL);
    }
}
