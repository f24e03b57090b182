# SPDX-License-Identifier: Apache-2.0
"""Starts one server for one load, runs the load, and ends both."""
import contextlib
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import time

import machine
from servers import BIN, Skip

# The regimes. Pinned: the server has one core, the load another. Saturated: a busy loop also runs on the server's core,
# so that the server is the bottleneck. Unpinned: server and load share all cores.
PINNED, SATURATED, UNPINNED = "pinned", "saturated", "unpinned"


class Failed(Exception):
    """One line that says why a load has no result."""


def free_port():
    """A port below the ephemeral range, so that no client's own port can be the next server's port."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe:
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


def on_cores(cores):
    return lambda: os.sched_setaffinity(0, cores)


def cores_of(regime, settings):
    """The cores of the server and those of the load."""
    if regime == UNPINNED:
        return settings.all_cores, settings.all_cores
    return settings.server_cores, settings.load_cores


def wait_until_it_listens(process, port, output):
    for _ in range(1000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            output.seek(0)
            lines = [line.strip() for line in output.read().decode(errors="replace").splitlines() if line.strip()]
            raise Skip(lines[0] if lines else f"it ended with status {process.returncode} before it listened")
        time.sleep(0.01)
    raise Skip("it did not listen within 10 seconds")


@contextlib.contextmanager
def serving(server, cores):
    """The server runs in a process group of its own: killing the group also ends the processes that it forked."""
    port = free_port()
    command = [word.replace("PORT", str(port)) for word in server.command]
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                       preexec_fn=on_cores(cores), start_new_session=True)
        except OSError as error:
            raise Skip(f"{command[0]}: {error.strerror}") from error
        try:
            wait_until_it_listens(process, port, output)
            time.sleep(0.1)  # the server ends the client of the line above
            yield process.pid, port
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def busy(cores):
    """A busy loop runs on each of the cores, in a session of its own: with autogroup, see sched(7), a loop in this
    session would share its CPU time with the load, and take a third of the server's core instead of half of it."""
    spinners = []
    try:
        for core in cores:
            spinners.append(subprocess.Popen([str(BIN / "load"), "spin"], preexec_fn=on_cores({core}),
                                             start_new_session=True))
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def prove_that_it_echoes(server, cores):
    """Sends 300,000 bytes and a FIN: every byte must come back, and then a FIN."""
    message = random.randbytes(300_000)
    with serving(server, cores) as (_, port), socket.create_connection(("127.0.0.1", port), 10) as client:
        client.settimeout(10)
        answer = bytearray()
        try:
            for start in range(0, len(message), 10_000):
                client.sendall(message[start:start + 10_000])
                while len(answer) < start + 10_000:
                    piece = client.recv(65536)
                    if not piece:
                        raise Skip(f"it closed the connection after {len(answer):,} bytes")
                    answer += piece
            client.shutdown(socket.SHUT_WR)
            while piece := client.recv(65536):
                answer += piece
        except OSError as error:
            raise Skip(f"it did not echo: {error}") from error
    if answer != message:
        raise Skip("the echo differs from what was sent")


def load_command(mode, port, options):
    return [str(BIN / "load"), mode, f"port={port}", *(f"{name}={value}" for name, value in options.items())]


def run_load(server, mode, options, regime, settings):
    """Returns the JSON object that Benchmarks/load prints."""
    server_cores, load_cores = cores_of(regime, settings)
    with contextlib.ExitStack() as stack:
        pid, port = stack.enter_context(serving(server, server_cores))
        if regime == SATURATED:
            stack.enter_context(busy(server_cores))
        command = load_command(mode, port, {**options, "server": pid})
        done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=on_cores(load_cores))
    if done.returncode != 0:
        raise Failed((done.stderr.strip().splitlines() or [f"the load ended with status {done.returncode}"])[-1])
    return json.loads(done.stdout)


def family(pid):
    """A process and all its descendants."""
    try:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return [pid, *(one for child in children for one in family(int(child)))]


def user_memory(pid):
    """kB of user memory, as Pss: it counts a page that several processes share once, and VmRSS may be out of date."""
    total = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            text = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total


def wait_for_old_connections():
    """Connections in TIME_WAIT use kernel memory. If they ended during `memory`, its result would be too low."""
    for _ in range(80):
        if machine.connections_in_time_wait() < 10_000:
            return
        time.sleep(1)


def run_hold(server, options, settings):
    """kB of memory per idle client: the server's, and the kernel's for both ends of the connection."""
    wait_for_old_connections()
    with serving(server, settings.server_cores) as (pid, port):
        user, kernel = user_memory(pid), machine.kernel_memory()
        holder = subprocess.Popen(load_command("hold", port, options), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, preexec_fn=on_cores(settings.load_cores))
        with holder:
            if not holder.stdout.readline().startswith("held"):
                raise Failed(holder.stderr.readline().strip() or "the load ended")
            time.sleep(0.5)
            clients = options["clients"]
            result = {"user": (user_memory(pid) - user) / clients,
                      "kernel": (machine.kernel_memory() - kernel) / clients}
            holder.stdin.close()
    return result
