"""Run the toolkit's tests under real Windows CPython, on Linux: `python scripts/test_windows.py`.

Windows Python comes from `mlcbuild lab` (Wine); the tests' packages are Windows wheels; MinGW,
clang and lld are those of this machine, as .exe files on Windows' PATH. What is not run there, and
why, is one list: tests/helpers/windowsrun.py. On Windows, `python scripts/test.py` runs everything.

examples:
  python scripts/test_windows.py                            all that can run there (what CI runs)
  python scripts/test_windows.py -- tests/package -k wheel  only these, with pytest's own options
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import sys
import time
from typing import TYPE_CHECKING

from setup_env import ENVIRONMENTS, ROOT, Parser, StepError, environment, main_of, run, say

if TYPE_CHECKING:
    from mlcbuild.lab import Lab

#: What the chosen tests need of the extra ``test``; the toolkit's own requirements come with them.
TESTS = frozenset(
    [
        "apache-tvm-ffi",
        "hypothesis",
        "jsonschema",
        "linkify-it-py",
        "numpy",
        "pydantic-sarif",
        "pytest",
        "pytest-xdist",
        "pyyaml",
    ]
)
#: Programs on Windows' PATH: its own pip makes their .exe files.
PROGRAMS = ("cmake>=3.26", "ninja>=1.11")
#: Programs of this machine that tests call on Windows' PATH, beside MinGW's for x86-64.
TOOLS = (
    *("i686-w64-mingw32-gcc", "i686-w64-mingw32-dlltool", "clang", "lld-link", "llvm-dlltool"),
    *("llvm-rc", "git", "cargo"),
)
LIMIT_S = 1800


def show(block: bytes) -> None:
    """Pass Windows' output on, its line ends plain."""
    sys.stdout.buffer.write(block.replace(b"\r\n", b"\n"))
    sys.stdout.buffer.flush()


def packages() -> list[str]:
    """Return the requirements, as python/pyproject.toml has them; colorama is pytest's."""
    import tomllib  # noqa: PLC0415 - not for an old Python

    text = (ROOT / "python" / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    extras = project["optional-dependencies"]
    own = [name for name in extras if name not in {"all", "docs", "test"}]
    chosen = [line for line in extras["test"] if re.match(r"[\w-]+", line)[0] in TESTS]
    lines = [*project["dependencies"], *(line for name in own for line in extras[name]), *chosen]
    return sorted({"colorama", *lines})


def installed(lab: Lab) -> Lab:
    """Return the lab with an environment that has the packages, made anew when those change."""
    folder = ENVIRONMENTS / "windows-test"
    required = packages()
    wanted = hashlib.sha256(repr((required, PROGRAMS, os.fspath(ROOT))).encode()).hexdigest()
    marker = folder / "packages.sha256"
    if marker.exists() and marker.read_text(encoding="utf-8") == wanted:
        return lab.use(folder)
    shutil.rmtree(folder, ignore_errors=True)
    lab = lab.use(folder)
    site = folder / "Lib" / "site-packages"
    say("installing Windows wheels")
    options = ("--quiet", "--upgrade", "--platform=win_amd64", "--only-binary=:all:")
    version = lab.version.rpartition(".")[0]
    to = ("--target", site, "--python-version", version, "--no-warn-conflicts")
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        *options,
        *to,
        *required,
    )
    done = lab.run(["pip", "install", "--quiet", *PROGRAMS], timeout=LIMIT_S, sinks=(show, show))
    if done.code:
        raise StepError("Windows' pip failed; what it said is above")
    (site / "checkout.pth").write_text(lab.path(ROOT / "python"), encoding="utf-8")
    marker.write_text(wanted, encoding="utf-8")
    return lab


def inside(pytest: list[str]) -> None:
    """Run in the environment that has mlcbuild: make the lab, install, test."""
    from mlcbuild.lab import up  # noqa: PLC0415 - a bare Python has no mlcbuild
    from mlcbuild.lab.hosttools import compiler_variables, host_tools  # noqa: PLC0415

    lab = installed(up(notice=say))
    compiler = compiler_variables(lab)
    tools = lab.path(host_tools(lab, TOOLS))
    say(f"tests under Windows CPython {lab.version} ({lab.prefix.programs.version})")
    began = time.monotonic()
    words = ["-q", "--durations=10", "-p", "windowsrun", "-p", "no:cacheprovider"]
    words += ["-n", str(os.cpu_count() or 2), "--dist", "loadfile"]
    done = lab.run(
        ["python", "-m", "pytest", *words, *(pytest or ["--whole"])],
        env={
            **compiler,
            "WINEPATH": f"{compiler['WINEPATH']};{tools}",
            "PYTHONPATH": lab.path(ROOT / "tests" / "helpers"),
            # Not among the checkout's files: the Python of this machine has its own there.
            "PYTHONPYCACHEPREFIX": lab.path(ENVIRONMENTS / "windows-bytecode"),
        },
        cwd=ROOT,
        timeout=LIMIT_S,
        sinks=(show, show),
    )
    print(f"   ({time.monotonic() - began:.1f} s) pytest under Windows CPython", flush=True)
    if done.timed_out:
        raise StepError(f"the tests did not end in {LIMIT_S} s")
    if done.code:
        raise StepError(f"tests under Windows CPython failed (exit {done.code})", done.code)


def main() -> int:
    """Parse the options; start again in the tests' environment where this Python is another."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pytest", nargs="*", help="pytest's own arguments, after --")
    options = parser.parse_args()

    def work() -> None:
        python = environment("test", "-e", "./python[all,docs,test]")
        run(python, __file__, "--", *options.pytest, MLCBUILD_TEST_INSIDE="1")

    if os.environ.get("MLCBUILD_TEST_INSIDE"):
        return main_of(lambda: inside(options.pytest))
    return main_of(work)


if __name__ == "__main__":
    sys.exit(main())
