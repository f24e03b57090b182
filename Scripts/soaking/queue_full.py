# SPDX-License-Identifier: Apache-2.0
"""SIGTERM while a full server has clients in its backlog: each gets FIN and is counted, none a reset."""
import time

from .servers import Skip
from .streams import Exchange, run_all


def run(server, short):
    if not server.is_ours:
        raise Skip("it has no limit of clients")
    busy_count, waiting_count = (5, 30) if short else (20, 100)
    options = ["--max-clients", busy_count, "--drain-timeout", "2s"]
    with server.running(*options) as running:
        busy = [Exchange(running.connect()) for _ in range(busy_count)]
        run_all(busy, 10, until=lambda: all(exchange.received > 0 for exchange in busy))
        waiting = [Exchange(running.connect(), 100, half_closes=False) for _ in range(waiting_count)]
        for exchange in waiting:
            exchange.send()
        began = time.monotonic()
        running.process.terminate()
        in_time = run_all(busy + waiting, 10)
        code = running.process.wait(5) if in_time else None
        seconds = time.monotonic() - began
        ends = [sum(exchange.end == kind for exchange in busy + waiting) for kind in ("FIN", "RST")]
        holds = ends == [busy_count + waiting_count, 0] and code == 3 and 2 <= seconds < 4.5
        return holds, (
            f"{busy_count} busy and {waiting_count} waiting clients; FIN to {ends[0]}, reset to {ends[1]}; exit code "
            f"{code} after {seconds:.1f} s of a drain of 2 s; {running.text().strip().splitlines()[-1]}")
