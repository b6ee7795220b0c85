"""Is `mlcbuild bench` right? It and wrk measure the same local server by turns.

    apt-get install wrk; pip install "./python[bench]" httpx
    python benchmarks/bench_load.py [--rounds 3] [--seconds 4]

The server answers after some time, half as much up to half more than the row says, so that it and
not the client is the limit, as with a model behind it; the last rows are without that time, where
every client shows its own cost. The clients' cost a request is measured last: it is why aiohttp was
chosen. On a busy machine, give both a core: ``chrt -r 5 python benchmarks/bench_load.py``.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import re
import sys
import time
from statistics import median
from typing import TYPE_CHECKING

from mlcbuild import programs
from mlcbuild.commandline import Parser

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable
    from multiprocessing.connection import Connection

BODY = b'{"ok": true}'
REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(BODY),
    BODY,
)
CHANCE = random.Random(0)  # noqa: S311 - think time, no secret
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


class Answering(asyncio.Protocol):
    """Answers every request after about the seconds that its path names, as in ``/0.02``."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to write."""
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Answer at once or later; requests are small and come whole."""
        wait = float(data.split(b" ", 2)[1][1:]) * CHANCE.uniform(0.5, 1.5)
        if wait:
            asyncio.get_running_loop().call_later(wait, self.transport.write, REPLY)
        else:
            self.transport.write(REPLY * data.count(b"\r\n\r\n"))


def serve(ready: Connection) -> None:
    """Serve in a process of its own, until it is ended."""

    async def forever() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Answering, "127.0.0.1", 0, backlog=1024)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())


def run_wrk(url: str, users: int, seconds: float) -> tuple[float, float, float]:
    """Return requests a second, and p50 and p99 in seconds."""
    command = ["wrk", "-t1", f"-c{users}", f"-d{seconds:.0f}s", "--latency", url]
    said = programs.run(command, capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    times = {
        share: float(value) * UNITS[unit]
        for share, value, unit in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s|m)\b", said)
    }
    if rate is None or "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"wrk failed:\n{said}")
    return float(rate[1]), times["50"], times["99"]


def run_ours(url: str, users: int, seconds: float) -> tuple[float, float, float]:
    """Return the same of ``mlcbuild bench``."""
    command = [sys.executable, "-m", "mlcbuild", "bench", url, "--json"]
    command += ["--concurrency", str(users), "--duration", f"{seconds}s"]
    (run,) = json.loads(programs.run(command, capture_output=True, check=True).stdout)["runs"]
    return run["throughput_rps"], run["latency_s"]["p50"], run["latency_s"]["p99"]


def compare(origin: str, wait: str, users: int, options: argparse.Namespace) -> None:
    """Measure by turns and print both, with wrk's own noise."""
    tools = {"wrk": run_wrk, "mlcbuild": run_ours}
    seen: dict[str, list[tuple[float, float, float]]] = {name: [] for name in tools}
    for _ in range(options.rounds):
        for name, tool in tools.items():
            seen[name].append(tool(f"{origin}/{wait}", users, options.seconds))
    for name, rounds in seen.items():
        rate, p50, p99 = (median(column) for column in zip(*rounds, strict=True))
        rates = [each[0] for each in rounds]
        noise = (max(rates) - min(rates)) / rate
        print(
            f"{float(wait) * 1e3:5.0f} ms {users:5d}  {name:9}{rate:10.1f} req/s +-{noise / 2:5.1%}"
            f"  p50 {p50 * 1e3:7.2f} ms  p99 {p99 * 1e3:7.2f} ms"
        )


async def cost(get: Callable[[], Awaitable[object]], requests: int = 3000, users: int = 8) -> float:
    """Return the seconds of this process's time that a request costs."""

    async def user() -> None:
        for _ in range(requests // users):
            await get()

    began = time.process_time()
    await asyncio.gather(*(user() for _ in range(users)))
    return (time.process_time() - began) / requests


async def clients(url: str) -> None:
    """Print what a request costs with aiohttp and with httpx."""
    import aiohttp  # noqa: PLC0415 - the other comparison needs neither
    import httpx  # noqa: PLC0415

    async with aiohttp.ClientSession() as session:

        async def with_aiohttp() -> None:
            async with session.get(url) as response:
                await response.read()

        first = await cost(with_aiohttp)
    async with httpx.AsyncClient(trust_env=False) as client:
        second = await cost(lambda: client.get(url))
    print(
        f"time of the client a request: aiohttp {first * 1e6:.0f} us, httpx {second * 1e6:.0f} us"
    )


def main() -> None:
    """Start the server, compare, end it."""
    parser = Parser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args()
    if programs.find_program("wrk") is None:
        raise SystemExit("wrk is not installed: apt-get install wrk")
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there,), daemon=True)
    server.start()
    origin = f"http://127.0.0.1:{here.recv()}"
    try:
        print(" answer users  tool        median of", options.rounds)
        for wait, users in (("0.02", 1), ("0.02", 16), ("0.1", 64), ("0", 8)):
            compare(origin, wait, users, options)
        asyncio.run(clients(f"{origin}/0"))
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
