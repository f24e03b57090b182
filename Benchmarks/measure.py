# SPDX-License-Identifier: Apache-2.0
"""One server, started for one load and ended after it."""
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


class Failed(Exception):
    """Why a load has no result, in one line."""


def free_port():
    """Below the ephemeral ports, so that no connection of the load stands where the next server wants to listen."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe:
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


def pinned(cores):
    return lambda: os.sched_setaffinity(0, cores)


def wait_until_it_listens(process, port, said):
    for _ in range(1000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            said.seek(0)
            lines = [line.strip() for line in said.read().decode(errors="replace").splitlines() if line.strip()]
            raise Skip(lines[0] if lines else f"ended with {process.returncode} before it listened")
        time.sleep(0.01)
    raise Skip("did not listen within 10 seconds")


@contextlib.contextmanager
def serving(server, cores):
    """A server in a process group of its own, so that ending it ends what it forked, and nothing else."""
    port = free_port()
    command = [word.replace("PORT", str(port)) for word in server.command]
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
                                       preexec_fn=pinned(cores), start_new_session=True)
        except OSError as error:
            raise Skip(f"{command[0]}: {error.strerror}") from error
        try:
            wait_until_it_listens(process, port, said)
            time.sleep(0.1)  # the client that looked whether it listens is to be gone
            yield process.pid, port
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def prove_that_it_echoes(server, cores):
    """Half a megabyte and the end of it: every byte comes back, and then the end does."""
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
                        raise Skip(f"closed after {len(answer)} bytes")
                    answer += piece
            client.shutdown(socket.SHUT_WR)
            while piece := client.recv(65536):
                answer += piece
        except OSError as error:
            raise Skip(f"did not echo: {error}") from error
    if answer != message:
        raise Skip("what came back was not what was sent")


def load_command(mode, port, options):
    return [str(BIN / "load"), mode, f"port={port}", *(f"{name}={value}" for name, value in options.items())]


def run_load(server, mode, options, settings):
    """The load's own result; see Benchmarks/load."""
    with serving(server, settings.server_cores) as (pid, port):
        command = load_command(mode, port, {**options, "server": pid})
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              preexec_fn=pinned(settings.load_cores))
    if done.returncode != 0:
        raise Failed((done.stderr.strip().splitlines() or [f"the load ended with {done.returncode}"])[-1])
    return json.loads(done.stdout)


def family(pid):
    """A process and all its descendants."""
    try:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return [pid, *(one for child in children for one in family(int(child)))]


def user_memory(pid):
    """kB of user memory. Pss: a page that several processes share counts once, and it is exact where VmRSS lags."""
    total = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            text = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total


def wait_for_old_connections():
    """What a churn left in TIME_WAIT would go during the measurement, and be taken off the memory of the kernel."""
    for _ in range(80):
        if machine.connections_in_time_wait() < 10_000:
            return
        time.sleep(1)


def run_hold(server, options, settings):
    """kB of memory that an idle client costs: of the server, and of the kernel (which has both ends of it)."""
    wait_for_old_connections()
    with serving(server, settings.server_cores) as (pid, port):
        user, kernel = user_memory(pid), machine.kernel_memory()
        holder = subprocess.Popen(load_command("hold", port, options), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, preexec_fn=pinned(settings.load_cores))
        with holder:
            if not holder.stdout.readline().startswith("held"):
                raise Failed(holder.stderr.readline().strip() or "the load ended")
            time.sleep(0.5)
            clients = options["clients"]
            result = {"user": (user_memory(pid) - user) / clients,
                      "kernel": (machine.kernel_memory() - kernel) / clients}
            holder.stdin.close()
    return result
