// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CNitkaSends.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel's numbers, some younger than the headers that this may be built with.
enum { setup_submit_all = 1 << 7, feature_single_mmap = 1 << 0, operation_send = 26, enter_get_events = 1 << 0 };

struct nitka_sends {
    int descriptor;
    unsigned most, prepared, sq_mask, cq_mask;
    unsigned *sq_head, *sq_tail, *cq_head, *cq_tail;
    struct io_uring_sqe *requests;
    struct io_uring_cqe *results;
    void *rings;
    size_t rings_bytes;
    int32_t sent[];
};

static size_t request_bytes(const struct nitka_sends *sends) { return sends->most * sizeof(struct io_uring_sqe); }

static void *map(size_t bytes, int descriptor, off_t offset) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, descriptor, offset);
    return memory == MAP_FAILED ? NULL : memory;
}

static long enter(const struct nitka_sends *sends, unsigned count, unsigned least, unsigned flags) {
    return syscall(SYS_io_uring_enter, sends->descriptor, count, least, flags, NULL, (size_t)0);
}

static int open_rings(struct nitka_sends *sends) {
    // With a request that fails, those after it are taken all the same.
    struct io_uring_params params = {.flags = setup_submit_all};
    sends->descriptor = (int)syscall(SYS_io_uring_setup, sends->most, &params);
    if (sends->descriptor < 0) return -1;
    if (!(params.features & feature_single_mmap)) return errno = ENOSYS, -1;
    size_t sq_bytes = params.sq_off.array + params.sq_entries * sizeof(unsigned);
    size_t cq_bytes = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    sends->rings_bytes = sq_bytes > cq_bytes ? sq_bytes : cq_bytes;
    sends->rings = map(sends->rings_bytes, sends->descriptor, IORING_OFF_SQ_RING);
    sends->requests = map(request_bytes(sends), sends->descriptor, IORING_OFF_SQES);
    if (!sends->rings || !sends->requests) return -1;
    char *base = sends->rings;
    sends->sq_head = (unsigned *)(base + params.sq_off.head);
    sends->sq_tail = (unsigned *)(base + params.sq_off.tail);
    sends->sq_mask = *(unsigned *)(base + params.sq_off.ring_mask);
    sends->cq_head = (unsigned *)(base + params.cq_off.head);
    sends->cq_tail = (unsigned *)(base + params.cq_off.tail);
    sends->cq_mask = *(unsigned *)(base + params.cq_off.ring_mask);
    sends->results = (struct io_uring_cqe *)(base + params.cq_off.cqes);
    unsigned *order = (unsigned *)(base + params.sq_off.array);
    for (unsigned index = 0; index < params.sq_entries; index++) order[index] = index;
    // Some allow a ring to be made, and nobody to use it.
    return enter(sends, 0, 0, 0) < 0 ? -1 : 0;
}

struct nitka_sends *nitka_sends_make(unsigned most) {
    struct nitka_sends *sends = calloc(1, sizeof *sends + most * sizeof(int32_t));
    if (!sends) return NULL;
    sends->most = most;
    if (open_rings(sends) == 0) return sends;
    int error = errno;
    nitka_sends_free(sends);
    errno = error;
    return NULL;
}

void nitka_sends_free(struct nitka_sends *sends) {
    if (sends->requests) munmap(sends->requests, request_bytes(sends));
    if (sends->rings) munmap(sends->rings, sends->rings_bytes);
    if (sends->descriptor >= 0) close(sends->descriptor);
    free(sends);
}

void nitka_sends_add(struct nitka_sends *sends, unsigned number, int socket, const void *bytes, uint32_t count) {
    struct io_uring_sqe *request = &sends->requests[(*sends->sq_tail + sends->prepared++) & sends->sq_mask];
    memset(request, 0, sizeof *request);
    request->opcode = operation_send;
    request->fd = socket;
    request->addr = (uint64_t)(uintptr_t)bytes;
    request->len = count;
    // A send that may not wait is over, one way or the other, when the call that hands it over returns.
    request->msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    request->user_data = number;
}

// What says something of the ring, and nothing of the socket: a send without it will tell.
static int32_t told_of_socket(int32_t result) {
    switch (-result) {
    case ENOMEM: case ECANCELED: case EINVAL: case EACCES: case EPERM: return -EAGAIN;
    default: return result;
    }
}

static unsigned take_results(struct nitka_sends *sends) {
    unsigned head = *sends->cq_head, tail = __atomic_load_n(sends->cq_tail, __ATOMIC_ACQUIRE), count = tail - head;
    for (; head != tail; head++) {
        const struct io_uring_cqe *result = &sends->results[head & sends->cq_mask];
        sends->sent[result->user_data] = told_of_socket(result->res);
    }
    __atomic_store_n(sends->cq_head, tail, __ATOMIC_RELEASE);
    return count;
}

void nitka_sends_go(struct nitka_sends *sends, unsigned count) {
    for (unsigned number = 0; number < count; number++) sends->sent[number] = -EAGAIN;
    unsigned start = *sends->sq_tail;
    __atomic_store_n(sends->sq_tail, start + sends->prepared, __ATOMIC_RELEASE);
    enter(sends, sends->prepared, 0, 0);
    // For want of memory the kernel may take fewer. The others are withdrawn: their bytes will not be there for long.
    unsigned end = __atomic_load_n(sends->sq_head, __ATOMIC_ACQUIRE);
    __atomic_store_n(sends->sq_tail, end, __ATOMIC_RELEASE);
    sends->prepared = 0;
    // All results are there by now. A kernel in which one was not would send bytes that are somebody else's already.
    for (unsigned taken = take_results(sends); taken < end - start; taken += take_results(sends))
        enter(sends, 0, 1, enter_get_events);
}

int32_t nitka_sends_result(const struct nitka_sends *sends, unsigned number) { return sends->sent[number]; }
