# SPDX-License-Identifier: Apache-2.0
"""Describes the machine, and sets the TCP congestion control for a run."""
import contextlib
import os
import pathlib
import platform
import resource
import shutil
import subprocess

CONGESTION = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control")


def first_line(*command):
    """The first line of a command's output, on either stream; None if there is none."""
    if shutil.which(command[0]) is None:
        return None
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    return lines[0] if lines else None


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def versions():
    """One line for each tool that is installed."""
    commands = [("swift", "--version"), ("cc", "--version"), ("rustc", "--version"), ("go", "version"),
                ("java", "-version"), ("python3", "--version"), ("ncat", "--version"),
                ("sh", "-c", "command -v socat > /dev/null && socat -V | sed -n 2p")]
    return [line for command in commands if (line := first_line(*command))]


def describe():
    return {"processor": processor(), "cores": os.cpu_count(), "kernel": platform.release(),
            "versions": versions()}


def congestion():
    return CONGESTION.read_text().strip()


@contextlib.contextmanager
def congestion_set_to(name):
    """Sets the congestion control of new connections, and restores it at the end. Yields one line for the report."""
    before = congestion()
    if name is None or name == before:
        yield f"TCP congestion control: {before}"
        return
    try:
        CONGESTION.write_text(name)
    except OSError as error:
        yield f"TCP congestion control: {before} (it could not be set to {name}: {error.strerror})"
        return
    try:
        yield f"TCP congestion control: {name} (for this run; the machine's default is {before})"
    finally:
        CONGESTION.write_text(before)


def raise_descriptor_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def kernel_memory():
    """kB of slab, kernel stacks and page tables of the whole machine: the kernel counts them for no single process."""
    fields = dict(line.split(":", 1) for line in pathlib.Path("/proc/meminfo").read_text().splitlines())
    return sum(int(fields[name].split()[0]) for name in ("Slab", "KernelStack", "PageTables"))


def connections_in_time_wait():
    words = pathlib.Path("/proc/net/sockstat").read_text().split()
    return int(words[words.index("tw") + 1])
