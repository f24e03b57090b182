// SPDX-License-Identifier: Apache-2.0
// What Swift's Glibc module lacks: GNU extensions, variadic functions and macros.
// Only the .c file defines _GNU_SOURCE: here it would change the socket types that Swift sees.
#ifndef NITKA_LINUX_H
#define NITKA_LINUX_H

#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/types.h>

// accept4(2) with SOCK_CLOEXEC, and SOCK_NONBLOCK if `nonblocking` is not 0: the descriptor, or -1 and errno.
int nitka_accept(int listener, struct sockaddr *peer, socklen_t *length, int nonblocking);

// Makes the listener ignore every SYN from now on: its backlog does not grow, and handshakes under way complete.
int nitka_ignore_new_connections(int listener);

// A non-blocking pipe with CLOEXEC, of `bytes` if the kernel allows it: 0, or -1 and errno.
int nitka_pipe(int ends[2], int bytes);
// splice(2) between a pipe and a socket: the number of bytes, or -1 and errno.
ssize_t nitka_splice(int from, int to, size_t count);

// ppoll(2) with a timeout in nanoseconds; a negative one is infinite.
int nitka_poll(struct pollfd *entries, nfds_t count, int64_t nanoseconds);

// pthread_mutex_clocklock(3) with a moment of CLOCK_MONOTONIC: 0, or the error.
int nitka_lock_until(pthread_mutex_t *mutex, const struct timespec *moment);

pid_t nitka_gettid(void);
// The kernel keeps 15 bytes of a name.
void nitka_set_thread_name(const char *name);
// Writes up to 16 bytes.
void nitka_get_thread_name(char *name);
// The calling thread's involuntary context switches, see getrusage(2).
long nitka_involuntary_switches(void);

// The object that owns the calling thread; NULL until one is set.
extern _Thread_local void *nitka_current_owner;
static inline void *nitka_thread_owner(void) { return nitka_current_owner; }
static inline void nitka_set_thread_owner(void *owner) { nitka_current_owner = owner; }

// The number of processors that this process may run on; 0 if it is unknown.
int nitka_usable_processors(void);

// The arguments of main(), without /proc.
int nitka_argument_count(void);
const char *nitka_argument(int index);

// Swift's runtime reports a crash signal, and survives it when another process sent it. After this call such a signal ends
// the process, after the report.
void nitka_end_after_crash_signals(void);

// Static text, safe on every thread; NULL for a number that is no errno.
const char *nitka_errno_name(int code);
const char *nitka_errno_words(int code);

#endif
