# SPDX-License-Identifier: Apache-2.0
"""Slow readers, silent clients and drippers beside good clients: each gets its own bytes, and nobody waits for them."""
import threading
import time

from .servers import Skip
from .streams import Exchange, echo, receive


class Good(threading.Thread):
    """Sends messages and waits for each echo."""

    def __init__(self, client, seconds):
        super().__init__(daemon=True)
        self.client, self.seconds = client, seconds
        self.echoes = self.wrong = 0
        self.slowest = 0.0

    def run(self):
        ends = time.monotonic() + self.seconds
        while time.monotonic() < ends:
            began = time.monotonic()
            try:
                right = echo(self.client, b"%063d\n" % self.echoes)
            except OSError:
                right = False
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.echoes += 1
            if not right:
                self.wrong += 1
                return


def run(server, short):
    if server.name in ("ncat", "socat"):
        raise Skip("its clients are processes of their own")
    seconds = 3 if short else 30
    with server.running() as running:
        slow = [Exchange(running.connect(), most=1024) for _ in range(20)]
        silent = [running.connect() for _ in range(50)]
        drippers = [running.connect() for _ in range(20)]
        good = [Good(running.connect(), seconds) for _ in range(20)]
        for thread in good:
            thread.start()
        dripped, wrong_drips = 0, 0
        while any(thread.is_alive() for thread in good):
            for exchange in slow:
                # They send all that the kernel takes, and read 1 kB of it at a time.
                exchange.send()
                exchange.receive()
            for client in drippers:
                client.sendall(b"%d" % (dripped % 10))
                wrong_drips += receive(client, 1) != b"%d" % (dripped % 10)
            dripped += 1
            time.sleep(0.05)
        cut_off = [exchange.end for exchange in slow if exchange.end]
        kept = sum(echo(client, b"still here\n") for client in silent)
        wrong = sum(thread.wrong for thread in good)
        slowest = max(thread.slowest for thread in good)
        holds = wrong == 0 and wrong_drips == 0 and not cut_off and kept == len(silent) and slowest < 1
        return holds, (
            f"{sum(thread.echoes for thread in good):,} echoes of 20 good clients in {seconds} s, {wrong} wrong, the "
            f"slowest {slowest * 1000:.0f} ms; {len(cut_off)} of 20 slow readers ended; {wrong_drips} wrong drips; "
            f"{kept} of 50 silent clients kept")
