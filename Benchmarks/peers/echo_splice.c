// SPDX-License-Identifier: Apache-2.0
// A pthread for each client moves bytes from the socket through a pipe to the socket with splice(2).
// `echo_splice PORT`.
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIPE = 256 * 1024 };

static void *serve(void *argument) {
    int client = (int)(intptr_t)argument, ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) goto no_pipe;
    fcntl(ends[1], F_SETPIPE_SZ, PIPE);
    for (;;) {
        ssize_t count = splice(client, NULL, ends[1], NULL, PIPE, SPLICE_F_MOVE);
        if (count <= 0) break;
        while (count > 0) {
            ssize_t sent = splice(ends[0], NULL, client, NULL, (size_t)count, SPLICE_F_MOVE);
            if (sent <= 0) goto end;
            count -= sent;
        }
    }
end:
    close(ends[0]);
    close(ends[1]);
no_pipe:
    close(client);
    return NULL;
}

static int listen_on(int port) {
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 4096) < 0) {
        perror("echo_splice");
        exit(1);
    }
    return listener;
}

int main(int count, char **arguments) {
    int one = 1, listener = listen_on(count > 1 ? atoi(arguments[1]) : 7008);
    signal(SIGPIPE, SIG_IGN);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 64 * 1024);
    puts("listening");
    fflush(stdout);
    for (;;) {
        int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0) continue;
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        pthread_t thread;
        if (pthread_create(&thread, &attributes, serve, (void *)(intptr_t)client) != 0) close(client);
    }
}
