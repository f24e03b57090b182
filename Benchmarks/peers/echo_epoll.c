// SPDX-License-Identifier: Apache-2.0
// One event loop over level-triggered epoll. It reads, sends, and keeps the bytes that the socket did not take.
// `echo_epoll PORT`.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 64 * 1024, EVENTS = 512 };

struct client {
    int socket;
    size_t gone, kept;  // `rest` has `kept` bytes, of which `gone` are sent
    char *rest;         // NULL if nothing is left to send: an idle client needs no buffer
};

static int epoll, listener;
static char buffer[BUFFER];

static void forget(struct client *client) {
    close(client->socket);
    free(client->rest);
    free(client);
}

// While bytes are left to send, the loop does not read: a client that reads nothing holds one buffer at most.
static void watch(struct client *client, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = client};
    epoll_ctl(epoll, EPOLL_CTL_MOD, client->socket, &event);
}

static void keep(struct client *client, const char *bytes, size_t count) {
    client->rest = malloc(count);
    memcpy(client->rest, bytes, count);
    client->gone = 0;
    client->kept = count;
    watch(client, EPOLLOUT);
}

static void echo(struct client *client) {
    ssize_t count = recv(client->socket, buffer, sizeof buffer, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return forget(client);
    ssize_t sent = send(client->socket, buffer, (size_t)count, MSG_NOSIGNAL);
    if (sent == count) return;
    if (sent < 0 && errno != EAGAIN) return forget(client);
    if (sent < 0) sent = 0;
    keep(client, buffer + sent, (size_t)(count - sent));
}

static void send_rest(struct client *client) {
    ssize_t sent = send(client->socket, client->rest + client->gone, client->kept - client->gone, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) return forget(client);
    client->gone += (size_t)sent;
    if (client->gone < client->kept) return;
    free(client->rest);
    client->rest = NULL;
    watch(client, EPOLLIN);
}

static void accept_all(void) {
    int one = 1, accepted;
    while ((accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct client *client = calloc(1, sizeof *client);
        client->socket = accepted;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
        epoll_ctl(epoll, EPOLL_CTL_ADD, accepted, &event);
    }
}

static void listen_on(int port) {
    int one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 4096) < 0) {
        perror("echo_epoll");
        exit(1);
    }
    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
}

int main(int count, char **arguments) {
    listen_on(count > 1 ? atoi(arguments[1]) : 7008);
    puts("listening");
    fflush(stdout);
    struct epoll_event ready[EVENTS];
    for (;;) {
        int n = epoll_wait(epoll, ready, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            struct client *client = ready[i].data.ptr;
            if (client == NULL) accept_all();
            else if (client->rest != NULL) send_rest(client);
            else echo(client);
        }
    }
}
