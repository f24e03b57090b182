// SPDX-License-Identifier: Apache-2.0
// Opens N connections, has one echo over each, prints `held N`, and keeps them open until the end of its standard
// input. Meanwhile the caller measures the memory of idle clients.
#define _GNU_SOURCE
#include "load.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void have_one_echo(int socket, uint64_t number, size_t size) {
    char answer[size];
    const char *wanted = pattern_at(number * 4099);
    if (send(socket, wanted, size, MSG_NOSIGNAL) != (ssize_t)size) die("send");
    for (size_t got = 0; got < size;) {
        struct pollfd readable = {.fd = socket, .events = POLLIN};
        poll(&readable, 1, -1);
        ssize_t count = recv(socket, answer + got, size - got, 0);
        if (count < 0) die("recv");
        if (count == 0) wrong("the server closed", (long)number);
        got += (size_t)count;
    }
    if (memcmp(answer, wanted, size) != 0) wrong("the echo differs", (long)number);
}

int hold(const struct plan *plan) {
    make_pattern();
    int *sockets = calloc((size_t)plan->clients, sizeof *sockets);
    for (int i = 0; i < plan->clients; i++) {
        sockets[i] = connect_to(plan->port);
        have_one_echo(sockets[i], (uint64_t)i, (size_t)plan->size);
    }
    alarm(0);  // the caller decides how long it runs
    printf("held %d\n", plan->clients);
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {}
    return 0;
}
