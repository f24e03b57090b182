# SPDX-License-Identifier: Apache-2.0
"""Thousands of clients connect within a second and stay silent: keepalive probes end none of them.

The short form checks when the kernel is going to send the first probes.
"""
import os
import pathlib
import selectors
import time

from .servers import Skip
from .streams import echo

SOURCES = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"]


def run(server, short):
    if server.name in ("ncat", "socat"):
        raise Skip("a process for each client")
    count, seconds = (400, 0) if short else (9900, 100)
    with server.running("--idle-timeout", "off") as running:
        clients = []
        for number in range(count):
            client = running.connect(source=(SOURCES[number % 4], 0))
            clients.append(client)
            if not echo(client, b"hello\n"):
                return False, f"client {number} got no echo"
        seconds_to_probe = keepalive_timers(running.port)
        busiest = max((seconds_to_probe.count(second) for second in set(seconds_to_probe)), default=0)
        spread = (
            f"first probes after {min(seconds_to_probe)} to {max(seconds_to_probe)} s, at most {busiest:,} in 1 s"
            if seconds_to_probe else "no keepalive")
        if short:
            holds = len(seconds_to_probe) == count and busiest <= count // 5
            return holds, f"{count} clients: {spread}"
        lost = wait_silently(clients, seconds)
        alive = 0
        for client in clients:
            try:
                alive += echo(client, b"still here\n")
            except OSError:
                pass
        return lost == 0 and alive == count, (
            f"{count:,} silent clients for {seconds} s: {lost:,} lost, {alive:,} answered afterwards; {spread}")


def wait_silently(clients, seconds):
    """The number of clients whose connection ends meanwhile."""
    lost = 0
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client, selectors.EVENT_READ)
        deadline = time.monotonic() + seconds
        while (rest := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(rest):
                selector.unregister(key.fileobj)
                lost += 1
    return lost


def keepalive_timers(port):
    """Seconds until the first probe of each connection of the server, from /proc/net/tcp."""
    found = []
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        # Established, local port, and the timer 2, which is keepalive.
        if fields[3] == "01" and int(fields[1].split(":")[1], 16) == port and fields[5].startswith("02:"):
            found.append(int(fields[5].split(":")[1], 16) // os.sysconf("SC_CLK_TCK"))
    return found
