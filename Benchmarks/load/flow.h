// SPDX-License-Identifier: Apache-2.0
// A connection that sends and receives without a pause: `stream` and both bulk modes use it.
#pragma once
#include "load.h"

struct flow {
    int socket;
    uint64_t start, sent, received;  // start: a position in the pattern that no other flow has
};

extern struct flow *flows;

void open_flows(const struct plan *plan, uint32_t events);
int wait_for_flows(int milliseconds, void (*ready)(struct flow *, uint32_t events));
int all_flow(const struct plan *plan);  // true when every connection has received something
void send_some(struct flow *flow, size_t count);
void receive_some(struct flow *flow, int compare);
double received_by_all(const struct plan *plan);
// Half-closes every connection, reads to the end of each, and fails if a byte that was sent is missing.
void finish_flows(const struct plan *plan);
