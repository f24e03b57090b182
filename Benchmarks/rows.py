# SPDX-License-Identifier: Apache-2.0
"""The rows: one workload each, and the metrics that are computed from its result."""
import dataclasses
import typing

import measure
from measure import PINNED, SATURATED, UNPINNED

CLIENTS = (1, 10, 50, 500, 1000, 5000)


@dataclasses.dataclass
class Metric:
    key: str
    title: str
    value: typing.Callable
    less_is_better: bool = True


@dataclasses.dataclass
class Row:
    group: str
    key: str
    title: str
    mode: str  # of Benchmarks/load
    options: dict
    metrics: list  # the first one is a cost, and is what the table and the plots show
    regime: str = PINNED
    column: str = ""  # the head of its column in the table; without one, the row is only in the CSV

    def run(self, server, settings):
        if self.mode == "hold":
            return measure.run_hold(server, {**self.options, "clients": min(server.held, settings.most)}, settings)
        timing = {"seconds": settings.seconds, "warmup": settings.warmup}
        return measure.run_load(server, self.mode, {**self.options, **timing}, self.regime, settings)

    def clients_for(self, server):
        return server.held if self.mode == "hold" else self.options["clients"]


def cpu_per(count):
    return lambda result: result["server_cpu"] / max(result["count"], 1) * count * 1e6


def per_second(scale=1.0):
    return lambda result: result["count"] / result["seconds"] * scale


ECHO = [Metric("cpu", "µs of server CPU per echo", cpu_per(1)),
        Metric("rate", "echoes per second", per_second(), less_is_better=False),
        Metric("busy", "share of a core that the server used", lambda result: result["server_cpu"] / result["seconds"]),
        Metric("p50", "round trip, p50 in µs", lambda result: result["p50"] * 1e6),
        Metric("p99", "round trip, p99 in µs", lambda result: result["p99"] * 1e6)]
CPU, RATE, BUSY, P50, P99 = ECHO
BULK = [Metric("cpu", "µs of server CPU per MB", cpu_per(1e6)),
        Metric("speed", "GB per second", per_second(1e-9), less_is_better=False)]
CHURN = [Metric("cpu", "µs of server CPU per connection", cpu_per(1)),
         Metric("rate", "connections per second", per_second(), less_is_better=False)]
MEMORY = [Metric("total", "kB of memory per idle client", lambda result: result["user"] + result["kernel"]),
          Metric("user", "kB of the server's memory per idle client", lambda result: result["user"]),
          Metric("kernel", "kB of kernel memory per idle client, both ends", lambda result: result["kernel"])]


def plural(count, noun):
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def echo_row(clients, size, regime=PINNED, in_table=False):
    group = {PINNED: "echo", SATURATED: "sat", UNPINNED: "free"}[regime]
    return Row(group, f"{group}-{clients}-{size}", f"{plural(clients, 'client')}, {size} bytes, {regime}", "pingpong",
               {"clients": clients, "size": size}, ECHO, regime, f"{regime}\n{clients} × {size}" if in_table else "")


def bulk_row(streams, call):
    return Row("bulk", f"bulk-{call}-{streams}", f"{plural(streams, 'stream')}, load by {call}", f"bulk-{call}",
               {"clients": streams}, BULK, column=f"bulk\n{call}" if streams == 8 else "")


def all_rows():
    """`memory` comes first: closed connections of other rows would still be using kernel memory."""
    return [
        Row("memory", "memory", "idle clients", "hold", {"size": 64}, MEMORY, column="memory"),
        Row("trip", "trip", "1 client, 64 bytes", "pingpong", {"clients": 1, "size": 64}, [P50, P99, CPU, RATE],
            column="round\ntrip"),
        *(echo_row(clients, 64, in_table=clients in (50, 500)) for clients in CLIENTS),
        echo_row(1000, 512, in_table=True),
        *(echo_row(clients, size, SATURATED, in_table=True) for clients, size in ((50, 64), (500, 64), (1000, 512))),
        echo_row(50, 64, UNPINNED, in_table=True),
        Row("stream", "stream", "4 connections, 64 messages of 512 bytes in flight", "stream",
            {"clients": 4, "size": 512, "window": 64}, [CPU, RATE, BUSY], column="pipelined"),
        *(bulk_row(streams, call) for call in ("send", "sendfile") for streams in (1, 8)),
        Row("churn", "churn", "8 connections at a time, 64 bytes", "churn", {"clients": 8, "size": 64}, CHURN,
            column="churn"),
    ]


def in_table_order(rows):
    """The echo rows first: they are what most readers look for."""
    groups = ["echo", "sat", "free", "stream", "bulk", "churn", "trip", "memory"]
    return sorted((row for row in rows if row.column), key=lambda row: groups.index(row.group))


def names():
    return list(dict.fromkeys(name for row in all_rows() for name in (row.group, row.key)))


def chosen(words):
    """The rows whose group or key is among the words; all rows if there are no words."""
    unknown = sorted(set(words) - set(names()))
    if unknown:
        raise ValueError(f"no such row: {', '.join(unknown)}; the rows are {', '.join(names())}")
    return [row for row in all_rows() if not words or row.group in words or row.key in words]
