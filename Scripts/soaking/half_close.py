# SPDX-License-Identifier: Apache-2.0
"""Clients send megabytes, half-close, and read: every byte comes back, then FIN."""
from .streams import Exchange, run_all


def run(server, short):
    clients, size = (5, 4 << 20) if short else (20, 20 << 20)
    with server.running() as running:
        exchanges = [Exchange(running.connect(), size) for _ in range(clients)]
        in_time = run_all(exchanges, within=30)
        lost = [size - exchange.received for exchange in exchanges]
        bad = [exchange.end for exchange in exchanges if exchange.end != "FIN"]
        incomplete = sum(count > 0 for count in lost)
        holds = in_time and not bad and incomplete == 0
        return holds, (
            f"{clients} clients of {size >> 20} MiB; {incomplete} got less, {max(lost):,} bytes at most; "
            f"{len(bad)} without FIN{'' if in_time else '; 30 s were not enough'}")
