"""Measure what hostile and large input costs `mlcbuild check`: CPU seconds and memory.

    python benchmarks/bench_hostile.py
    python benchmarks/bench_hostile.py --code OTHER     # the package in OTHER/python instead

Every input is generated (``tests/helpers/hostilewheels.py``), small first, then several times as
large: CPU seconds that grow faster than the input show here. Each runs in a process of its own, one
at a time; a process that takes longer than ``--limit`` CPU seconds is ended and counts as over it.
Linux and macOS.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "helpers"))

from hostilewheels import (  # noqa: E402  found through the line above
    chain,
    export_flood,
    import_flood,
    mesh,
    record_of_nothing,
)
from mlcbuild import programs  # noqa: E402
from mlcbuild.commandline import Parser  # noqa: E402
from pefactory import make_pe  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator


def inputs(folder: Path) -> Iterator[tuple[str, Path]]:
    """Make one input after the other."""
    for rows in (32_000, 1_000_000):
        yield f"RECORD of {rows:,} absent files", record_of_nothing(folder, rows)
    for count in (500, 1_000, 2_000):
        yield f"mesh of {count:,} DLLs, ten imports each", mesh(folder / "mesh", count, 10)
    for count in (500, 2_000):
        path = mesh(folder / "missing", count, 10, missing=True)
        yield f"mesh of {count:,} DLLs, each misses one", path
    for count in (400, 800, 3_200):
        yield f"chain of {count:,} DLLs, each misses one", chain(folder / "chain", count)
    for count in (800, 3_200):
        yield (
            f"chain of {count:,} DLLs, the last misses one",
            chain(folder / "far", count, every=count),
        )
    exports = folder / "exports"
    exports.mkdir()
    (exports / "expsame.dll").write_bytes(export_flood())
    (exports / "user.dll").write_bytes(make_pe(imports={"expsame.dll": ["nosuch"]}))
    yield "65,535 exports over one text of 16 KB", exports / "user.dll"
    for distinct in (False, True):
        path = folder / f"imports{distinct:d}.dll"
        path.write_bytes(import_flood(200_000, distinct=distinct))
        yield f"200,000 import descriptors, {'as many names' if distinct else 'one name'}", path


def measure(code: Path, path: Path, limit: int) -> str:
    """Check a file in a process of its own; return what it took, in words."""
    program = (
        "import resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_CPU, ({limit}, {limit}))\n"
        f"sys.path.insert(0, {str(code)!r})\n"
        "from mlcbuild.cli import main\n"
        "code = main(['check', sys.argv[1]])\n"
        "use = resource.getrusage(resource.RUSAGE_SELF)\n"
        "memory = use.ru_maxrss\n"
        "try:\n"  # on Linux the figure of a child begins with that of its parent
        "    status = open('/proc/self/status').read()\n"
        "    memory = int(status.partition('VmHWM:')[2].split()[0])\n"
        "except OSError:\n"
        "    pass\n"
        "print('USED', code, use.ru_utime + use.ru_stime, memory, file=sys.stderr)\n"
    )
    done = programs.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True)
    used = [line for line in done.stderr.splitlines() if line.startswith("USED")]
    if not used:
        return f"| over {limit} s | ended by {done.returncode} |"
    _, code_, seconds, memory = used[0].split()
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return f"| {float(seconds):.1f} s | {int(memory) // scale} MB | exit {code_} |"


def main() -> int:
    """Measure every input and print a table."""
    parser = Parser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--code", type=Path, default=ROOT, help="a checkout whose package runs")
    parser.add_argument("--limit", type=int, default=60, help="CPU seconds of one process")
    options = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors", flush=True)
    with tempfile.TemporaryDirectory() as name:
        for what, path in inputs(Path(name)):
            size = path.stat().st_size
            took = measure(options.code.resolve() / "python", path, options.limit)
            print(f"| {what} | {size >> 10} KB {took}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
