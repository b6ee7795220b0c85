"""Measure `mlcbuild check` against its peers, on the same files in the same run.

    python benchmarks/bench_check.py --wheel apache_tvm-0.26.0-py3-none-win_amd64.whl \
        --tree SITE_PACKAGES --image some.dll

Three questions: how long one DLL takes with start-up; how many files of an installed tree a second,
against `delvewheel needed` (a process a file, as it is used, and its function in one process); and
how a whole wheel compares with only unpacking its native members by the fastest library here.
Runs alternate and the best of each counts, so that a busy machine wrongs neither side.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild import programs
from mlcbuild.commandline import Parser

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parent.parent
PYTHON = str(ROOT / "python")
ENDINGS = (".dll", ".pyd", ".exe")
#: Compiled modules are kept, as an installed package has them.
ENVIRONMENT = {
    **{key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"},
    "PYTHONPATH": PYTHON,
    "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir(), "mlcbuild-bench-pyc")),
}
CHECK = [sys.executable, "-m", "mlcbuild", "check"]


def main() -> int:
    """Run the parts that were given files and print their figures."""
    parser = Parser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--image", type=Path, help="a DLL for the start-up part")
    parser.add_argument("--tree", type=Path, help="a folder of native files")
    parser.add_argument("--wheel", type=Path, help="a wheel with a big DLL")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--sample", type=int, default=40, help="files for delvewheel's processes")
    parser.add_argument("--unpack", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.unpack:
        unpack = unpackers()[0][1]
        for raw, size in native_members(options.unpack)[0]:
            unpack(raw, size)
        return 0
    print(f"{os.cpu_count()} CPUs, Python {sys.version.split()[0]}, best of {options.repeat}")
    if options.image:
        measure_start(options.image, options.repeat)
    if options.tree:
        measure_tree(options.tree, options.repeat, options.sample)
    if options.wheel:
        measure_wheel(options.wheel, options.repeat)
    return 0


def measure_start(image: Path, repeat: int) -> None:
    """Time one process for one DLL, and Python's own start."""
    bare, ours = best(
        repeat,
        lambda: run([sys.executable, "-c", "pass"]),
        lambda: run([*CHECK, str(image)]),
    )
    print(
        f"one image ({image.stat().st_size >> 10} KB), start-up included: "
        f"{ours * 1000:.0f} ms; Python alone {bare * 1000:.0f} ms"
    )


def measure_tree(tree: Path, repeat: int, sample: int) -> None:
    """Count files a second: ours over the tree, delvewheel's over the same files."""
    files = sorted(path for path in tree.rglob("*") if path.suffix.lower() in ENDINGS)
    size = sum(path.stat().st_size for path in files) >> 20
    few = files[:: max(1, len(files) // sample)][:sample]
    delvewheel = [sys.executable, "-m", "delvewheel", "needed"]
    direct = importlib.import_module("delvewheel._dll_utils").get_direct_needed
    ours, each, inside = best(
        min(repeat, 3),
        lambda: run([*CHECK, str(tree), "--json"]),
        lambda: [run([*delvewheel, str(path)]) for path in few],
        lambda: [direct(str(path)) for path in files],
    )
    rate = len(files) / ours
    print(f"tree of {len(files)} native files, {size} MB: {ours:.2f} s, {rate:.0f} files/s")
    for name, their in (
        (f"delvewheel needed, a process a file ({len(few)} of them)", len(few) / each),
        ("delvewheel's function in one process", len(files) / inside),
    ):
        print(f"  {name}: {their:.0f} files/s; ours is {rate / their:.1f} times as fast")


def measure_wheel(wheel: Path, repeat: int) -> None:
    """Compare a whole check with unpacking the native members alone."""
    packed, largest = native_members(wheel)
    total = sum(size for _, size in packed)
    libraries = dict(unpackers())
    times = best(
        repeat,
        lambda: run([*CHECK, str(wheel), "--json"]),
        lambda: in_process(wheel),
        lambda: run([sys.executable, __file__, "--unpack", str(wheel)]),
        *(lambda u=unpack: [u(raw, size) for raw, size in packed] for unpack in libraries.values()),
    )
    fastest = min(times[3:])
    name = list(libraries)[times[3:].index(fastest)]
    print(
        f"wheel of {wheel.stat().st_size >> 20} MB, {len(packed)} native members, "
        f"{total >> 20} MB, largest {largest >> 20} MB"
    )
    print(f"  unpacking them alone: {fastest * 1000:.0f} ms by {name}")
    print(
        f"  check, modules imported: {times[1] * 1000:.0f} ms, {times[1] / fastest:.2f} times that"
    )
    print(
        f"  check, a process: {times[0] * 1000:.0f} ms; one that only unpacks them: "
        f"{times[2] * 1000:.0f} ms, {times[0] / times[2]:.2f} times that"
    )
    peak = peak_of([*CHECK, str(wheel), "--json"])
    print(f"  peak memory {peak >> 20} MB, {peak / largest:.2f} times the largest member")


def native_members(wheel: Path) -> tuple[list[tuple[bytes, int]], int]:
    """Return the packed bytes and the sizes of the native members, and the largest size."""
    found = []
    with zipfile.ZipFile(wheel) as archive, wheel.open("rb") as file:
        for info in archive.infolist():
            if info.filename.lower().endswith(ENDINGS) and info.compress_type:
                file.seek(info.header_offset + 26)
                lengths = file.read(4)
                skip = int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
                file.seek(skip, os.SEEK_CUR)
                found.append((file.read(info.compress_size), info.file_size))
    return found, max(size for _, size in found)


def unpackers() -> Sequence[tuple[str, Callable[[bytes, int], bytes]]]:
    """Return the inflate libraries that are installed, each in its fastest way."""
    found: list[tuple[str, Callable[[bytes, int], bytes]]] = []
    for name in ("isal.isal_zlib", "zlib_ng.zlib_ng", "zlib"):
        try:
            library = importlib.import_module(name)
        except ImportError:
            continue
        found.append((name, lambda raw, size, lib=library: lib.decompress(raw, -15, size)))
    try:
        libdeflate = importlib.import_module("deflate")
    except ImportError:
        return found
    return [*found, ("libdeflate", libdeflate.deflate_decompress)]


def in_process(wheel: Path) -> None:
    """Check the wheel in this process, its modules already imported."""
    sys.path.insert(0, PYTHON)
    from mlcbuild.check import check  # noqa: PLC0415
    from mlcbuild.check.settings import Settings  # noqa: PLC0415

    check([str(wheel)], Settings())


def run(command: list[str]) -> None:
    """Run a command with our package on its path; what it prints is not wanted."""
    programs.run(command, env=ENVIRONMENT, capture_output=True)


def peak_of(command: list[str]) -> int:
    """Return the most memory that a command held, in bytes (Linux and macOS)."""
    measure = (
        "import resource,subprocess,sys; subprocess.run(sys.argv[1:], capture_output=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = programs.run(
        [sys.executable, "-c", measure, *command],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout) * (1 if sys.platform == "darwin" else 1024)


def best(repeat: int, *parts: Callable[[], object]) -> list[float]:
    """Return the least seconds of each part; the parts take turns."""
    found = [float("inf")] * len(parts)
    for _ in range(repeat):
        for at, part in enumerate(parts):
            start = time.perf_counter()
            part()
            found[at] = min(found[at], time.perf_counter() - start)
    return found


if __name__ == "__main__":
    sys.exit(main())
