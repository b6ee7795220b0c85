"""Measure what the locator costs a healthy import, beside a bare ``ctypes.CDLL`` of the same files.

    python benchmarks/bench_locator.py [--runs 40] [--windows]

Every run is a fresh interpreter; bare and ours alternate, so that load of the machine hits both.
Bare imports the package, then TVM, and loads our library by its path with ctypes alone: the least
that any ``import mlc_llm`` does. The noise of the real TVM's second would hide the figure: a
stand-in takes milliseconds and imports the modules of the real one that the locator uses too. To
keep is the difference of the medians (and of the fastest runs): at most 5 ms, 50 ms in the lab.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "helpers")]

from mlcbuild import programs  # noqa: E402 - after the path is set
from mlcbuild.commandline import Parser  # noqa: E402 - after the path is set

if TYPE_CHECKING:
    from collections.abc import Callable

#: Times what is between the braces from the inside: starting Python is not the locator's cost.
TIMED = """\
import sys; sys.path.insert(0, {site!r})
from time import perf_counter as now, process_time as used
start, began = now(), used()
{code}
print("took", now() - start, used() - began)
"""
BARE = """\
import os
os.environ["TVM_LIBRARY_PATH"] = os.path.dirname({library!r})
import mlc_llm, tvm, ctypes
kept = ctypes.CDLL({library!r})
"""
OURS = """\
from mlc_llm import libinfo
libinfo.load_library()
"""
#: TVM's own import is not the locator's cost: it loads its runtime and keeps the handle.
TVM = """\
from __future__ import annotations
import _json, ctypes, os, sys, types
__version__ = "0.26.0"
base = types.SimpleNamespace(_RUNTIME_ONLY=True, _LOADED_LIBS={})
name = "tvm_runtime.dll" if sys.platform == "win32" else "libtvm_runtime.so"
base._LOADED_LIBS["tvm_runtime"] = ctypes.CDLL(os.path.join(os.environ["TVM_LIBRARY_PATH"], name))
"""


def lay_out(site: Path, libraries: Path, names: list[str]) -> Path:
    """Make an installed mlc_llm and a stand-in for tvm in ``site``; return our library."""
    import shutil  # noqa: PLC0415

    package = site / "mlc_llm"
    shutil.copytree(ROOT / "python" / "mlc_llm", package, ignore=shutil.ignore_patterns("__py*"))
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "lib").mkdir()
    for name in names:
        shutil.copy(libraries / name, package / "lib" / name)
    sizes = [{"path": f"mlc_llm/lib/{n}", "size": (libraries / n).stat().st_size} for n in names]
    import json  # noqa: PLC0415

    stamp = {"sources": [{"name": "tvm", "version": None}], "files": sizes}
    (package / "_build.json").write_text(json.dumps(stamp, indent=2), encoding="utf-8")
    info = site / "mlc_llm-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Name: mlc-llm\nRequires-Dist: apache-tvm==0.26.0\n"
        "Requires-Dist: apache-tvm-ffi==0.1.13.post2\n\n"
    )
    (site / "apache_tvm-0.26.0.dist-info").mkdir()
    (site / "apache_tvm_ffi-0.1.13.post2.dist-info").mkdir()
    for number in range(300):  # a site-packages of ordinary size
        (site / f"package_{number}").mkdir()
        (site / f"package_{number}-1.0.dist-info").mkdir()
    (site / "tvm").mkdir()
    (site / "tvm" / "__init__.py").write_text(TVM, encoding="utf-8")
    (site / "tvm_ffi").mkdir()
    for name in ("tvm/base.py", "tvm_ffi/__init__.py", "tvm_ffi/core.py"):
        (site / name).write_text("", encoding="utf-8")
    return package / "lib" / names[-1]


def compile_all(python: list[str], site: str) -> None:
    """Write the byte code, as pip does at installation."""
    programs.run([*python, "-m", "compileall", "-q", site], check=True)


def compare(run: Callable[[str], str], site: str, library: str, runs: int) -> int:
    """Alternate bare and ours; print both and the difference. Return 1 if over 5 ms."""
    took: dict[str, list[float]] = {"bare": [], "ours": []}
    cpu: dict[str, list[float]] = {"bare": [], "ours": []}
    codes = {"bare": BARE.format(library=library), "ours": OURS}
    for number in range(runs + 2):
        for name, code in codes.items():
            said = run(TIMED.format(site=site, code=code))
            if number > 1:  # the first two write the byte code and warm the caches
                wall, processor = said.split()[-2:]
                took[name].append(1000 * float(wall))
                cpu[name].append(1000 * float(processor))
    print(f"{runs} runs, ms    median  fastest  median of CPU time")
    for name, times in took.items():
        print(_row(name, statistics.median(times), min(times), statistics.median(cpu[name])))
    extra = statistics.median(took["ours"]) - statistics.median(took["bare"])
    fastest = min(took["ours"]) - min(took["bare"])
    used = statistics.median(cpu["ours"]) - statistics.median(cpu["bare"])
    print(_row("over bare", extra, fastest, used))
    return 1 if fastest > 5 else 0  # noqa: PLR2004


def _row(name: str, *figures: float) -> str:
    return f"{name:14}" + "".join(f"{figure:9.2f}" for figure in figures)


def main() -> int:
    """Run the comparison on this system, or under Windows CPython in the lab."""
    parser = Parser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--windows", action="store_true", help="under Wine, in the lab")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-locator-") as folder:
        work = Path(folder)
        if options.windows:
            return _windows(work, options.runs)
        from tinyelf import build_so  # noqa: PLC0415

        names = ["libtvm_runtime.so", "libmlc_llm.so"]
        build_so(work / names[0], soname=names[0])
        build_so(work / names[1], needed=[names[0]], runpath="$ORIGIN")
        library = lay_out(work / "site", work, names)

        def run(code: str) -> str:
            done = programs.run(
                [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True
            )
            return str(done.stdout)

        compile_all([sys.executable], str(work / "site"))
        return compare(run, str(work / "site"), str(library), options.runs)


def _windows(work: Path, runs: int) -> int:
    from mlcbuild.lab import up  # noqa: PLC0415
    from windowsinstall import build_libraries  # noqa: PLC0415

    lab = up()
    built = build_libraries(work / "dlls")
    (built / "ours" / "tvm_ffi.dll").write_bytes((built / "tvm_ffi" / "tvm_ffi.dll").read_bytes())
    names = ["tvm_ffi.dll", "leaf.dll", "mid.dll", "tvm_runtime.dll", "mlc_llm.dll"]
    library = lay_out(work / "site", built / "ours", names)

    def run(code: str) -> str:
        done = lab.python("-c", code)
        assert done.code == 0, done.errors  # noqa: S101
        return done.text

    lab.python("-m", "compileall", "-q", lab.path(work / "site"))
    return compare(run, lab.path(work / "site"), lab.path(library), runs)


if __name__ == "__main__":
    sys.exit(main())
