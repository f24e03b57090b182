#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Server CPU per echo of `nitka serve --model threads` beside a C program with a pthread per client.

Builds both, runs them in turn under the same load, and prints medians and the ratio pair by pair:

    Benchmarks/echo_cost.py [--runs 5] [--seconds 3] [--clients 50,500] [--size 64]
"""
import argparse
import pathlib
import socket
import statistics
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
BIN = HERE / "bin"


def build():
    BIN.mkdir(exist_ok=True)
    for name in ("echo_pthreads", "load"):
        subprocess.run(
            ["cc", "-O2", "-Wall", "-pthread", "-o", BIN / name, HERE / f"{name}.c"], check=True)
    subprocess.run(
        ["swift", "build", "-c", "release", "--product", "nitka"], cwd=HERE.parent, check=True,
        stdout=subprocess.DEVNULL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    """User and system time of all threads, also of those that have ended, in clock ticks of 10 ms."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def measure(command, clients, size, seconds):
    port = free_port()
    server = subprocess.Popen([word.replace("PORT", str(port)) for word in command], stdout=subprocess.PIPE)
    try:
        server.stdout.readline()
        before = cpu_seconds(server.pid)
        load = subprocess.run(
            ["taskset", "-c", "1", BIN / "load", str(port), str(clients), str(size), str(seconds)],
            check=True, capture_output=True, text=True)
        time.sleep(0.2)
        return (cpu_seconds(server.pid) - before) / int(load.stdout) * 1e6
    finally:
        server.terminate()
        server.stdout.read()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--clients", default="50,500")
    parser.add_argument("--size", type=int, default=64)
    options = parser.parse_args()
    build()
    nitka = [str(HERE.parent / ".build/release/nitka"), "serve", "--port", "PORT", "--log-level", "info"]
    peers = {"C pthreads": ["taskset", "-c", "0", str(BIN / "echo_pthreads"), "PORT"],
             "nitka threads": ["taskset", "-c", "0", *nitka]}
    for clients in map(int, options.clients.split(",")):
        costs = {name: [] for name in peers}
        for run in range(options.runs):
            order = list(peers) if run % 2 == 0 else list(reversed(peers))
            for name in order:
                costs[name].append(measure(peers[name], clients, options.size, options.seconds))
        ratios = [ours / theirs for ours, theirs in zip(costs["nitka threads"], costs["C pthreads"])]
        print(f"{clients} clients of {options.size} bytes, µs of server CPU per echo, median of {options.runs}:")
        for name, values in costs.items():
            print(f"  {name:14} {statistics.median(values):6.2f}  ({min(values):.2f} to {max(values):.2f})")
        print(f"  ratio, pair by pair: median {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")


if __name__ == "__main__":
    main()
