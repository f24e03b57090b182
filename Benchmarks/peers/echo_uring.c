// SPDX-License-Identifier: Apache-2.0
// One io_uring loop: accept and receive are asked for once and answer many times, the kernel picks receive buffers
// from a ring, and a buffer goes back into it when its echo has been sent. `echo_uring PORT`.
//
// The bytes of one client keep their order because a client has one send on its way at most; what arrives meanwhile
// waits in a list of the client's own. A client that does not take its echo stops being read when it is owed MANY.
#define _GNU_SOURCE
#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLOTS = 4096, BUFFERS = 4096, SIZE = 16 * 1024, GROUP = 0, MANY = 32 };
enum kind { ACCEPT, RECEIVE, SEND, CANCEL };

// What a buffer holds and which one comes after it; a buffer is in one client's list at most.
struct piece { uint32_t length; uint16_t next; };

struct client {
    int socket, receiving, sending, ended, broken, hungry;  // hungry: waits for buffers to come back
    unsigned owed;                                          // how many buffers hold bytes for this client
    uint16_t first, last;                                   // of them
    uint32_t gone;                                          // bytes of the first that were sent
    struct client *next_hungry;
};

static struct io_uring ring;
static struct io_uring_buf_ring *pool;
static char *memory;
static struct piece pieces[BUFFERS];
static struct client *hungry_ones;
static int listener, any_given_back;

static struct io_uring_sqe *next_entry(void) {
    struct io_uring_sqe *entry;
    while ((entry = io_uring_get_sqe(&ring)) == NULL) io_uring_submit(&ring);
    return entry;
}

static void tag(struct io_uring_sqe *entry, struct client *client, enum kind kind) {
    io_uring_sqe_set_data64(entry, (uint64_t)(uintptr_t)client | kind);
}

static void ask_accept(void) {
    struct io_uring_sqe *entry = next_entry();
    io_uring_prep_multishot_accept(entry, listener, NULL, NULL, SOCK_CLOEXEC);
    tag(entry, NULL, ACCEPT);
}

static void ask_receive(struct client *client) {
    struct io_uring_sqe *entry = next_entry();
    io_uring_prep_recv_multishot(entry, client->socket, NULL, 0, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = GROUP;
    tag(entry, client, RECEIVE);
    client->receiving = 1;
}

static void ask_send(struct client *client) {
    struct io_uring_sqe *entry = next_entry();
    io_uring_prep_send(entry, client->socket, memory + (size_t)client->first * SIZE + client->gone,
                       pieces[client->first].length - client->gone, MSG_NOSIGNAL | MSG_WAITALL);
    tag(entry, client, SEND);
    client->sending = 1;
}

static void stop_receiving(struct client *client) {
    struct io_uring_sqe *entry = next_entry();
    io_uring_prep_cancel64(entry, (uint64_t)(uintptr_t)client | RECEIVE, 0);
    tag(entry, NULL, CANCEL);
}

static void keep(struct client *client, uint16_t buffer, uint32_t length) {
    pieces[buffer].length = length;
    if (client->owed++ == 0) client->first = buffer;
    else pieces[client->last].next = buffer;
    client->last = buffer;
}

static void give_back_first(struct client *client) {
    uint16_t buffer = client->first;
    client->first = pieces[buffer].next;
    client->owed--;
    client->gone = 0;
    io_uring_buf_ring_add(pool, memory + (size_t)buffer * SIZE, SIZE, buffer, io_uring_buf_ring_mask(BUFFERS), 0);
    io_uring_buf_ring_advance(pool, 1);
    any_given_back = 1;
}

// What is to be done next for a client; the only place that decides to receive again or to let it go.
static void go_on(struct client *client) {
    if (client->sending) return;
    while (client->broken && client->owed > 0) give_back_first(client);
    if (client->owed > 0) return ask_send(client);
    if (client->broken && client->receiving) shutdown(client->socket, SHUT_RDWR);
    if (client->receiving || client->hungry) return;
    if (!client->ended && !client->broken) return ask_receive(client);
    close(client->socket);
    free(client);
}

static void accepted(struct io_uring_cqe *done) {
    if (!(done->flags & IORING_CQE_F_MORE)) ask_accept();
    if (done->res < 0) return;
    int one = 1;
    setsockopt(done->res, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct client *client = calloc(1, sizeof *client);
    client->socket = done->res;
    ask_receive(client);
}

static void received(struct client *client, struct io_uring_cqe *done) {
    if (!(done->flags & IORING_CQE_F_MORE)) client->receiving = 0;
    if (done->res > 0) {
        keep(client, (uint16_t)(done->flags >> IORING_CQE_BUFFER_SHIFT), (uint32_t)done->res);
        if (client->owed == MANY && client->receiving) stop_receiving(client);
    } else if (done->res == 0) {
        client->ended = 1;
    } else if (done->res == -ENOBUFS) {
        client->hungry = 1;
        client->next_hungry = hungry_ones;
        hungry_ones = client;
    } else if (done->res != -ECANCELED && done->res != -EINTR) {
        client->broken = 1;
    }
    go_on(client);
}

static void sent(struct client *client, struct io_uring_cqe *done) {
    client->sending = 0;
    if (done->res < 0) client->broken = 1;
    else if ((client->gone += (uint32_t)done->res) == pieces[client->first].length) give_back_first(client);
    go_on(client);
}

static void feed_the_hungry(void) {
    struct client *waiting = hungry_ones;
    hungry_ones = NULL;
    while (waiting != NULL) {
        struct client *client = waiting;
        waiting = client->next_hungry;
        client->hungry = 0;
        go_on(client);
    }
}

static void handle(struct io_uring_cqe *done) {
    enum kind kind = (enum kind)(done->user_data & 3);
    struct client *client = (struct client *)(uintptr_t)(done->user_data & ~(uint64_t)3);
    if (kind == ACCEPT) accepted(done);
    else if (kind == RECEIVE) received(client, done);
    else if (kind == SEND) sent(client, done);
}

static void fail(const char *what, int error) {
    fprintf(stderr, "echo_uring: %s: %s\n", what, strerror(error));
    exit(1);
}

static void listen_on(int port) {
    int one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 4096) < 0)
        fail("listen", errno);
}

static void make_ring(void) {
    struct io_uring_params wishes = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN};
    struct io_uring_params plain = {0};
    int error = io_uring_queue_init_params(SLOTS, &ring, &wishes);
    if (error < 0) error = io_uring_queue_init_params(SLOTS, &ring, &plain);
    if (error < 0) fail("io_uring", -error);
    if (posix_memalign((void **)&pool, 4096, BUFFERS * sizeof(struct io_uring_buf)) != 0) fail("memory", ENOMEM);
    struct io_uring_buf_reg wanted = {.ring_addr = (uint64_t)(uintptr_t)pool, .ring_entries = BUFFERS, .bgid = GROUP};
    if ((error = io_uring_register_buf_ring(&ring, &wanted, 0)) < 0) fail("ring of buffers", -error);
    io_uring_buf_ring_init(pool);
    memory = malloc((size_t)BUFFERS * SIZE);
    for (int i = 0; i < BUFFERS; i++)
        io_uring_buf_ring_add(pool, memory + (size_t)i * SIZE, SIZE, (uint16_t)i, io_uring_buf_ring_mask(BUFFERS), i);
    io_uring_buf_ring_advance(pool, BUFFERS);
}

int main(int count, char **arguments) {
    make_ring();
    listen_on(count > 1 ? atoi(arguments[1]) : 7008);
    puts("listening");
    fflush(stdout);
    ask_accept();
    for (;;) {
        io_uring_submit_and_wait(&ring, 1);
        struct io_uring_cqe *done;
        unsigned head, handled = 0;
        any_given_back = 0;
        io_uring_for_each_cqe(&ring, head, done) {
            handle(done);
            handled++;
        }
        io_uring_cq_advance(&ring, handled);
        if (any_given_back) feed_the_hungry();
    }
}
