"""Measure what a hostile server, index, repository or release costs: seconds and peak memory.

    python benchmarks/bench_network.py
    python benchmarks/bench_network.py --code OTHER     # the package in OTHER/python instead

Every input is made here; servers listen on 127.0.0.1 alone. Each command runs in a process of its
own, one at a time, and is ended after ``--limit`` seconds or with ``--memory`` MB. Linux.
"""

from __future__ import annotations

import contextlib
import http.server
import os
import sys
import tempfile
import threading
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "helpers")]

from mlcbuild import programs  # noqa: E402 - after the path is set
from mlcbuild.commandline import Parser  # noqa: E402
from wheelfactory import make_wheel  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1 << 20
BLOCK = b"x" * MIB
JSON = "application/vnd.pypi.simple.v1+json"
RUN = """
import json, os, resource, sys, threading, time
code, memory = sys.argv.pop(1), int(sys.argv.pop(1)) << 20
resource.setrlimit(resource.RLIMIT_AS, (memory + (2 << 30), memory + (2 << 30)))
sys.path.insert(0, code)
from mlcbuild.cli import main
began = time.monotonic()
try:
    ended = main(sys.argv[1:])
except SystemExit as error:
    ended = error.code
except BaseException as error:
    ended = type(error).__name__
used = resource.getrusage(resource.RUSAGE_SELF)
peak = int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) >> 10
cpu, seconds = used.ru_utime + used.ru_stime, time.monotonic() - began
print("USED", ended, round(cpu, 1), round(seconds, 1), peak, file=sys.stderr)
"""


def bomb(size: int) -> bytes:
    """Return so many MiB of one letter, as gzip packs them."""
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(engine.compress(BLOCK) for _ in range(size)) + engine.flush()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by the first part of the path."""

    bombs: dict[str, bytes] = {}  # noqa: RUF012 - made once

    def do_GET(self) -> None:
        """Answer; whoever went away is not waited for."""
        with contextlib.suppress(OSError):
            self.answer(self.path.strip("/").split("/")[0])

    def do_POST(self) -> None:
        """Answer as ``do_GET`` does."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def answer(self, kind: str) -> None:
        """Send one of the answers."""
        if self.path.endswith("/models"):
            self.begin("application/json")
            self.wfile.write(b'{"data": [{"id": "m"}]}')
        elif kind in {"body", "unended", "page"}:
            self.begin(JSON if kind == "page" else "text/plain")
            for _ in range({"body": 1024, "unended": 512, "page": 512}[kind]):
                self.wfile.write(BLOCK)
        elif kind == "bomb":
            self.begin("text/plain", encoding="gzip")
            self.wfile.write(self.bombs.setdefault("200", bomb(200)))
        elif kind == "drip":
            self.begin(JSON)
            for _ in range(100_000):
                self.wfile.write(b" ")
                time.sleep(1)

    def begin(self, kind: str, *, encoding: str = "") -> None:
        """Send the head of an answer."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def cases(folder: Path, server: str) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """Make one case after the other: what it is, the command, and its variables."""
    once = ["--requests", "1", "--concurrency", "1", "--warmup", "0"]
    yield "bench: a body of 1 GiB", ["bench", f"{server}/body", "--api", "plain", *once], {}
    yield "bench: a gzip bomb of 200 MiB", ["bench", f"{server}/bomb", "--api", "plain", *once], {}
    stream = ["bench", f"{server}/unended/v1/chat/completions", "--model", "m", *once]
    yield "bench: a stream of 512 MiB without a line's end", stream, {}
    for kind, what in (("page", "a page of 512 MiB"), ("drip", "a page of a byte a second")):
        index = {"PIP_INDEX_URL": f"{server}/{kind}", "PIP_CONFIG_FILE": os.devnull}
        yield f"check pypi: (as fetch): {what}", ["check", "pypi:demo"], index
    lock, mirror = git_lock(folder)
    words = ["--lock", str(lock), "--mirror", str(mirror), "--cache", str(folder / "cache")]
    yield "fetch: a Git file of 200 MiB", ["fetch", *words, "--output", str(folder / "into")], {}
    data = os.urandom(MIB) * 1024
    wheel = make_wheel(folder, {"demo/weights.bin": data}, compression=0)
    yield "release: a member of 1 GiB", ["release", str(wheel), "-o", str(folder / "out")], {}


def git_lock(folder: Path) -> tuple[Path, Path]:
    """Make a repository with one big file; return a lock that wants it, and its mirror."""
    repository = folder / "mirror" / "owner" / "demo"
    repository.mkdir(parents=True)
    (repository / "LICENSE").write_bytes(os.urandom(MIB) * 200)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@y", "-C", str(repository)]
    for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "x")):
        programs.run([*git, *words], check=True)
    done = programs.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    lock = folder / "3rdparty" / "sources.toml"
    lock.parent.mkdir()
    lock.write_text(
        'version = 1\n[demo]\ngit = "https://x.invalid/owner/demo"\n'
        f'commit = "{done.stdout.strip()}"\npaths = ["LICENSE"]\nlicence = "MIT"\n'
        'licence_files = ["LICENSE"]\nwhy = "measured"\n'
    )
    return lock, folder / "mirror"


def measure(code: Path, words: list[str], env: dict[str, str], *, limit: int, memory: int) -> str:
    """Run a command in a process of its own; return what it took, in words."""
    command = [sys.executable, "-c", RUN, str(code), str(memory), *words]
    child = programs.start(command, env={**os.environ, **env}, stdout=-3, stderr=-1, text=True)
    timer = threading.Timer(limit, child.kill)
    timer.start()
    errors = child.communicate()[1]
    timer.cancel()
    used = [line.split() for line in errors.splitlines() if line.startswith("USED")]
    if not used:
        return f"| over {limit} s | | ended |"
    _, ended, cpu, seconds, peak = used[0]
    return f"| {seconds} s ({cpu} s CPU) | {peak} MB | exit {ended} |"


def main() -> int:
    """Measure every case and print a table."""
    parser = Parser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--code", type=Path, default=ROOT, help="a checkout whose package runs")
    parser.add_argument("--limit", type=int, default=200, help="seconds of one process")
    parser.add_argument("--memory", type=int, default=6000, help="MB of one process")
    options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    code = options.code.resolve() / "python"
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors", flush=True)
    print("| case | time | peak memory | outcome |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        for what, words, env in cases(Path(name), address):
            took = measure(code, words, env, limit=options.limit, memory=options.memory)
            print(f"| {what} {took}", flush=True)
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
