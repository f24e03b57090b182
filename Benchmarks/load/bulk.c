// SPDX-License-Identifier: Apache-2.0
// N streams, each sent and received as fast as the server takes and returns it, by one of two loads:
//
// - `bulk-send`, the ordinary load, copies: send(2) from its own memory, recv(2) into it. It compares every byte.
// - `bulk-sendfile` copies almost nothing: it sends from a file in memory with sendfile(2), discards what it receives
//   inside the kernel, and compares 1 piece in 16. It can keep up with a server that splices.
//
// With both, every byte that was sent must have come back at the end.
#define _GNU_SOURCE
#include "flow.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum { PIECE = 128 * 1024, COMPARED = 16 };

static unsigned pieces;
static int file;

static void make_file(void) {
    if ((file = memfd_create("pattern", MFD_CLOEXEC)) < 0) die("memfd_create");
    for (uint64_t at = 0; at < PATTERN + PATTERN_SPAN; at += PATTERN_SPAN)
        if (write(file, pattern_at(at), PATTERN_SPAN) != PATTERN_SPAN) die("write the pattern");
}

static void send_from_file(struct flow *flow) {
    off_t place = (off_t)((flow->start + flow->sent) % PATTERN);
    ssize_t sent = sendfile(flow->socket, file, &place, PIECE);
    if (sent < 0 && errno != EAGAIN) die("sendfile");
    if (sent > 0) flow->sent += (uint64_t)sent;
}

static void ready_to_copy(struct flow *flow, uint32_t events) {
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive_some(flow, 1);
    if (events & EPOLLOUT) send_some(flow, PIECE);
}

static void ready_to_send_file(struct flow *flow, uint32_t events) {
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive_some(flow, pieces++ % COMPARED == 0);
    if (events & EPOLLOUT) send_from_file(flow);
}

static int bulk(const struct plan *plan, void (*ready)(struct flow *, uint32_t events)) {
    struct count count;
    start_count(&count, plan);
    double before = 0;
    for (enum phase phase; (phase = phase_of(&count, all_flow(plan))) != END;) {
        if (phase == BEGIN) before = received_by_all(plan);
        wait_for_flows(100, ready);
    }
    double bytes = received_by_all(plan) - before;
    finish_flows(plan);
    print_result(count.begin, count.end, bytes);
    end_result();
    return 0;
}

int bulk_send(const struct plan *plan) {
    open_flows(plan, EPOLLIN | EPOLLOUT);
    return bulk(plan, ready_to_copy);
}

int bulk_sendfile(const struct plan *plan) {
    open_flows(plan, EPOLLIN | EPOLLOUT);
    make_file();
    return bulk(plan, ready_to_send_file);
}
