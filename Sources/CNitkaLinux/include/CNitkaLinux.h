// SPDX-License-Identifier: Apache-2.0
// What Swift's Glibc module does not show: GNU extensions, variadic calls and macros.
// The .c file alone defines _GNU_SOURCE: here it would change the socket types that Swift sees.
#ifndef NITKA_LINUX_H
#define NITKA_LINUX_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

// accept4 with SOCK_CLOEXEC: the descriptor, or -1 and errno.
int nitka_accept(int listener, struct sockaddr *peer, socklen_t *length);

int nitka_eventfd(void);
pid_t nitka_gettid(void);
void nitka_set_thread_name(const char *name);
// Room for 16 bytes.
void nitka_get_thread_name(char *name);

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

// Marks pages so that who touches them gets SIGSEGV, without a mapping of their own; EINVAL before Linux 6.13.
int nitka_guard(void *page, size_t length);

#endif
