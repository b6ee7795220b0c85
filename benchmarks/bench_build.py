"""CPU seconds of compiling: the superbuild against upstream's own CMake project, same sources.

Upstream's tree is put together from what `mlcbuild fetch` laid out (submodules in their places)
and built as its pyproject.toml says: Release, Ninja, everything its default target builds. msgpack
is header-only; its CMake project is replaced by one interface target. Crates are fetched before
the clock starts; both Cargo builds begin with an empty target folder.

    python benchmarks/bench_build.py [--work DIR] [--jobs N] [--only ours|upstream]

Needs CMake >= 3.26, Ninja, Cargo and `pip install apache-tvm-ffi==0.1.13.post2` in this Python.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from mlcbuild import programs
from mlcbuild.commandline import Parser

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "3rdparty"
POLICY = ROOT / "python" / "mlcbuild" / "cmake" / "policy.cmake"
MSGPACK = """\
add_library(msgpack-cxx INTERFACE)
target_include_directories(msgpack-cxx INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/include)
target_compile_definitions(msgpack-cxx INTERFACE MSGPACK_NO_BOOST)
"""
#: Component -> its place in upstream's tree of submodules.
PLACES = {
    "mlc-llm": ".",
    "tvm": "3rdparty/tvm",
    "tvm-ffi": "3rdparty/tvm/3rdparty/tvm-ffi",
    "tokenizers-cpp": "3rdparty/tokenizers-cpp",
    "msgpack-c": "3rdparty/tokenizers-cpp/msgpack",
    "sentencepiece": "3rdparty/tokenizers-cpp/sentencepiece",
    "xgrammar": "3rdparty/xgrammar",
    "stb": "3rdparty/stb",
}


@dataclass(frozen=True)
class Cost:
    """CPU (user + system) and wall seconds of one build, and the bytes of its shared libraries."""

    cpu: float
    wall: float
    size: int


def measured(build: Path, *command: str) -> Cost:
    """Run a build and return what it cost; its output goes to a log beside the build folder."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    log = build.with_suffix(".log")
    with log.open("wb") as output:
        code = programs.run(
            command, stdout=output, stderr=subprocess.STDOUT, check=False
        ).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if code:
        sys.exit(f"the build failed, see {log}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # Libraries of ours, not the procedural macros that Cargo builds for itself.
    libraries = [*build.rglob("libmlc_llm*.so"), *build.rglob("libtvm_*.so")]
    size = sum(path.stat().st_size for path in libraries)
    return Cost(cpu=cpu, wall=time.monotonic() - began, size=size)


def configure(source: Path, build: Path, *arguments: str) -> None:
    """Configure; this is not part of the measure."""
    shutil.rmtree(build, ignore_errors=True)
    command = ["cmake", "-S", os.fspath(source), "-B", os.fspath(build), *arguments]
    done = programs.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"configuring {source} failed:\n{done.stderr[-2000:]}")


def upstream(work: Path, jobs: str) -> Cost:
    """Build upstream's own project."""
    tree = work / "upstream"
    shutil.rmtree(tree, ignore_errors=True)
    for name, place in PLACES.items():
        shutil.copytree(SOURCES / name, tree / place, dirs_exist_ok=True)
    (tree / PLACES["msgpack-c"] / "CMakeLists.txt").write_text(MSGPACK, encoding="utf-8")
    build = work / "build-upstream"
    configure(
        tree,
        build,
        *("-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DMLC_LLM_BUILD_PYTHON_MODULE=ON"),
        "-DCMAKE_POLICY_VERSION_MINIMUM=3.5",
    )
    return measured(build, "cmake", "--build", os.fspath(build), "-j", jobs)


def ours(work: Path, jobs: str) -> Cost:
    """Build the superbuild's libraries as the wheel does."""
    build = work / "build-ours"
    configure(
        ROOT,
        build,
        *("-G", "Ninja Multi-Config", f"-DCMAKE_PROJECT_TOP_LEVEL_INCLUDES={POLICY}"),
        *(f"-DPython_EXECUTABLE={sys.executable}", f"-DMLCBUILD_PYTHON={sys.executable}"),
    )
    return measured(build, "cmake", "--build", os.fspath(build), "--config", "Release", "-j", jobs)


def main() -> int:
    """Measure and print."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, help="folder for the builds (default: a new one)")
    parser.add_argument("--jobs", default=str(os.cpu_count() or 1))
    parser.add_argument("--only", choices=("ours", "upstream"))
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp(prefix="bench-build-"))
    work.mkdir(parents=True, exist_ok=True)
    rust = SOURCES / "tokenizers-cpp" / "rust" / "Cargo.toml"
    programs.run(["cargo", "fetch", "--manifest-path", os.fspath(rust)], check=True)
    costs = {}
    for name, build in (("ours", ours), ("upstream", upstream)):
        if options.only in (None, name):
            costs[name] = cost = build(work, options.jobs)
            print(
                f"{name:9} {cost.cpu:7.1f} CPU s {cost.wall:7.1f} s wall, {cost.size / 1e6:.1f} MB"
                " (unstripped)",
                flush=True,
            )
    if len(costs) == len(("ours", "upstream")):
        print(f"ratio     {costs['ours'].cpu / costs['upstream'].cpu:7.2f} of upstream's CPU time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
