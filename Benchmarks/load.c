// SPDX-License-Identifier: Apache-2.0
// A closed loop: N clients, each with one message of SIZE bytes on its way, for SECONDS; one thread over epoll.
// `load PORT CLIENTS SIZE SECONDS` prints the echoes that came back in that time, counted after all had connected.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    return (double)moment.tv_sec + (double)moment.tv_nsec / 1e9;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

int main(int count, char **arguments) {
    if (count != 5) {
        fputs("load PORT CLIENTS SIZE SECONDS\n", stderr);
        return 64;
    }
    int port = atoi(arguments[1]), clients = atoi(arguments[2]), size = atoi(arguments[3]), one = 1;
    double seconds = atof(arguments[4]);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    char *message = malloc((size_t)size), *answer = malloc((size_t)size);
    memset(message, 'x', (size_t)size);
    int *missing = calloc((size_t)clients, sizeof *missing), *sockets = calloc((size_t)clients, sizeof *sockets);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < clients; i++) {
        sockets[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (sockets[i] < 0 || connect(sockets[i], (struct sockaddr *)&address, sizeof address) < 0) die("connect");
        setsockopt(sockets[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &event);
    }
    for (int i = 0; i < clients; i++) {
        missing[i] = size;
        if (send(sockets[i], message, (size_t)size, 0) != size) die("send");
    }
    long echoes = 0;
    struct epoll_event ready[512];
    for (double end = now() + seconds; now() < end;) {
        int n = epoll_wait(epoll, ready, 512, 100);
        for (int k = 0; k < n; k++) {
            int i = (int)ready[k].data.u32;
            ssize_t got = recv(sockets[i], answer, (size_t)missing[i], MSG_DONTWAIT);
            if (got == 0) die("the server closed");
            if (got < 0) {
                if (errno == EAGAIN) continue;
                die("recv");
            }
            missing[i] -= (int)got;
            if (missing[i] > 0) continue;
            echoes++;
            missing[i] = size;
            if (send(sockets[i], message, (size_t)size, 0) != size) die("send");
        }
    }
    printf("%ld\n", echoes);
    return 0;
}
