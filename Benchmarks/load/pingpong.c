// SPDX-License-Identifier: Apache-2.0
// A closed loop: each of N clients has one message in flight, and sends the next one when the echo is complete. This is
// the ordinary load: one recv(2) and one send(2) per message. Every byte is compared. A message begins with the number
// of its client and a number of its own, so that no two messages are equal.
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

struct pinger {
    int socket, got;
    uint32_t sent;
    double sent_at;
    char *message;
};

static struct pinger *pingers;
static char *answer;
static int epoll, served, ending, home;  // home: clients that have had their last echo
static double echoes, round_at;  // round_at: when epoll_wait last returned; a clock read per message would cost more

static void send_next(struct pinger *pinger, const struct plan *plan) {
    pinger->sent++;
    pinger->sent_at = round_at;
    pinger->got = 0;
    memcpy(pinger->message + 4, &pinger->sent, 4);
    ssize_t count = send(pinger->socket, pinger->message, (size_t)plan->size, MSG_NOSIGNAL);
    if (count < 0) die("send");
    if (count != plan->size) wrong("the socket took only a part of a message", pinger - pingers);
}

static void add_pinger(uint32_t number, const struct plan *plan) {
    struct pinger *pinger = &pingers[number];
    pinger->socket = connect_to(plan->port);
    pinger->message = malloc((size_t)plan->size);
    memcpy(pinger->message, pattern_at((uint64_t)number * 4099), (size_t)plan->size);
    memcpy(pinger->message, &number, 4);
    // Edge-triggered is enough: the rest of a partial message causes another edge. Level-triggered costs the kernel a
    // second check per message.
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = number};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, pinger->socket, &event) < 0) die("epoll_ctl");
}

static void receive(uint32_t number, const struct plan *plan) {
    struct pinger *pinger = &pingers[number];
    ssize_t count = recv(pinger->socket, answer, (size_t)(plan->size - pinger->got), 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) die("recv");
    if (count == 0) wrong("the server closed", number);
    if (memcmp(answer, pinger->message + pinger->got, (size_t)count) != 0) wrong("the echo differs", number);
    pinger->got += (int)count;
    if (pinger->got < plan->size) return;
    if (pinger->sent == 1) {
        served++;
        return;
    }
    echoes++;
    if (ending) {
        home++;
        return;
    }
    record_trip((uint64_t)((round_at - pinger->sent_at) * 1e9));
    send_next(pinger, plan);
}

static void open_all(const struct plan *plan) {
    make_pattern();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    pingers = calloc((size_t)plan->clients, sizeof *pingers);
    answer = malloc((size_t)plan->size);
    for (int i = 0; i < plan->clients; i++) add_pinger((uint32_t)i, plan);
}

static void receive_all(const struct plan *plan) {
    struct epoll_event ready[512];
    int n = epoll_wait(epoll, ready, 512, 100);
    round_at = now();
    for (int i = 0; i < n; i++) receive(ready[i].data.u32, plan);
}

static void send_all(const struct plan *plan) {
    round_at = now();
    for (int i = 0; i < plan->clients; i++) send_next(&pingers[i], plan);
}

// Each client has one echo, and waits until the last client has it too. Otherwise the first clients keep the server's
// core busy, and a server with hundreds of threads needs seconds to accept the others.
static void greet_all(const struct plan *plan) {
    send_all(plan);
    while (served < plan->clients) receive_all(plan);
}

// A lost echo stops only its own client, so the count would not show it: every message in flight must still return.
static void bring_all_home(const struct plan *plan) {
    ending = 1;
    for (double end = now() + 10; home < plan->clients;) {
        if (now() > end) missing(plan->clients - home);
        receive_all(plan);
    }
    // The edge of a last echo also covered bytes that followed it, so epoll does not report them.
    for (int i = 0; i < plan->clients; i++)
        if (recv(pingers[i].socket, answer, 1, 0) >= 0) wrong("extra bytes or an early end of the stream", i);
}

int pingpong(const struct plan *plan) {
    open_all(plan);
    greet_all(plan);
    struct count count;
    start_count(&count, plan);
    send_all(plan);
    for (enum phase phase; (phase = phase_of(&count, 1)) != END; receive_all(plan)) {
        if (phase != BEGIN) continue;
        echoes = 0;
        forget_trips();
    }
    double counted = echoes;
    bring_all_home(plan);
    print_result(count.begin, count.end, counted);
    printf(", \"p50\": %.9f, \"p99\": %.9f", trip_percentile(0.5), trip_percentile(0.99));
    end_result();
    return 0;
}
