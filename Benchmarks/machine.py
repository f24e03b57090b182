# SPDX-License-Identifier: Apache-2.0
"""What the machine is, and the one setting of it that loopback traffic depends on."""
import contextlib
import os
import pathlib
import platform
import resource
import shutil
import subprocess

CONGESTION = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control")


def first_line(*command):
    """The first line that a command says, on either stream, or None when it is not to be had."""
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
    asked = {
        "swift": ("swift", "--version"), "cc": ("cc", "--version"), "rustc": ("rustc", "--version"),
        "go": ("go", "version"), "java": ("java", "-version"), "python": ("python3", "--version"),
        "socat": ("sh", "-c", "socat -V | sed -n 2p"), "ncat": ("ncat", "--version")}
    return {name: first_line(*command) or "not installed" for name, command in asked.items()}


def describe():
    return {"processor": processor(), "cores": os.cpu_count(), "kernel": platform.release(),
            "versions": versions()}


def congestion():
    return CONGESTION.read_text().strip()


@contextlib.contextmanager
def congestion_set_to(name):
    """Sets the congestion control for new connections, if it may, and puts back what was there. Yields what to say."""
    before = congestion()
    if name is None or name == before:
        yield f"TCP congestion control: {before}"
        return
    try:
        CONGESTION.write_text(name)
    except OSError as error:
        yield f"TCP congestion control: {before} ({name} was asked for, but: {error.strerror})"
        return
    try:
        yield f"TCP congestion control: {name} (set for this run; the machine's own is {before})"
    finally:
        CONGESTION.write_text(before)


def raise_descriptor_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def kernel_memory():
    """kB of slab and of kernel stacks in the whole machine: the kernel does not account them to a process."""
    fields = dict(line.split(":", 1) for line in pathlib.Path("/proc/meminfo").read_text().splitlines())
    return sum(int(fields[name].split()[0]) for name in ("Slab", "KernelStack", "PageTables"))


def connections_in_time_wait():
    words = pathlib.Path("/proc/net/sockstat").read_text().split()
    return int(words[words.index("tw") + 1])
