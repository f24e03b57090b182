// SPDX-License-Identifier: Apache-2.0
// A histogram with 64 buckets per power of 2. Its size does not depend on the length of the run.
#include "load.h"

#include <string.h>

enum { STEPS = 64, SHIFT = 6, DOUBLINGS = 40 };

static uint64_t buckets[STEPS * DOUBLINGS], trips;

static int bucket_of(uint64_t value) {
    if (value < STEPS) return (int)value;
    int doubling = 63 - __builtin_clzll(value) - SHIFT;
    int bucket = (doubling + 1) * STEPS + (int)((value >> doubling) - STEPS);
    return bucket < STEPS * DOUBLINGS ? bucket : STEPS * DOUBLINGS - 1;
}

static double middle_of(int bucket) {
    if (bucket < STEPS) return bucket;
    int doubling = bucket / STEPS - 1;
    return ((double)(STEPS + bucket % STEPS) + 0.5) * (double)(1ull << doubling);
}

void record_trip(uint64_t nanoseconds) {
    buckets[bucket_of(nanoseconds)]++;
    trips++;
}

void forget_trips(void) {
    memset(buckets, 0, sizeof buckets);
    trips = 0;
}

double trip_percentile(double share) {
    uint64_t below = (uint64_t)(share * (double)trips), seen = 0;
    for (int i = 0; i < STEPS * DOUBLINGS; i++)
        if ((seen += buckets[i]) > below) return middle_of(i) / 1e9;
    return 0;
}
