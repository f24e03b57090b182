// SPDX-License-Identifier: Apache-2.0
// A busy loop. On the server's core it makes the server compete for CPU time, so that the server is the bottleneck. It
// touches one cache line of memory: the server's data stays in the caches. It ends with its parent process.
#include "load.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

int spin(const struct plan *plan) {
    (void)plan;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) die("prctl");
    alarm(0);  // the parent decides how long it runs
    for (volatile unsigned long turns = 0;;) turns++;
}
