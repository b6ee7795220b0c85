"""The whole road on one machine: build the wheel, use it, serve a model, load it, look at it.

quickstart -> wheel -> verify -> chat -> serve -> bench -> report. The load test is shown to refuse
too: an app that answers 404 or 500 to everything gets exit code 1 and no figure. What was measured
is left in one page, road.html.

examples:
  python scripts/road.py                      from pinned source; the second time, without a compile
  python scripts/road.py --wheel dist/mlc_llm-0.20-py3-none-manylinux_2_35_x86_64.whl
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from setup_env import (
    ROOT,
    Parser,
    StepError,
    environment,
    main_of,
    on_path,
    pinned,
    programs,
    run,
    say,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

DIST = ROOT / "dist"
#: A Windows wheel of the package index, for the page's graph where this machine built none.
WINDOWS_WHEEL = f"pypi:apache-tvm-ffi=={pinned('tvm-ffi')}"
#: Seconds until a served model has to answer.
PATIENCE = 120


def built() -> Path:
    """Return the wheel, built by the quickstart's own steps."""
    say("quickstart and wheel")
    run(sys.executable, ROOT / "scripts" / "quickstart.py", "--full", "--no-chat")
    return max(DIST.glob("mlc_llm-*.whl"), key=lambda path: path.stat().st_mtime)


@contextlib.contextmanager
def verified(python: Path, wheel: Path, env: dict[str, str]) -> Iterator[Path]:
    """Verify with a chat and keep the place, model and all, until the block ends."""
    say(f"verify and chat: {wheel.name}")
    command = [python, "-m", "mlcbuild", "verify", wheel, "--chat", "--keep", "--json"]
    done = programs.run(command, cwd=ROOT, env={**os.environ, **env}, stdout=subprocess.PIPE)
    outcome = json.loads(done.stdout) if done.stdout else {"steps": [], "ok": False}
    for step in outcome["steps"]:
        print(f"   {step['name']:11} {step['seconds']:7.1f} s  {step['detail']}")
    if not outcome["ok"]:
        raise StepError("the wheel does not work", done.returncode)
    folder = Path(outcome["folder"])
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        Path(outcome["log"]).unlink(missing_ok=True)


@contextlib.contextmanager
def served(folder: Path, log: Path) -> Iterator[str]:
    """Serve the kept model until the block ends; return the server's URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    say(f"serve: {url}")
    python = folder / ("venv/Scripts/python.exe" if os.name == "nt" else "venv/bin/python")
    model = folder / "tiny llama"
    library = next(path for path in sorted(model.glob("lib*")) if path.suffix in {".so", ".dll"})
    command = [python, "-m", "mlc_llm", "serve", model / "model", "--model-lib", library]
    command += ["--device", "cpu", "--mode", "interactive", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--overrides", "max_total_seq_length=256"]
    # Nothing of the caller's may lead the server to other packages.
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MLC_", "TVM_"))}
    with log.open("wb") as output:
        server = programs.start(command, stdout=output, stderr=output, env=clean, cwd=folder)
    try:
        wait_for(f"{url}/v1/models", server, log)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the URL answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            opener.open(url, timeout=5).close()
        except OSError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(encoding="utf-8", errors="replace").splitlines()
                last = next((line for line in reversed(said) if line.strip()), "it printed nothing")
                raise StepError(f"the server does not answer: {last.strip()}") from error
            time.sleep(0.2)
        else:
            return


class Refusing(http.server.BaseHTTPRequestHandler):
    """The first user's app: 404 and 500 by turns, to everything."""

    protocol_version = "HTTP/1.1"
    count = 0

    def do_GET(self) -> None:
        """Refuse."""
        type(self).count += 1
        body = b"<h1>Not Found</h1>" if self.count % 2 else b"<h1>Internal Server Error</h1>"
        self.send_response(404 if self.count % 2 else 500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Quiet(http.server.ThreadingHTTPServer):
    """A server that does not mind when a client has had enough."""

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


def refused(python: Path, env: dict[str, str]) -> None:
    """Load the app that refuses everything; anything but exit code 1 is a failure of ours."""
    say("bench refuses an app that answers 404 or 500 to everything")
    server = Quiet(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        if run(python, "-m", "mlcbuild", "bench", url, ok=(0, 1), **env) != 1:
            raise StepError("bench took refusals for a success")
    finally:
        server.shutdown()
        server.server_close()


def work(options: argparse.Namespace) -> None:
    """Go the road."""
    began = time.monotonic()
    python = environment("quickstart", "./python[all]", "cmake>=3.26", "ninja>=1.11")
    env = {"PATH": on_path(python), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    mlcbuild = (python, "-m", "mlcbuild")
    wheel = options.wheel.absolute() if options.wheel else built()
    page = options.output.absolute()
    with tempfile.TemporaryDirectory(prefix="mlcbuild-road-") as staged:
        results = Path(staged)
        bench, opened = results / "bench.json", results / "bench-open.json"
        with verified(python, wheel, env) as folder, served(folder, results / "serve.log") as url:
            say("bench: users, then a rate")
            words = ("--max-tokens", "32", "--prompt", "hello", "--duration", "5s")
            run(*mlcbuild, "bench", url, "--concurrency", "1,2,4", *words, "--output", bench, **env)
            run(*mlcbuild, "bench", url, "--rate", "5", *words, "--output", opened, **env)
        refused(python, env)
        say("report")
        shown = str(wheel) if "-win" in wheel.name else WINDOWS_WHEEL
        code = run(*mlcbuild, "report", shown, bench, opened, "-o", page, ok=(0, 1, 3), **env)
        if code:
            raise StepError(f"the report says that something is not good: {page}", code)
    say(f"the whole road took {time.monotonic() - began:.0f} s; look at {page}")


def main() -> int:
    """Parse the options and work."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", type=Path, metavar="WHEEL", help="use this one, build none")
    parser.add_argument(
        "-o", "--output", type=Path, default=ROOT / "dist" / "road.html", metavar="FILE"
    )
    options = parser.parse_args()
    return main_of(lambda: work(options))


if __name__ == "__main__":
    sys.exit(main())
