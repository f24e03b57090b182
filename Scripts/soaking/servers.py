# SPDX-License-Identifier: Apache-2.0
"""Starts the servers, and reads what they use."""
import contextlib
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
NITKA = REPOSITORY / ".build/release/nitka"
PEERS = REPOSITORY / "Benchmarks/peers"


class Skip(Exception):
    """The test says nothing about this server, or the machine lacks a program."""


class Server:
    """A command; the word PORT becomes a free port. A server of ours chooses the port and prints it."""

    def __init__(self, name, *command, build=None):
        self.name, self.command, self.build = name, command, build

    @property
    def is_ours(self):
        return self.command[0] == NITKA

    @contextlib.contextmanager
    def running(self, *options, descriptors=None):
        """A running server. It gets SIGKILL at the end if it still runs."""
        yield from self._run([*map(str, options)] if self.is_ours else [], descriptors)

    def _run(self, options, descriptors):
        program = Running(self, options, descriptors)
        try:
            program.wait_until_it_listens()
            yield program
        finally:
            program.end()


class Running:
    def __init__(self, server, options, descriptors):
        if server.build and not pathlib.Path(server.command[0]).exists():
            if not shutil.which(server.build[0]):
                raise Skip(f"no {server.build[0]} to build it")
            subprocess.run(server.build, check=True, cwd=REPOSITORY)
        if not shutil.which(server.command[0]):
            raise Skip(f"no {server.command[0]}")
        self.server = server
        self.port = None if server.is_ours else free_port()
        command = [str(self.port) if word == "PORT" else str(word).replace(":PORT", f":{self.port}")
                   for word in server.command]
        self.output = tempfile.TemporaryFile()
        self.errors = tempfile.TemporaryFile()

        def limit():
            if descriptors is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        # A session of its own, so that the children of a forking server end with it.
        self.process = subprocess.Popen(
            command + options, stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.errors, preexec_fn=limit,
            start_new_session=True)

    @property
    def pid(self):
        return self.process.pid

    def text(self, file=None):
        file = file or self.output
        file.seek(0)
        return file.read().decode(errors="replace")

    def error(self):
        return self.text(self.errors)

    def wait_until_it_listens(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if self.server.is_ours:
                found = re.search(r"listening on \S*:(\d+)", self.text())
                if found:
                    self.port = int(found[1])
                    return
            else:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            if self.process.poll() is not None:
                raise RuntimeError(f"it ended with {self.process.returncode}: {self.error().strip()}")
            time.sleep(0.01)
        raise RuntimeError("it does not listen within 10 s")

    def connect(self, timeout=10, source=None):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout, source_address=source)

    def terminate(self, within):
        """Sends SIGTERM; the exit code, or None if the server has not ended in time."""
        self.process.terminate()
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            return None

    def end(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        self.output.close()
        self.errors.close()

    # What it uses now.

    def descriptor_count(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def thread_count(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def memory(self):
        """Resident kilobytes."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def nitka(model):
    limits = ["--max-clients", "12000", "--max-clients-per-source", "12000", "--log-level", "info"]
    return Server(model, NITKA, "serve", "--port", "0", "--model", model, *limits)


SERVERS = {
    server.name: server
    for server in [
        nitka("threads"),
        nitka("tasks"),
        Server("ncat", "ncat", "--listen", "127.0.0.1", "PORT", "--keep-open", "--exec", "/bin/cat"),
        Server("socat", "socat", "TCP-LISTEN:PORT,bind=127.0.0.1,fork,reuseaddr,backlog=1024", "EXEC:cat"),
        Server("python", sys.executable, PEERS / "echo_threading.py", "PORT"),
        Server(
            "go", REPOSITORY / "Benchmarks/bin/echo-go", "PORT",
            build=["go", "build", "-o", "Benchmarks/bin/echo-go", "Benchmarks/peers/echo.go"]),
    ]
}
