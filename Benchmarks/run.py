#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures Nitka and its peers under the same loads, and prints medians and ratios.

Each repetition runs all servers in a random order, so that a ratio compares runs of
the same minute. Benchmarks/README.md explains how to measure a change.

    Benchmarks/run.py --quick                     # checks that everything works
    Benchmarks/run.py --only sat --servers 'README tasks,C epoll'
    Benchmarks/run.py --only sat --servers 'nitka tasks' \\
        --extra 'before=/tmp/nitka-before serve --model tasks --port PORT --log-level info'
    Benchmarks/run.py --json all.json --docs docs/performance.md
    Benchmarks/run.py --from all.json --docs docs/performance.md    # measures nothing
"""
import argparse
import datetime
import os
import pathlib
import random
import shlex
import signal
import sys

import docs
import machine
import measure
import report
import rows as all_of_the_rows
import servers as all_of_the_servers
from servers import HERE, Skip


def cores(text):
    return {int(word) for word in text.split(",")}


def words(text):
    return [word.strip() for word in text.split(",") if word.strip()]


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_argument_group("what to measure")
    what.add_argument("--only", type=words, default=[], metavar="ROWS",
                      help="comma-separated rows or groups of rows: " + ", ".join(all_of_the_rows.names()))
    what.add_argument("--servers", type=words, default=[], metavar="NAMES",
                      help="comma-separated names of servers: "
                           + ", ".join(s.name for s in [*all_of_the_servers.ours(""), *all_of_the_servers.peers()]))
    what.add_argument("--nitka", type=pathlib.Path, metavar="PATH",
                      help="program to run as 'nitka …' (default: build the one of this repository)")
    what.add_argument("--extra", action="append", default=[], metavar="NAME=COMMAND",
                      help="also measure this server, for example an older build; PORT in the command becomes the port")
    how = parser.add_argument_group("how to measure")
    how.add_argument("--runs", type=positive, default=9, help="runs of each server and row (default: %(default)s)")
    how.add_argument("--seconds", type=float, default=1, help="length of each run (default: %(default)s)")
    how.add_argument("--warmup", type=float, default=0.3, help="seconds before each run (default: %(default)s)")
    how.add_argument("--quick", action="store_true", help="1 run of 0.3 seconds, with at most 300 clients")
    how.add_argument("--server-cores", type=cores, default={0}, metavar="CORES",
                     help="comma-separated cores of the server (default: 0); unpinned rows ignore this")
    how.add_argument("--load-cores", type=cores, default={1}, metavar="CORES",
                     help="comma-separated cores of the load (default: 1); unpinned rows ignore this")
    how.add_argument("--congestion", metavar="NAME",
                     help="TCP congestion control during the run, for example cubic (default: leave it)")
    output = parser.add_argument_group("output")
    output.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write every single result")
    output.add_argument("--docs", type=pathlib.Path, metavar="FILE.md",
                        help="write the page, its CSV file and its plots")
    output.add_argument("--from", dest="earlier", type=pathlib.Path, action="append", default=[], metavar="FILE",
                        help="use the results of an earlier --json and measure nothing; several files are joined")
    settings = parser.parse_args(arguments)
    settings.most = 20000
    settings.all_cores = os.sched_getaffinity(0)
    if settings.quick:
        settings.runs, settings.seconds, settings.warmup, settings.most = 1, 0.3, 0.1, 300
    return settings


def all_servers(settings):
    path = settings.nitka or HERE.parent / ".build/release/nitka"
    return [*all_of_the_servers.ours(path), *all_of_the_servers.peers()]


def chosen_servers(settings):
    known = all_servers(settings)
    unknown = sorted(set(settings.servers) - {server.name for server in known})
    if unknown:
        raise ValueError(f"no such server: {', '.join(unknown)}; the servers are {', '.join(s.name for s in known)}")
    return [*(server for server in known if not settings.servers or server.name in settings.servers),
            *map(all_of_the_servers.extra, settings.extra)]


def is_ready(server, settings, results):
    """Builds a server and checks that it echoes."""
    try:
        all_of_the_servers.build(server)
        measure.prove_that_it_echoes(server, settings.server_cores)
        return True
    except Skip as reason:
        results.note(f"{server.name} was not measured: {reason}")
        return False


def run_once(row, server, settings, results):
    if row.group in server.cannot:
        results.note(f"{server.name} has no {row.group} rows: {server.cannot[row.group]}")
        return None
    if min(row.clients_for(server), settings.most) > server.most:
        results.note(f"{server.name} has no rows with more than {server.most:,} clients: {server.why}")
        return None
    try:
        return row.run(server, settings)
    except (Skip, measure.Failed) as reason:
        results.note(f"{server.name} failed a run of {row.key}: {reason}")
        return None


def show(progress):
    if sys.stderr.isatty():
        print(f"\r\033[K{progress}", end="", file=sys.stderr, flush=True)


def run_row(row, settings, results):
    """The order of the servers is random in each repetition: periodic activity on the machine then affects them all."""
    for run in range(settings.runs):
        for server in random.sample(results.servers, len(results.servers)):
            show(f"{row.key} {run + 1}/{settings.runs} {server.name}")
            results.add(row, server, run_once(row, server, settings, results))
    show("")


def reduced(rows, settings):
    """`--quick` keeps every row, and reduces the number of clients in the large ones."""
    for row in rows:
        if row.options.get("clients", 0) > settings.most:
            row.options["clients"] = settings.most
            row.title += f" (--quick: {settings.most} clients)"
    return rows


def note_held(results, settings):
    if settings.quick or all(row.group != "memory" for row in results.rows):
        return
    for server in results.servers:
        if server.held < 5000:
            results.note(f"The memory of {server.name} was measured with {server.held:,} clients, not with 5,000")


def measured(settings, command):
    rows = reduced(all_of_the_rows.chosen(settings.only), settings)
    servers = chosen_servers(settings)
    machine.raise_descriptor_limit()
    all_of_the_servers.build_load()
    if settings.nitka is None and any(server.name.startswith("nitka ") for server in servers):
        all_of_the_servers.build_nitka()
    results = report.Results(rows, servers)
    results.servers = [server for server in servers if is_ready(server, settings, results)]
    for note in results.notes:
        print(note)
    if not results.servers:
        raise ValueError("no server can be measured")
    facts = {"date": datetime.date.today().isoformat(), "command": command, "runs": settings.runs,
             "seconds": settings.seconds, "machine": machine.describe()}
    results.facts = [facts]
    with machine.congestion_set_to(settings.congestion) as facts["congestion"]:
        print(facts["congestion"], flush=True)
        for row in rows:
            run_row(row, settings, results)
            if settings.json:  # after each row, so that an interrupted run keeps the rows before
                report.write_json(settings.json, results)
    note_held(results, settings)
    return results


def main(arguments):
    settings = parse(arguments)
    # SIGTERM becomes an exception: the current server ends, and the congestion control is restored.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("run.py: terminated"))
    try:
        if settings.earlier:
            results = report.read_json(settings.earlier, all_servers(settings))
        else:
            results = measured(settings, shlex.join(["Benchmarks/run.py", *arguments]))
        if settings.json:
            report.write_json(settings.json, results)
        if settings.docs:
            docs.write(settings.docs, results)
    except (Skip, ValueError, OSError) as reason:
        sys.exit(f"run.py: {reason}")
    report.print_tables(results)


if __name__ == "__main__":
    main(sys.argv[1:])
