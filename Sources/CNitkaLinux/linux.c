// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CNitkaLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

int nitka_accept(int listener, struct sockaddr *peer, socklen_t *length, int nonblocking) {
    return accept4(listener, peer, length, SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0));
}

int nitka_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

pid_t nitka_gettid(void) { return gettid(); }

long nitka_involuntary_switches(void) {
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
}

void nitka_set_thread_name(const char *name) { prctl(PR_SET_NAME, name); }

int nitka_pipe(int ends[2], int bytes) {
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return -1;
    // Refused to one who has many already: then it is smaller.
    (void)fcntl(ends[1], F_SETPIPE_SZ, bytes);
    return 0;
}

ssize_t nitka_splice(int from, int to, size_t count) {
    return splice(from, NULL, to, NULL, count, SPLICE_F_MOVE);
}

_Thread_local void *nitka_current_owner = NULL;

static int amount(int socket, unsigned long request) {
    int value = 0;
    return ioctl(socket, request, &value) < 0 ? -1 : value;
}

int nitka_unread(int socket) { return amount(socket, SIOCINQ); }

int nitka_unacknowledged(int socket) { return amount(socket, SIOCOUTQ); }

int nitka_ignore_new_connections(int listener) {
    // A TCP socket's filter sees the segment from its TCP header on: byte 13 holds the flags.
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

int nitka_take_error(int socket) {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? errno : error;
}

const char *nitka_errno_name(int code) { return strerrorname_np(code); }

const char *nitka_errno_words(int code) { return strerrordesc_np(code); }

void nitka_get_thread_name(char *name) {
    name[0] = '\0';
    pthread_getname_np(pthread_self(), name, 16);
}

static struct timespec duration(int64_t nanoseconds) {
    return (struct timespec){.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
}

int nitka_poll(struct pollfd *entries, nfds_t count, int64_t nanoseconds) {
    struct timespec patience = duration(nanoseconds);
    return ppoll(entries, count, nanoseconds < 0 ? NULL : &patience, NULL);
}

int nitka_timer(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK); }

int nitka_set_timer(int timer, int64_t nanoseconds) {
    struct itimerspec moment = {.it_value = duration(nanoseconds)};
    return timerfd_settime(timer, TFD_TIMER_ABSTIME, &moment, NULL);
}

int nitka_usable_processors(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

int nitka_guard(void *page, size_t length) { return madvise(page, length, MADV_GUARD_INSTALL); }

int nitka_terminal_columns(int terminal) {
    struct winsize size;
    return ioctl(terminal, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int nitka_open_missing_streams(void) {
    for (int stream = 0; stream <= 2; stream++) {
        if (fcntl(stream, F_GETFD) >= 0) continue;
        // The lowest number that is free: this one, since those before it are open.
        if (open("/dev/null", O_RDWR) < 0) return -1;
    }
    return 0;
}
