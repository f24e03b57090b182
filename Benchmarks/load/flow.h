// SPDX-License-Identifier: Apache-2.0
// A connection on which bytes flow without a pause: what `stream` and `bulk` have in common.
#pragma once
#include "load.h"

struct flow {
    int socket;
    uint64_t start, sent, received;  // start: where in the pattern, so that no flow passes for another
};

extern struct flow *flows;

void open_flows(const struct plan *plan, uint32_t events);
int wait_for_flows(int milliseconds, void (*ready)(struct flow *, uint32_t events));
int all_flow(const struct plan *plan);  // whether every connection had an answer
void send_some(struct flow *flow, size_t count);
void receive_some(struct flow *flow, int compare);
double received_by_all(const struct plan *plan);
// Ends the sending sides, reads to the end, and says what is missing of all that was sent.
void finish_flows(const struct plan *plan);
