// SPDX-License-Identifier: Apache-2.0
// What Swift's Glibc module does not show: GNU extensions, variadic calls and macros.
// The .c file alone defines _GNU_SOURCE: here it would change the socket types that Swift sees.
#ifndef NITKA_LINUX_H
#define NITKA_LINUX_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

// accept4 with SOCK_CLOEXEC, and with SOCK_NONBLOCK where told: the descriptor, or -1 and errno.
int nitka_accept(int listener, struct sockaddr *peer, socklen_t *length, int nonblocking);

int nitka_eventfd(void);
pid_t nitka_gettid(void);
// Of the calling thread, see getrusage(2).
long nitka_involuntary_switches(void);
// The kernel keeps 15 bytes.
void nitka_set_thread_name(const char *name);
// Room for 16 bytes.
void nitka_get_thread_name(char *name);

// To whom the calling thread belongs: NULL until it is said.
extern _Thread_local void *nitka_current_owner;
static inline void *nitka_thread_owner(void) { return nitka_current_owner; }
static inline void nitka_set_thread_owner(void *owner) { nitka_current_owner = owner; }

// A pipe closed in children of this process that never blocks, of `bytes` if it may be so large: 0, or -1 and errno.
int nitka_pipe(int ends[2], int bytes);
// splice(2) between a pipe and a socket: how many bytes, or -1 and errno.
ssize_t nitka_splice(int from, int to, size_t count);

// Bytes received and not read yet; bytes sent and not acknowledged yet (a FIN counts as one). -1 and errno.
int nitka_unread(int socket);
int nitka_unacknowledged(int socket);

// From now on the listener ignores a SYN, so nobody joins its queue; handshakes under way complete.
int nitka_ignore_new_connections(int listener);

// Has the socket an error waiting? It is taken from it: 0, or an errno.
int nitka_take_error(int socket);

// Static text, safe on every thread; NULL for a number that is no errno.
const char *nitka_errno_name(int code);
const char *nitka_errno_words(int code);

// ppoll(2) for so many nanoseconds; without end where they are negative.
int nitka_poll(struct pollfd *entries, nfds_t count, int64_t nanoseconds);

// A timerfd on CLOCK_MONOTONIC, and setting it to a moment in nanoseconds, which also takes back that it was ready.
int nitka_timer(void);
int nitka_set_timer(int timer, int64_t nanoseconds);

// How many processors this process may run on: 0 where the kernel does not say.
int nitka_usable_processors(void);

// Marks pages so that who touches them gets SIGSEGV, without a mapping of their own; EINVAL before Linux 6.13.
int nitka_guard(void *page, size_t length);

// How many columns a terminal has; 0 where it is none, or does not say.
int nitka_terminal_columns(int terminal);

// Opens /dev/null where a program was born without one of the descriptors 0, 1, 2: 0, or -1 and errno.
int nitka_open_missing_streams(void);

#endif
