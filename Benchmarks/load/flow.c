// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "flow.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

struct flow *flows;
static int epoll;
static char answer[PATTERN_SPAN];

void open_flows(const struct plan *plan, uint32_t events) {
    make_pattern();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    flows = calloc((size_t)plan->clients, sizeof *flows);
    for (int i = 0; i < plan->clients; i++) {
        flows[i] = (struct flow){.socket = connect_to(plan->port), .start = (uint64_t)i * 65539};
        struct epoll_event event = {.events = events, .data.ptr = &flows[i]};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, flows[i].socket, &event) < 0) die("epoll_ctl");
    }
}

int wait_for_flows(int milliseconds, void (*ready)(struct flow *, uint32_t events)) {
    struct epoll_event events[64];
    int n = epoll_wait(epoll, events, 64, milliseconds);
    for (int i = 0; i < n; i++) ready(events[i].data.ptr, events[i].events);
    return n;
}

int all_flow(const struct plan *plan) {
    for (int i = 0; i < plan->clients; i++)
        if (flows[i].received == 0) return 0;
    return 1;
}

void send_some(struct flow *flow, size_t count) {
    ssize_t sent = send(flow->socket, pattern_at(flow->start + flow->sent), count, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) die("send");
    if (sent > 0) flow->sent += (uint64_t)sent;
}

// If the bytes are not compared, MSG_TRUNC makes the kernel discard them instead of copying them. It still counts them.
void receive_some(struct flow *flow, int compare) {
    ssize_t count = recv(flow->socket, answer, sizeof answer, compare ? 0 : MSG_TRUNC);
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) die("recv");
    if (count == 0) wrong("the server closed", flow - flows);
    if (compare && memcmp(answer, pattern_at(flow->start + flow->received), (size_t)count) != 0)
        wrong("the echo differs", flow - flows);
    flow->received += (uint64_t)count;
}

double received_by_all(const struct plan *plan) {
    uint64_t sum = 0;
    for (int i = 0; i < plan->clients; i++) sum += flows[i].received;
    return (double)sum;
}

static void read_to_the_end(struct flow *flow) {
    for (;;) {
        struct pollfd readable = {.fd = flow->socket, .events = POLLIN};
        if (poll(&readable, 1, 10000) == 0) wrong("bytes or the end of the stream are missing", flow - flows);
        ssize_t count = recv(flow->socket, answer, sizeof answer, 0);
        if (count < 0) die("recv at the end");
        if (count == 0) break;
        if (memcmp(answer, pattern_at(flow->start + flow->received), (size_t)count) != 0)
            wrong("the echo differs at the end", flow - flows);
        flow->received += (uint64_t)count;
    }
    if (flow->received != flow->sent) wrong("bytes were lost at the end", flow - flows);
}

void finish_flows(const struct plan *plan) {
    for (int i = 0; i < plan->clients; i++) shutdown(flows[i].socket, SHUT_WR);
    for (int i = 0; i < plan->clients; i++) read_to_the_end(&flows[i]);
}
