# SPDX-License-Identifier: Apache-2.0
"""What the clients send, and how they read it back."""
import select
import socket
import struct
import time

BLOCK = bytes((index * 167 + index // 256) % 256 for index in range(1 << 16))


def stream(count):
    """The first bytes of a stream in which each block of 64 KiB begins with its number."""
    blocks = (struct.pack(">Q", number) + BLOCK[8:] for number in range((count >> 16) + 1))
    return b"".join(blocks)[:count]


def reset(client):
    """Closes with RST."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def echo(client, message):
    """Sends a message and reads its echo; true if they are equal."""
    client.sendall(message)
    return receive(client, len(message)) == message


def receive(client, count):
    """Reads this number of bytes, or fewer if the stream ends."""
    parts = bytearray()
    while len(parts) < count:
        piece = client.recv(count - len(parts))
        if not piece:
            break
        parts += piece
    return bytes(parts)


def wait_until(condition, within):
    """Polls a condition; false if it does not hold in time."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


class Exchange:
    """Sends a stream and reads at the same time, without blocking, and compares each byte that comes back."""

    def __init__(self, client, total=None, half_closes=True, most=1 << 16):
        client.setblocking(False)
        self.client, self.total, self.half_closes, self.most = client, total, half_closes, most
        self.data = stream(total if total is not None else 1 << 20)
        self.sent = self.received = 0
        self.end = None  # "FIN", "RST", or the first wrong byte
        self.is_sending = True

    def fileno(self):
        return self.client.fileno()

    def piece(self, offset, count):
        start = offset % len(self.data)
        return self.data[start:start + count]

    def send(self):
        try:
            while self.is_sending:
                rest = 1 << 16 if self.total is None else min(1 << 16, self.total - self.sent)
                if rest == 0:
                    if self.half_closes:
                        self.client.shutdown(socket.SHUT_WR)
                    self.is_sending = False
                    return
                self.sent += self.client.send(self.piece(self.sent, rest))
        except BlockingIOError:
            pass
        except OSError:
            self.is_sending = False

    def receive(self):
        try:
            got = self.client.recv(self.most)
        except BlockingIOError:
            return
        except OSError:
            self.end = "RST"
            return
        if not got:
            self.end = "FIN"
            return
        expected = b""
        while len(expected) < len(got):
            expected += self.piece(self.received + len(expected), len(got) - len(expected))
        if got != expected:
            self.end = f"a wrong byte after offset {self.received}"
        self.received += len(got)


def run_all(exchanges, within, until=None):
    """Sends and reads until every stream has ended, or until a condition holds; false if the time is up."""
    deadline = time.monotonic() + within
    poll = select.poll()
    for exchange in exchanges:
        poll.register(exchange.fileno(), select.POLLIN | select.POLLOUT)
    by_number = {exchange.fileno(): exchange for exchange in exchanges}
    open_count = sum(exchange.end is None for exchange in exchanges)
    while open_count:
        if until and until():
            return True
        if time.monotonic() > deadline:
            return False
        for number, events in poll.poll(100):
            exchange = by_number[number]
            if events & select.POLLOUT and exchange.is_sending:
                exchange.send()
            if not exchange.is_sending:
                poll.modify(number, select.POLLIN)
            if events & ~select.POLLOUT:
                exchange.receive()
            if exchange.end is not None:
                poll.unregister(number)
                open_count -= 1
    return True
