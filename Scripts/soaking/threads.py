# SPDX-License-Identifier: Apache-2.0
"""A cgroup with few threads: no accepted client is closed unanswered while threads become free; a lost one is counted."""
import concurrent.futures
import contextlib
import os
import pathlib

from .servers import Skip
from .streams import echo, receive

THREADS = 60


def run(server, short):
    if not server.is_ours:
        raise Skip("it says nothing about lost clients")
    with cgroup() as limit:
        limit(THREADS)
        with server.running("--drain-timeout", "3s") as running:
            (limit.folder / "cgroup.procs").write_text(str(running.pid))
            visits = 300 if short else 2000
            with concurrent.futures.ThreadPoolExecutor(100) as pool:
                answered = sum(pool.map(lambda _: visit(running), range(visits)))
            served = [running.connect() for _ in range(10)]
            served_all = all(echo(client, b"x") for client in served)
            limit(5)
            waiting = [running.connect() for _ in range(10)]
            for client in waiting:
                client.sendall(b"y")
            running.process.terminate()
            ends = [receive(client, 2) for client in served + waiting]
            code = running.process.wait(10)
            lost = sum(end == b"" for end in ends[10:])
            holds = answered == visits and served_all and code == (3 if lost else 0)
            return holds, (
                f"{answered} of {visits} clients answered with {THREADS} threads; with 5 threads, {lost} of 10 waiting "
                f"clients got FIN alone, exit code {code}; {running.text().strip().splitlines()[-1]}")


def visit(running):
    with running.connect(timeout=30) as client:
        return echo(client, b"hello")


@contextlib.contextmanager
def cgroup():
    """A cgroup whose threads can be limited; it disappears at the end."""
    for root in ("/sys/fs/cgroup/pids", "/sys/fs/cgroup"):
        folder = pathlib.Path(root, f"nitka-soak-{os.getpid()}")
        with contextlib.suppress(OSError):
            folder.mkdir()
            if (folder / "pids.max").exists():
                break
            folder.rmdir()
    else:
        raise Skip("no cgroup whose threads can be limited")

    def limit(threads):
        (folder / "pids.max").write_text(str(threads))

    limit.folder = folder
    try:
        yield limit
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()
