// SPDX-License-Identifier: Apache-2.0
// Connect, one echo, close: CLIENTS connections at a time, each followed by the next at once.
//
// The client closes first, with a FIN, as most clients do. A reset (SO_LINGER 0) would free the port at once, but the
// server would handle it as an error, and some servers log it. The client's port therefore stays in TIME_WAIT, and the
// 28,000 ports of one address would last for 1 or 2 seconds: the connections use 240 source addresses in turn.
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOURCES = 240, MOST = 4096 };

struct visit {
    int socket, has_sent, got;
    char message[MOST];
};

static const struct plan *the_plan;
static int epoll, ending, home;  // home: clients that have had their last echo
static uint64_t begun;
static double echoes;

static int socket_from_next_source(void) {
    int one = 1, made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in source = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7F000100u + 1 + (uint32_t)(begun % SOURCES))};
    if (made < 0) die("socket");
    // connect(2) chooses the port, because it knows the destination: bind(2) would need a port that no connection uses.
    setsockopt(made, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (bind(made, (struct sockaddr *)&source, sizeof source) < 0) die("bind");
    return made;
}

// Over loopback the handshake has almost always ended by now. If not, epoll reports when the socket is writable.
static void try_send(struct visit *visit) {
    ssize_t sent = send(visit->socket, visit->message, (size_t)the_plan->size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) die("connect and send");
    if (sent >= 0 && sent != the_plan->size) wrong("a short send", (long)begun);
    visit->has_sent = sent > 0;
}

static void begin(struct visit *visit) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)the_plan->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    visit->socket = socket_from_next_source();
    visit->got = 0;
    if (connect(visit->socket, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) die("connect");
    begun++;
    memcpy(visit->message, pattern_at(begun * 64), (size_t)the_plan->size);
    memcpy(visit->message, &begun, sizeof begun);
    try_send(visit);
    struct epoll_event event = {.events = visit->has_sent ? EPOLLIN : EPOLLOUT, .data.ptr = visit};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, visit->socket, &event) < 0) die("epoll_ctl");
}

static void wait_for_echo(struct visit *visit) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = visit};
    epoll_ctl(epoll, EPOLL_CTL_MOD, visit->socket, &event);
}

static void ready(struct visit *visit) {
    if (!visit->has_sent) {
        try_send(visit);
        if (visit->has_sent) wait_for_echo(visit);
        return;
    }
    char answer[MOST];
    ssize_t count = recv(visit->socket, answer, (size_t)(the_plan->size - visit->got), 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) die("recv");
    if (count == 0) wrong("the server closed", (long)begun);
    if (memcmp(answer, visit->message + visit->got, (size_t)count) != 0) wrong("the echo differs", (long)begun);
    visit->got += (int)count;
    if (visit->got < the_plan->size) return;
    echoes++;
    close(visit->socket);
    if (ending) home++;
    else begin(visit);
}

static void wait_for_visits(void) {
    struct epoll_event events[64];
    int n = epoll_wait(epoll, events, 64, 100);
    for (int i = 0; i < n; i++) ready(events[i].data.ptr);
}

// A lost echo stops only its own client, so the count would not show it: every visit that began must end.
static void bring_all_home(void) {
    ending = 1;
    for (double end = now() + 10; home < the_plan->clients; wait_for_visits())
        if (now() > end) missing(the_plan->clients - home);
}

int churn(const struct plan *plan) {
    the_plan = plan;
    if (plan->size > MOST) wrong("churn sends at most 4096 bytes per message", 0);
    make_pattern();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct visit *visits = calloc((size_t)plan->clients, sizeof *visits);
    for (int i = 0; i < plan->clients; i++) begin(&visits[i]);
    struct count count;
    start_count(&count, plan);
    for (enum phase phase; (phase = phase_of(&count, echoes > 0 || count.counting)) != END; wait_for_visits())
        if (phase == BEGIN) echoes = 0;
    double counted = echoes;
    bring_all_home();
    print_result(count.begin, count.end, counted);
    end_result();
    return 0;
}
