# SPDX-License-Identifier: Apache-2.0
"""The servers: how to build and start each of them, and how many clients each of them gets at most."""
import dataclasses
import pathlib
import shlex
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
BIN = HERE / "bin"
PEERS = HERE / "peers"
LIMITS = ["--log-level", "info", "--max-clients", "20000", "--max-clients-per-source", "20000"]
TASKS, THREADS, ANY = "tasks", "threads", "any"


@dataclasses.dataclass
class Server:
    name: str
    kind: str  # a server of ours is compared with the peers of its kind
    command: list  # PORT in a word becomes the port
    needs: tuple = ()  # the programs that its build or its start runs
    build: list = None
    most: int = 20000  # it gets no row with more clients, because of:
    why: str = ""
    held: int = 5000  # the number of idle clients for `memory`
    cannot: dict = dataclasses.field(default_factory=dict)  # group of rows: why it gets none of them
    ours: bool = False


class Skip(Exception):
    """One line that says why a server is not measured."""


def c_peer(name, kind, source):
    built = BIN / source
    build = ["cc", "-O2", "-Wall", "-pthread", "-o", str(built), str(PEERS / f"{source}.c")]
    return Server(name, kind, [str(built), "PORT"], ("cc",), build)


def swift_build(folder):
    return ["swift", "build", "-c", "release", "--package-path", str(PEERS / folder),
            "--scratch-path", str(BIN / folder)]


def peers():
    process = "it runs a process for each client"
    return [
        c_peer("C epoll", TASKS, "echo_epoll"),
        Server("SwiftNIO", TASKS, [str(BIN / "nio/release/echo-nio"), "PORT"], ("swift",), swift_build("nio")),
        Server("Go", TASKS, [str(BIN / "echo_go"), "PORT"], ("go",),
               ["go", "build", "-o", str(BIN / "echo_go"), str(PEERS / "echo.go")]),
        c_peer("C pthreads", THREADS, "echo_pthreads"),
        c_peer("C splice", THREADS, "echo_splice"),
        Server("Rust threads", THREADS, [str(BIN / "echo_rust"), "PORT"], ("rustc",),
               ["rustc", "-O", "-o", str(BIN / "echo_rust"), str(PEERS / "echo_threads.rs")]),
        Server("Java threads", THREADS, ["java", "-cp", str(BIN), "EchoThreads", "PORT"], ("java", "javac"),
               ["javac", "-d", str(BIN), str(PEERS / "EchoThreads.java")], held=1000),
        Server("Python threads", THREADS, ["python3", str(PEERS / "echo_threading.py"), "PORT"], ("python3",),
               most=1000, why="one lock serialises its threads", held=1000),
        Server("socat", THREADS, shlex.split(
            "socat -b65536 TCP-LISTEN:PORT,fork,reuseaddr,bind=127.0.0.1,nodelay,backlog=4096 PIPE"),
            ("socat",), most=500, why=process, held=500,
            cannot={"bulk": "it blocks in write(2) when its pipe is full, and only it could empty the pipe"}),
        Server("ncat", THREADS, shlex.split("ncat -lk --max-conns 2000 -e /bin/cat 127.0.0.1 PORT"),
               ("ncat",), most=50, why=f"{process}, and accepts slowly", held=50,
               cannot={"bulk": "it deadlocks with its cat: each waits until the other reads"}),
    ]


def ours(path):
    """The echo service, run by the tool at `path`, and the README's handlers."""
    serve = [str(path), "serve", "--port", "PORT", *LIMITS, "--model"]
    readme = str(BIN / "nitka-readme/release/echo-readme")
    return [
        *(Server(f"nitka {kind}", kind, [*serve, kind], ours=True) for kind in (TASKS, THREADS)),
        *(Server(f"README {kind}", kind, [readme, kind, "PORT"], ("swift",), swift_build("nitka-readme"), ours=True)
          for kind in (TASKS, THREADS)),
    ]


def extra(text):
    """A server that the user names: `NAME=COMMAND`, with PORT in the command."""
    name, separator, command = text.partition("=")
    if not separator or not name or "PORT" not in command:
        raise ValueError(f"--extra takes NAME=COMMAND, and the command must contain PORT, not {text!r}")
    return Server(name, ANY, shlex.split(command), ours=True)


def is_pair(one, other):
    """True if the table has a row `one ÷ other`: ours and a peer of its kind, or ours and an extra server."""
    if not one.ours or one.name == other.name:
        return False
    if other.ours:
        return other.kind == ANY
    return one.kind in (other.kind, ANY)


def build(server):
    for program in server.needs:
        if shutil.which(program) is None:
            raise Skip(f"{program} is not installed")
    if server.build is not None:
        run_build(server.build)


def build_load():
    sources = sorted(map(str, (HERE / "load").glob("*.c")))
    run_build(["cc", "-O2", "-Wall", "-o", str(BIN / "load"), *sources])


def build_nitka():
    run_build(["swift", "build", "-c", "release", "--package-path", str(HERE.parent), "--product", "nitka"])


def run_build(command):
    BIN.mkdir(exist_ok=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        errors = [line for line in done.stdout.splitlines() if "error" in line] or done.stdout.splitlines() or ["?"]
        raise Skip(f"the build failed: {errors[0].strip()}")
