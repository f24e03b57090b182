# SPDX-License-Identifier: Apache-2.0
"""SIGTERM under load: no client gets a wrong byte or a reset, and the exit code tells whether one was cut off."""
import threading
import time

from .streams import Exchange, run_all


def run(server, short):
    rounds = 1 if short else 10
    totals = [attempt(server, number) for number in range(rounds)]
    faults = [fault for fault, _ in totals if fault]
    longest = max(seconds for _, seconds in totals)
    return not faults, (
        f"{rounds} stops with 10 half-closed, 10 pausing and 10 streaming clients; {len(faults)} with a fault"
        f"{': ' + faults[0] if faults else ''}; the longest took {longest:.1f} s")


def attempt(server, number):
    size = 8 << 20
    # Every second round is without streaming clients, so that nothing may be cut off.
    streams = number % 2 == 0
    with server.running("--drain-timeout", "5s") as running:
        half_closed = [Exchange(running.connect(), size, most=1 << 13) for _ in range(10)]
        pausing = [Exchange(running.connect(), 1 << 16, half_closes=False) for _ in range(10)]
        streaming = [Exchange(running.connect()) for _ in range(10)] if streams else []
        everyone = half_closed + pausing + streaming
        run_all(everyone, 20, until=lambda: all(exchange.received > 1000 for exchange in everyone))
        # From another thread: the clients send and read while the signal arrives.
        began = time.monotonic() + 0.1
        threading.Timer(0.1, running.process.terminate).start()
        in_time = run_all(everyone, 15)
        code = running.process.wait(5) if in_time else None
        seconds = time.monotonic() - began
        return fault(server, half_closed, pausing, streaming, in_time, code), seconds


def fault(server, half_closed, pausing, streaming, in_time, code):
    everyone = half_closed + pausing + streaming
    wrong = [exchange.end for exchange in everyone if exchange.end != "FIN"]
    if not in_time:
        return f"{sum(exchange.end is None for exchange in everyone)} clients still open after 15 s"
    short = sum(exchange.received < exchange.total for exchange in half_closed + pausing)
    if wrong or short:
        kind = f" ({wrong[0]})" if wrong else ""
        return f"{len(wrong)} of {len(everyone)} clients without FIN{kind}, {short} clients lost bytes"
    if server.is_ours and code != (3 if streaming else 0):
        return f"exit code {code}"
    return None
