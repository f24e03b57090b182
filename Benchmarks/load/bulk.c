// SPDX-License-Identifier: Apache-2.0
// N streams, sent and received as fast as they go. To be no bottleneck the load copies nothing of what it sends, which
// lies in a file in memory, see sendfile(2), and looks at one piece in 16 of what it receives; the others are counted,
// and at the end all that was sent must have come back.
#define _GNU_SOURCE
#include "flow.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum { PIECE = 128 * 1024, LOOK = 16 };

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

static void ready(struct flow *flow, uint32_t events) {
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive_some(flow, pieces++ % LOOK == 0);
    if (events & EPOLLOUT) send_from_file(flow);
}

int bulk(const struct plan *plan) {
    open_flows(plan, EPOLLIN | EPOLLOUT);
    make_file();
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
