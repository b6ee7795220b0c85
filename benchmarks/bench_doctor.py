"""Time `mlcbuild doctor --json` here, or by Windows' own Python in the lab.

    python benchmarks/bench_doctor.py [--runs 10] [--lab ENVIRONMENT] [--against CHECKOUT]

Beside it, by turns in the same run: the start of mlcbuild alone, `pip check`, which reads the
metadata of what is installed too, and with --against another checkout's doctor. In the lab the
environment must have pefile, packaging and pip. The limits are 1 s on Linux and 3 s in Wine, on a
machine that does nothing else; on others the CPU seconds (of Python, and of Wine's server, which
are the share of what it is asked) say more.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "python"))


from mlcbuild import programs  # noqa: E402 - after the path is set
from mlcbuild.commandline import Parser  # noqa: E402 - after the path is set

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlcbuild.lab import Lab

CODE = """\
import atexit, runpy, sys, time
sys.path.insert(0, {path!r})
atexit.register(lambda: print("used", time.process_time(), file=sys.stderr))
sys.argv = {words!r}
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=False)
"""


@dataclass
class Row:
    """One thing that is timed: seconds of the clock, of Python's CPU and of Wine's server."""

    label: str
    words: list[str]
    checkout: Path = ROOT
    times: list[tuple[float, float, float]] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the line that is printed."""
        clock, used, server = (sorted(column) for column in zip(*self.times, strict=True))
        return (
            f"{self.label:26} {clock[0]:6.2f} {statistics.median(clock):7.2f} {clock[-1]:7.2f}"
            f" {statistics.median(used):9.2f} {statistics.median(server):9.2f}"
        )


def server_seconds(lab: Lab | None) -> float:
    """Return the CPU seconds that the server of the lab's prefix has used so far."""
    if lab is None:
        return 0.0
    inode = f"-{lab.prefix.system32.parents[2].stat().st_ino:x}"
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended, or is somebody else's
            if os.readlink(process / "cwd").endswith(inode):  # noqa: PTH115 - a text
                words = (process / "stat").read_text().rpartition(")")[2].split()
                return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def timed(
    row: Row, run: Callable[[str], str], path: Callable[[Path], str], lab: Lab | None
) -> None:
    """Run it once and keep what it took."""
    code = CODE.format(path=path(row.checkout / "python"), words=row.words)
    before, began = server_seconds(lab), time.perf_counter()
    said = run(code)
    clock = time.perf_counter() - began
    used = float(said.rpartition("used ")[2].split()[0])
    row.times.append((clock, used, server_seconds(lab) - before))


def main() -> None:
    """Measure and print."""
    parser = Parser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--lab", metavar="ENVIRONMENT", help="in the lab, in this environment")
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another one of mlcbuild")
    args = parser.parse_args()
    lab = None
    if args.lab:
        from mlcbuild.lab import up  # noqa: PLC0415

        lab = up(environment=args.lab)

    def run(code: str) -> str:
        if lab is not None:
            return lab.python("-c", code).errors
        command = [sys.executable, "-c", code]
        return str(programs.run(command, capture_output=True, text=True).stderr)

    rows = [
        Row("mlcbuild --version", ["mlcbuild", "--version"]),
        Row("pip check", ["pip", "check"]),
        Row("doctor --json", ["mlcbuild", "doctor", "--json"]),
    ]
    if args.against:
        rows.append(Row("the other's doctor --json", rows[-1].words, args.against.resolve()))
    for turn in range(args.runs + 1):
        for row in rows:
            timed(row, run, lab.path if lab else str, lab)
            if not turn:
                row.times.clear()  # bytecode is written, caches fill
    where = f"Windows Python {lab.version} in Wine" if lab else sys.platform
    print(f"{where + ', seconds':26}    min  median     max  CPU: Python    server")
    print(*rows, sep="\n")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {args.runs} runs")


if __name__ == "__main__":
    main()
