// SPDX-License-Identifier: Apache-2.0
// Messages that go to the kernel together, through an io_uring where it may be used. With a call for each, the load
// costs more than a server that sends together: that server then waits for the load, and shows less than it can do.
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <sys/socket.h>

enum { TOGETHER = 32 };

static struct message { int socket; const char *bytes; size_t count; } waiting[TOGETHER];
static int waits;

// A result is a count, or an errno below zero, as of io_uring.
static int must(const char *what, int result) {
    if (result >= 0) return result;
    errno = -result;
    die(what);
}

static void expect(int result, const struct message *message) {
    if ((size_t)must("send", result) == message->count) return;
    errno = EAGAIN;
    die("send: not all of a message");
}

static void send_one(const struct message *message) {
    ssize_t result = send(message->socket, message->bytes, message->count, MSG_NOSIGNAL);
    expect(result < 0 ? -errno : (int)result, message);
}

#ifdef WITH_LIBURING
#include <liburing.h>

static struct io_uring ring;

// Some kernels and containers allow a ring to be made, and nobody to use it.
static int may_use_ring(void) {
    struct io_uring_cqe *done;
    if (io_uring_queue_init(TOGETHER, &ring, 0) < 0) return 0;
    io_uring_prep_nop(io_uring_get_sqe(&ring));
    if (io_uring_submit_and_wait(&ring, 1) != 1 || io_uring_peek_cqe(&ring, &done) < 0) return 0;
    io_uring_cqe_seen(&ring, done);
    return 1;
}

int sends_together(void) {
    static int answer = -1;
    if (answer < 0) answer = may_use_ring();
    return answer;
}

static void send_waiting(void) {
    for (int i = 0; i < waits; i++) {
        struct io_uring_sqe *entry = io_uring_get_sqe(&ring);
        io_uring_prep_send(entry, waiting[i].socket, waiting[i].bytes, waiting[i].count, MSG_NOSIGNAL | MSG_DONTWAIT);
        io_uring_sqe_set_data(entry, &waiting[i]);
    }
    // A send that may not wait is over when the call returns: no message is changed while it is being sent.
    for (int taken = 0; taken < waits;) taken += must("io_uring_enter", io_uring_submit(&ring));
    for (int i = 0; i < waits; i++) {
        struct io_uring_cqe *done;
        must("io_uring_wait_cqe", io_uring_wait_cqe(&ring, &done));
        expect(done->res, io_uring_cqe_get_data(done));
        io_uring_cqe_seen(&ring, done);
    }
}
#else
int sends_together(void) { return 0; }
static void send_waiting(void) {}
#endif

void send_now(void) {
    if (waits > 1 && sends_together()) {
        send_waiting();
    } else {
        for (int i = 0; i < waits; i++) send_one(&waiting[i]);
    }
    waits = 0;
}

void send_soon(int socket, const char *bytes, size_t count) {
    waiting[waits++] = (struct message){socket, bytes, count};
    if (waits == TOGETHER) send_now();
}
