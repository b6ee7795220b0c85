"""Run all checks of the project: lint, types, tests. `python scripts/test.py` does all set-up.

examples:
  python scripts/test.py                     everything (what CI runs)
  python scripts/test.py --fast              without the slow tests (real builds)
  python scripts/test.py -- tests/sources -k lock   only these, with pytest's own options
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from setup_env import environment, find_program, install_packages, main_of, on_path, run, say

#: Program -> Debian package. Tiny DLLs are compiled with them, and Wine is the judge of verdicts.
DEBIAN = {
    "x86_64-w64-mingw32-g++-posix": "g++-mingw-w64-x86-64-posix",
    "i686-w64-mingw32-gcc": "gcc-mingw-w64-i686",
    "clang": "clang",
    "lld-link": "lld",
    "llvm-dlltool": "llvm",
    "wine": "wine",
    "git": "git",
    "chromium": "chromium",
    "fish": "fish",
    "Xvfb": "xvfb",
}
#: File -> Debian package: what has no program. The plug-ins are compiled and run.
DEBIAN_FILES = {
    "/usr/include/vulkan/vulkan.h": "libvulkan-dev",
    "/usr/include/spirv-tools/libspirv.h": "spirv-tools",
    "/usr/include/spirv/unified1/spirv.hpp": "spirv-headers",
    "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json": "mesa-vulkan-drivers",
    "/usr/include/CL/cl.h": "opencl-headers",
    "/usr/lib/x86_64-linux-gnu/libOpenCL.so": "ocl-icd-opencl-dev",
    "/etc/OpenCL/vendors/pocl.icd": "pocl-opencl-icd",
}
#: Half the time on two processors. Tests of one file share environments: they stay together.
AT_ONCE = ["-n", "auto", "--maxprocesses=4", "--dist=loadfile"]


def have_tools() -> None:
    """Install the compilers and Wine where apt is at hand, else say what is missing."""
    if not sys.platform.startswith("linux"):
        print("   the tests against Wine run on Linux only; the others run here")
        return
    absent = {package for tool, package in DEBIAN.items() if not find_program(tool)}
    absent |= {package for file, package in DEBIAN_FILES.items() if not Path(file).exists()}
    if not absent:
        return
    install_packages(absent | ({"wine64"} if "wine" in absent else set()))


def work(options: argparse.Namespace) -> None:
    """Set up, then lint, types, tests."""
    have_tools()
    if options.tools:
        return
    python = environment("test", "-e", "./python[all,docs,test]")
    env = {"PATH": on_path(python)}
    if not options.pytest:
        say("lint")
        run(python, "-m", "ruff", "check", ".", **env)
        run(python, "-m", "ruff", "format", "--check", ".", **env)
        say("types")
        run(python, "-m", "mypy", **env)
    say("tests")
    chosen = ["-m", "not slow"] if options.fast else []
    at_once = [] if options.pytest else AT_ONCE
    run(python, "-m", "pytest", "-q", "--durations=10", *chosen, *at_once, *options.pytest, **env)


def main() -> int:
    """Parse the options and work."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fast", action="store_true", help="without the slow tests (real builds)")
    parser.add_argument("--tools", action="store_true", help="install the programs and stop")
    parser.add_argument("pytest", nargs="*", help="pytest's own arguments, after --")
    options = parser.parse_args()
    return main_of(lambda: work(options))


if __name__ == "__main__":
    sys.exit(main())
