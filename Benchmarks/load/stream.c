// SPDX-License-Identifier: Apache-2.0
// Pipelined small messages: each of N connections has WINDOW messages of SIZE bytes in flight. One send(2) replaces
// all messages that one recv(2) returned, as in a client that pipelines. Every byte is compared.
#define _GNU_SOURCE
#include "flow.h"

#include <sys/epoll.h>

static const struct plan *the_plan;

static void refill(struct flow *flow) {
    uint64_t size = (uint64_t)the_plan->size, most = size * (uint64_t)the_plan->window;
    uint64_t missing = most - (flow->sent - flow->received);
    // After EAGAIN a later echo retries. With the whole window free the send buffer is empty, so EAGAIN cannot occur.
    if (missing >= size) send_some(flow, (size_t)(missing - missing % size));
}

static void ready(struct flow *flow, uint32_t events) {
    (void)events;
    receive_some(flow, 1);
    refill(flow);
}

int stream(const struct plan *plan) {
    the_plan = plan;
    open_flows(plan, EPOLLIN);
    for (int i = 0; i < plan->clients; i++) refill(&flows[i]);
    struct count count;
    start_count(&count, plan);
    double before = 0;
    for (enum phase phase; (phase = phase_of(&count, all_flow(plan))) != END;) {
        if (phase == BEGIN) before = received_by_all(plan);
        wait_for_flows(100, ready);
    }
    double echoes = (received_by_all(plan) - before) / plan->size;
    finish_flows(plan);
    print_result(count.begin, count.end, echoes);
    end_result();
    return 0;
}
