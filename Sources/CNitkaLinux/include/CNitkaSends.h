// SPDX-License-Identifier: Apache-2.0
// An io_uring(7) that does one thing: sends that do not wait, many with one call. One thread at a time uses it.
#ifndef NITKA_SENDS_H
#define NITKA_SENDS_H

#include <stdint.h>

struct nitka_sends;

// For at most so many sends at once: a power of two. NULL and errno where the kernel refuses; it must be Linux 5.18.
struct nitka_sends *nitka_sends_make(unsigned most);
void nitka_sends_free(struct nitka_sends *sends);

// Prepares the send of that number, from 0 on; whoever made room for `most` prepares no more than that.
void nitka_sends_add(struct nitka_sends *sends, unsigned number, int socket, const void *bytes, uint32_t count);
// Makes the first `count` sends: afterwards nobody needs the bytes any more.
void nitka_sends_go(struct nitka_sends *sends, unsigned count);
// How many bytes one took, or -errno. -EAGAIN too where it was not prepared, or the kernel did not come to it.
int32_t nitka_sends_result(const struct nitka_sends *sends, unsigned number);

#endif
