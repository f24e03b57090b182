# SPDX-License-Identifier: Apache-2.0
"""Few descriptors: the server serves, or says in one sentence why not.

At the limit of descriptors it waits, and does not use the processor.
"""
import contextlib
import time

from .servers import Running, Skip
from .streams import echo


def run(server, short):
    if not server.is_ours:
        raise Skip("crowd has its test")
    limits = range(4, 41, 9) if short else range(4, 41)
    loops = [["--loops", str(count)] for count in range(1, 5)] if server.name == "tasks" else [[]]
    served, refused, faults = [], 0, []
    for limit in limits:
        for options in loops:
            result = attempt(server, limit, options)
            if result == "serves":
                served.append(limit)
            elif result == "refuses":
                refused += 1
            else:
                faults.append(f"{' '.join(['limit', str(limit), *options])} {result}")
    return not faults, (
        f"limits {limits[0]} to {limits[-1]}: serves {len(served)} times, from limit {min(served, default='none')} on, "
        f"refuses {refused} times, {len(faults)} faults{': ' + faults[0] if faults else ''}")


def attempt(server, limit, options):
    running = Running(server, options, limit)
    try:
        try:
            running.wait_until_it_listens()
        except RuntimeError as error:
            sentence = running.error().strip()
            good = running.process.returncode == 2 and sentence.startswith("nitka: ") and "\n" not in sentence
            return "refuses" if good else f"fails otherwise: {error}"
        try:
            with running.connect(timeout=3) as client:
                return "serves" if echo(client, b"hello\n") else "closes a client unanswered"
        except OSError as error:
            return f"listens, but does not serve: {error}"
    finally:
        running.end()


def crowd(server, short):
    """100 clients of a server with 64 descriptors. Those beyond its limit wait in the backlog."""
    seconds = 2 if short else 5
    with server.running(descriptors=64) as running, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect()) for _ in range(100)]
        for client in clients:
            client.sendall(b"hello\n")
        time.sleep(0.5)
        used = running.processor_seconds()
        time.sleep(seconds)
        share = (running.processor_seconds() - used) / seconds
        answered = 0
        for client in clients:
            client.settimeout(5)
            # Each client that leaves makes space for one that waits.
            with contextlib.suppress(OSError), client:
                answered += client.recv(6) == b"hello\n"
        holds = answered == len(clients) and share < 0.2
        return holds, f"{answered} of 100 clients answered; {share:.0%} of a processor while the others wait"
