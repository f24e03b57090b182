# SPDX-License-Identifier: Apache-2.0
"""Clients reset their connections in four phases of an exchange: nothing stays behind in the server."""
import socket

from .streams import echo, receive, reset, wait_until

PAYLOAD = bytes(256 << 10)


def at_once(_):
    pass


def after_a_byte(client):
    client.sendall(b"x")


def with_unread_echoes(client):
    client.setblocking(False)
    try:
        while client.send(PAYLOAD):
            pass
    except BlockingIOError:
        pass


def after_half_close(client):
    client.sendall(b"x" * 1000)
    client.shutdown(socket.SHUT_WR)
    receive(client, 1)


PHASES = [at_once, after_a_byte, with_unread_echoes, after_half_close]


def visit(running, count):
    for phase in PHASES:
        for _ in range(count // len(PHASES)):
            client = running.connect()
            phase(client)
            reset(client)


def run(server, short):
    count = 1000 if short else 10_000
    with server.running() as running:
        def used():
            return running.descriptor_count(), running.thread_count()

        idle = used()
        # Memory of the first clients stays with the server: count from there.
        visit(running, 400)
        wait_until(lambda: used() <= idle, 10)
        before, memory = used(), running.memory()
        visit(running, count)
        clean = wait_until(lambda: used()[0] <= before[0] and used()[1] <= before[1], 10)
        after, growth = used(), running.memory() - memory
        with running.connect() as client:
            serves = echo(client, b"after the resets\n")
        # The pools of the server and of malloc grow in steps. Connections that stay behind would take more than 5 MB.
        holds = clean and serves and growth < 2048
        return holds, (
            f"{count:,} resets; descriptors {before[0]} to {after[0]}, threads {before[1]} to {after[1]}, memory "
            f"{growth:+,} kB; {'serves' if serves else 'does not serve'} afterwards")
