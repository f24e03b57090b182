// SPDX-License-Identifier: Apache-2.0
// The baseline: a pthread for each client calls recv(2) and send(2) in a loop. `echo_pthreads PORT`.
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void *serve(void *argument) {
    int client = (int)(intptr_t)argument;
    char buffer[64 * 1024];
    for (;;) {
        ssize_t count = recv(client, buffer, sizeof buffer, 0);
        if (count <= 0) break;
        for (ssize_t gone = 0; gone < count;) {
            ssize_t sent = send(client, buffer + gone, (size_t)(count - gone), MSG_NOSIGNAL);
            if (sent <= 0) goto end;
            gone += sent;
        }
    }
end:
    close(client);
    return NULL;
}

int main(int count, char **arguments) {
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)(count > 1 ? atoi(arguments[1]) : 7008)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 4096) < 0) {
        perror("echo_pthreads");
        return 1;
    }
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
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
