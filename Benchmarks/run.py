#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds and runs nitka and its peers on the same loads in turn, and prints medians and ratios, pair by pair.

    Benchmarks/run.py                                  # everything: well over an hour
    Benchmarks/run.py --quick                          # whether it works: a short run of each
    Benchmarks/run.py --only churn --servers 'nitka threads,Go'
    Benchmarks/run.py --extra 'before=./nitka-before serve --port PORT --log-level info'
"""
import argparse
import datetime
import json
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

DAGGER = "† the load was busy for more than 95 % of the time: the server may be able to do more"


def cores(text):
    return {int(word) for word in text.split(",")}


def words(text):
    return [word.strip() for word in text.split(",") if word.strip()]


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=words, default=[], metavar="ROWS",
                        help="memory, trip, echo, stream, bulk, churn, or single rows such as echo-50-64")
    parser.add_argument("--servers", type=words, default=[], metavar="NAMES", help="these servers, by name")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--warmup", type=float, default=0.5, help="seconds before each count")
    parser.add_argument("--quick", action="store_true", help="1 run of 0.3 seconds, 300 clients at most")
    parser.add_argument("--nitka", type=pathlib.Path, metavar="PATH", help="a built nitka (default: builds this one)")
    parser.add_argument("--extra", action="append", default=[], metavar="NAME=COMMAND",
                        help="one more server of ours; the word PORT in the command becomes the port")
    parser.add_argument("--server-cores", type=cores, default={0}, metavar="0,…")
    parser.add_argument("--load-cores", type=cores, default={1}, metavar="1,…")
    parser.add_argument("--congestion", metavar="NAME", help="TCP congestion control for the run, e.g. cubic")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--docs", type=pathlib.Path, metavar="FILE", help="writes this page, and its plots beside it")
    settings = parser.parse_args(arguments)
    settings.most = 20000
    if settings.quick:
        settings.runs, settings.seconds, settings.warmup, settings.most = 1, 0.3, 0.1, 300
    return settings


def listed(settings):
    path = settings.nitka or HERE.parent / ".build/release/nitka"
    ours = [*all_of_the_servers.nitka(path), all_of_the_servers.awaiting()]
    found = ours + [all_of_the_servers.extra(text) for text in settings.extra] + all_of_the_servers.peers()
    unknown = set(settings.servers) - {server.name for server in found}
    if unknown:
        raise ValueError(f"no such server: {', '.join(unknown)}; there are {', '.join(s.name for s in found)}")
    return [server for server in found if not settings.servers or server.name in settings.servers]


def ready_to_run(server, settings, say):
    """Builds a server and has an echo of it, or says by name why it is left out."""
    try:
        all_of_the_servers.build(server)
        measure.prove_that_it_echoes(server, settings.server_cores)
        return True
    except Skip as reason:
        say(f"skipped: {server.name}: {reason}")
        return False


def run_once(row, server, settings, results):
    if row.group in server.cannot:
        results.note(f"— {server.name} is given no {row.group}: {server.cannot[row.group]}")
        return None
    clients = min(row.clients_for(server), settings.most)
    if clients > server.most:
        results.note(f"— {server.name} is given {server.most} clients at most: {server.why}")
        return None
    try:
        return row.run(server, settings)
    except (Skip, measure.Failed) as reason:
        results.note(f"— {server.name}, {row.key}: {reason}")
        return None


def show(progress):
    if sys.stderr.isatty():
        print(f"\r\033[K{progress}", end="", file=sys.stderr, flush=True)


def run_row(row, settings, results):
    """Every repetition runs all servers, in an order of its own: a neighbour on the machine who comes and goes in a
    rhythm must not always meet the same server."""
    for run in range(settings.runs):
        for server in random.sample(results.servers, len(results.servers)):
            show(f"{row.key} {run + 1}/{settings.runs} {server.name}")
            results.add(row, server, run_once(row, server, settings, results))
    show("")


def shrink(rows, settings):
    """A smoke run keeps every row, with fewer clients in the large ones."""
    for row in rows if settings.quick else []:
        if "clients" in row.options and row.options["clients"] > settings.most:
            row.options["clients"] = settings.most
            row.title += f" (only {settings.most}: --quick)"
    return rows


def measured(settings, facts):
    rows = shrink(all_of_the_rows.chosen(settings.only), settings)
    notes = []
    servers = [server for server in listed(settings) if ready_to_run(server, settings, notes.append)]
    results = report.Results(rows, servers)
    results.notes = notes
    for note in notes:
        print(note)
    if not servers:
        raise ValueError("no server is left to be measured")
    with machine.congestion_set_to(settings.congestion) as facts["congestion"]:
        print(facts["congestion"], flush=True)
        for row in rows:
            run_row(row, settings, results)
    note_more(results, settings)
    return results


def note_more(results, settings):
    if any(results.load_was_busy(row, server.name) for row in results.rows for server in results.servers):
        results.note(DAGGER)
    for server in results.servers:
        if server.held < 5000 and not settings.quick and any(row.group == "memory" for row in results.rows):
            results.note(f"the memory of {server.name} is that of {server.held} clients, not of 5000")


def main(arguments):
    settings = parse(arguments)
    # As an exception, so that the server of that moment is ended and the congestion control put back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("run.py: terminated"))
    try:
        machine.raise_descriptor_limit()
        all_of_the_servers.build_load()
        if settings.nitka is None:
            all_of_the_servers.build_nitka()
        facts = {"date": datetime.date.today().isoformat(), "command": shlex.join(["Benchmarks/run.py", *arguments]),
                 "runs": settings.runs, "seconds": settings.seconds, "machine": machine.describe(),
                 "load": f"the load sends the echo rows' messages {all_of_the_servers.how_the_load_sends()}"}
        results = measured(settings, facts)
    except (Skip, ValueError) as reason:
        sys.exit(f"run.py: {reason}")
    report.print_tables(results)
    if settings.json:
        settings.json.write_text(json.dumps(report.as_json(results, facts), indent=1, ensure_ascii=False) + "\n")
    if settings.docs:
        docs.write(settings.docs, results, facts)


if __name__ == "__main__":
    main(sys.argv[1:])
