# SPDX-License-Identifier: Apache-2.0
"""The rows: which load, and what is read off its result."""
import dataclasses
import typing

import measure

CLIENTS = (1, 10, 50, 500, 1000, 5000)


@dataclasses.dataclass
class Metric:
    key: str
    title: str
    less_is_better: bool
    value: typing.Callable


@dataclasses.dataclass
class Row:
    group: str
    key: str
    title: str
    mode: str
    options: dict
    metrics: list
    table: str = ""  # rows of a group that stand in different tables

    def run(self, server, settings):
        if self.mode == "hold":
            return measure.run_hold(server, {**self.options, "clients": min(server.held, settings.most)}, settings)
        timing = {"seconds": settings.seconds, "warmup": settings.warmup}
        return measure.run_load(server, self.mode, {**self.options, **timing}, settings)

    def clients_for(self, server):
        return server.held if self.mode == "hold" else self.options["clients"]


def cpu_per(count, scale=1e6):
    return lambda result: result["server_cpu"] / max(result["count"], 1) * count * scale


def per_second(scale=1.0):
    return lambda result: result["count"] / result["seconds"] * scale


ECHO = [Metric("cpu", "µs of server CPU per echo", True, cpu_per(1)),
        Metric("rate", "echoes per second", False, per_second())]
BULK = [Metric("speed", "GB per second", False, per_second(1e-9)),
        Metric("cpu", "µs of server CPU per MB", True, cpu_per(1e6))]
CHURN = [Metric("rate", "connect + echo + close per second", False, per_second()),
         Metric("cpu", "µs of server CPU per connection", True, cpu_per(1))]
TRIP = [Metric("p50", "round trip, p50 in µs", True, lambda result: result["p50"] * 1e6),
        Metric("p99", "round trip, p99 in µs", True, lambda result: result["p99"] * 1e6)]
MEMORY = [Metric("user", "kB of the server's memory per idle client", True, lambda result: result["user"]),
          Metric("kernel", "kB of kernel memory per idle client, both ends", True, lambda result: result["kernel"])]


def echo_row(clients, size):
    title = f"{clients} client{'s' if clients > 1 else ''}"
    return Row("echo", f"echo-{clients}-{size}", title, "pingpong", {"clients": clients, "size": size}, ECHO,
               f"{size} bytes")


def bulk_row(streams):
    title = f"{streams} stream{'s' if streams > 1 else ''}"
    return Row("bulk", f"bulk-{streams}", title, "bulk", {"clients": streams}, BULK)


def all_rows():
    """Memory comes first: no connection of another row is on its way out of the kernel then."""
    return [
        Row("memory", "memory", "idle clients", "hold", {"size": 64}, MEMORY),
        Row("trip", "trip", "1 client, 64 bytes", "pingpong", {"clients": 1, "size": 64}, TRIP),
        *(echo_row(clients, size) for size in (64, 512) for clients in CLIENTS),
        Row("stream", "stream", "4 connections, 512 bytes", "stream",
            {"clients": 4, "size": 512, "window": 64}, ECHO),
        bulk_row(1), bulk_row(8),
        Row("churn", "churn", "8 at a time, 64 bytes", "churn", {"clients": 8, "size": 64}, CHURN),
    ]


def chosen(words):
    """Rows whose group or whose own name is among the words."""
    rows = all_rows()
    if not words:
        return rows
    unknown = set(words) - {name for row in rows for name in (row.group, row.key)}
    if unknown:
        raise ValueError(f"no such row: {', '.join(sorted(unknown))}; there are "
                         + ", ".join(dict.fromkeys(name for row in rows for name in (row.group, row.key))))
    return [row for row in rows if row.group in words or row.key in words]
