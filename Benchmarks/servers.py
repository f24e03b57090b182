# SPDX-License-Identifier: Apache-2.0
"""The servers: how each is built and started, and how many clients are sensible to give it."""
import dataclasses
import pathlib
import shlex
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
BIN = HERE / "bin"
PEERS = HERE / "peers"
LIMITS = ["--log-level", "info", "--max-clients", "20000", "--max-clients-per-source", "20000"]


@dataclasses.dataclass
class Server:
    name: str
    command: list  # the word PORT in it becomes the port
    needs: tuple = ()  # programs that building or running it takes
    build: list = None
    most: int = 20000  # clients; more make no sense for it, because:
    why: str = ""
    held: int = 5000  # idle clients of which its memory is measured
    cannot: dict = dataclasses.field(default_factory=dict)  # group of rows: why it is not given them
    ours: bool = False


class Skip(Exception):
    """Why a server is not measured, in one line."""


def c_peer(name, source, most=20000, why="", libraries=()):
    built = BIN / source
    build = ["cc", "-O2", "-Wall", "-pthread", "-o", str(built), str(PEERS / f"{source}.c"), *libraries]
    return Server(name, [str(built), "PORT"], ("cc",), build, most, why)


def swift_package(name, folder, program, ours=False):
    scratch = BIN / folder
    build = ["swift", "build", "-c", "release", "--package-path", str(PEERS / folder), "--scratch-path", str(scratch)]
    return Server(name, [str(scratch / "release" / program), "PORT"], ("swift",), build, ours=ours)


def peers():
    process = "a process for every client"
    return [
        c_peer("C io_uring", "echo_uring", libraries=("-luring",)),
        c_peer("C epoll", "echo_epoll"),
        c_peer("C pthreads", "echo_pthreads"),
        c_peer("C splice", "echo_splice"),
        swift_package("SwiftNIO", "nio", "echo-nio"),
        Server("Go", [str(BIN / "echo_go"), "PORT"], ("go",),
               ["go", "build", "-o", str(BIN / "echo_go"), str(PEERS / "echo.go")]),
        Server("Rust threads", [str(BIN / "echo_rust"), "PORT"], ("rustc",),
               ["rustc", "-O", "-o", str(BIN / "echo_rust"), str(PEERS / "echo_threads.rs")]),
        Server("Java threads", ["java", "-cp", str(BIN), "EchoThreads", "PORT"], ("java", "javac"),
               ["javac", "-d", str(BIN), str(PEERS / "EchoThreads.java")], held=1000),
        Server("Python threads", ["python3", str(PEERS / "echo_threading.py"), "PORT"], ("python3",),
               most=1000, why="its threads take turns at one lock", held=1000),
        Server("socat", shlex.split(
            "socat -b65536 TCP-LISTEN:PORT,fork,reuseaddr,bind=127.0.0.1,nodelay,backlog=4096 PIPE"),
            ("socat",), most=500, why=process, held=500,
            cannot={"bulk": "when its pipe is full it waits for itself to empty it"}),
        Server("ncat", shlex.split("ncat -lk --max-conns 2000 -e /bin/cat 127.0.0.1 PORT"),
               ("ncat",), most=50, why=f"{process} and one for its cat, connected one by one", held=50,
               cannot={"bulk": "it waits for its cat, and its cat for it"}),
    ]


def nitka(path):
    serve = [str(path), "serve", "--port", "PORT", *LIMITS, "--model"]
    return [
        Server("nitka threads", [*serve, "threads"], ours=True),
        Server("nitka tasks", [*serve, "tasks"], ours=True),
        Server("nitka epoll", [*serve, "tasks", "--io", "epoll"], ours=True),
    ]


def awaiting():
    """The handler of the README, which awaits every message, where the tool's echo lets the loop pass them on."""
    return swift_package("nitka awaiting", "nitka-await", "echo-await", ours=True)


def extra(text):
    """A server of the user's own, `NAME=COMMAND with PORT`: counts as ours, so that two builds can be compared."""
    name, separator, command = text.partition("=")
    if not separator or "PORT" not in command:
        raise ValueError(f"--extra takes NAME=COMMAND with the word PORT in it, not {text!r}")
    return Server(name, shlex.split(command), ours=True)


def build(server):
    for program in server.needs:
        if shutil.which(program) is None:
            raise Skip(f"{program} is not installed")
    if server.name == "C io_uring" and not has_liburing():
        raise Skip("liburing.h is not installed")
    if server.build is not None:
        run_build(server.build)


def has_liburing():
    return pathlib.Path("/usr/include/liburing.h").exists()


def build_load():
    sources = sorted(map(str, (HERE / "load").glob("*.c")))
    together = ["-DWITH_LIBURING", "-luring"] if has_liburing() else []
    run_build(["cc", "-O2", "-Wall", "-o", str(BIN / "load"), *sources, *together])


def how_the_load_sends():
    """Together, or one by one."""
    done = subprocess.run([str(BIN / "load"), "sends"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def build_nitka():
    run_build(["swift", "build", "-c", "release", "--package-path", str(HERE.parent), "--product", "nitka"])


def run_build(command):
    BIN.mkdir(exist_ok=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        errors = [line for line in done.stdout.splitlines() if "error" in line] or done.stdout.splitlines() or ["?"]
        raise Skip(f"did not build: {errors[0].strip()}")
