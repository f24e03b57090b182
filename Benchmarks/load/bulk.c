// SPDX-License-Identifier: Apache-2.0
// N streams, sent and received as fast as they go. To stay cheaper than any server, the load copies what it sends, as
// a client must, but looks at one piece in 16 of what it receives; the others are counted, and at the end all that was
// sent must have come back.
#define _GNU_SOURCE
#include "flow.h"

#include <sys/epoll.h>

enum { PIECE = 128 * 1024, LOOK = 16 };

static unsigned pieces;

static void ready(struct flow *flow, uint32_t events) {
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive_some(flow, pieces++ % LOOK == 0);
    if (events & EPOLLOUT) send_some(flow, PIECE);
}

int bulk(const struct plan *plan) {
    open_flows(plan, EPOLLIN | EPOLLOUT);
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
