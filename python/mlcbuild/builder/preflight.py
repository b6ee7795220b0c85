"""Check that the build tools are installed and new enough, before the build starts.

``missing`` is a pure function of what ``SystemProbe`` reports, which tests replace.
``python -m mlcbuild.builder.preflight``, run in the project's folder, prints the result as JSON.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

from mlcbuild.builder.probe import SystemProbe, Tool
from mlcbuild.errors import FailedError
from mlcbuild.programs import find_program
from mlcbuild.versions import Version, dotted

#: The first version with reliable fetches of single commits (``--filter`` with ``--depth 1``).
GIT: Final = (2, 25)
#: The minimum of tvm-ffi (its CMakeLists.txt), and ours.
CMAKE: Final = (3, 26)
#: The first with the C++20 that TVM 0.26 uses.
GCC: Final = (10,)
CLANG: Final = (12,)
#: Measured on Linux: 315 MB of build folder and 40 MB of sources; about doubled. Bytes.
ROOM: Final = 800_000_000


def _version(text: str) -> Version:
    return tuple(int(part) for part in text.split("."))


def _problem(name: str, tool: Tool | None, floor: Version, remedy: str) -> str | None:
    if tool is None:
        return f"{name} is not found: {remedy}"
    if tool.version is not None and tool.version < floor:
        return (
            f"{name} {dotted(tool.version)} ({tool.path}) is older than {dotted(floor)}: {remedy}"
        )
    return None


def _install(platform: str, *, linux: str, macos: str, windows: str) -> str:
    return {"win32": windows, "darwin": macos}.get(platform, linux)


def missing(
    probe: SystemProbe, *, build_dir: Path, fetches: bool, rust: str, compiler: str = ""
) -> list[str]:
    """List the problems, each as one line with its remedy.

    ``fetches`` is False where the sources are already in place. ``rust`` is the oldest Rust that
    the pinned crates build with (``rust`` of the lock). ``compiler`` is the user's CXX.
    On Windows the compiler is chosen with the generator (``toolchain``), not looked up here.
    """
    problems = []
    if fetches:
        remedy = _install(
            probe.platform,
            linux="apt-get install git (or your distribution's)",
            macos="xcode-select --install",
            windows="winget install Git.Git",
        )
        problems.append(_problem("Git", probe.tool("git"), GIT, remedy))
    remedy = _install(
        probe.platform,
        linux="install it with rustup (https://rustup.rs)",
        macos="install it with rustup (https://rustup.rs)",
        windows="winget install Rustlang.Rustup",
    )
    problems.append(_problem("Cargo", probe.tool("cargo"), _version(rust), remedy))
    problems.append(_problem("CMake", probe.tool("cmake"), CMAKE, 'pip install "cmake>=3.26"'))
    if probe.platform != "win32":
        problems.append(_compiler_problem(probe, compiler))
    room = probe.free_bytes(build_dir)
    if room < ROOM:
        problems.append(
            f"{room / 1e9:.1f} GB are free at {build_dir}: the build needs {ROOM / 1e9:.1f} GB"
        )
    return [problem for problem in problems if problem]


def _compiler_problem(probe: SystemProbe, compiler: str) -> str | None:
    remedy = _install(
        probe.platform,
        linux="apt-get install g++ (or your distribution's)",
        macos="xcode-select --install",
        windows="",
    )
    # A CXX may contain a launcher or flags (`ccache g++ -m64`): CMake then judges it.
    if len(compiler.split()) > 1:
        return None
    names = (compiler,) if compiler else ("c++", "g++", "clang++")
    found = next(((n, t) for n in names if (t := probe.tool(n)) is not None), None)
    if found is None:
        what = f"the C++ compiler CXX={compiler}" if compiler else "a C++ compiler"
        return f"{what} is not found: {remedy}"
    name, tool = found
    floor = CLANG if "clang" in Path(name).name or probe.platform == "darwin" else GCC
    return _problem(f"the C++ compiler {name}", tool, floor, remedy)


def require(
    probe: SystemProbe, *, build_dir: Path, fetches: bool, rust: str, compiler: str = ""
) -> None:
    """Raise ``FailedError`` with the first problem and the number of others."""
    problems = missing(probe, build_dir=build_dir, fetches=fetches, rust=rust, compiler=compiler)
    if problems:
        more = f" (and {len(problems) - 1} more: {'; '.join(problems[1:])})" if problems[1:] else ""
        raise FailedError(problems[0] + more)


def look(
    probe: SystemProbe, *, root: Path, rust: str, compiler: str = "", cache: str
) -> dict[str, Any]:
    """Return the tools found, and the problems of a build in ``root``.

    ``rust`` and ``cache`` are the settings of those names. ``compiler`` in the result is the
    problem with the C++ compiler, or "".
    """
    from mlcbuild.builder import rust as own
    from mlcbuild.builder.options import parse
    from mlcbuild.sources.lock import LOCK, load

    options = parse({"rust": rust, "cache": cache})
    oldest = load(root / LOCK).rust
    names = [("Git", "git"), ("Cargo", "cargo"), ("C++ compiler", compiler or "c++")]
    here = {label: _found(probe.tool(name)) for label, name in names}
    if probe.platform == "win32":
        del here["C++ compiler"]  # chosen with the generator: mlcbuild toolchain
    given = missing(probe, build_dir=root / "build", fetches=True, rust=oldest, compiler=compiler)
    if own.is_wanted(probe, options, oldest):
        here["Cargo"] += f": {own.plan(options)}"
        given = [problem for problem in given if not problem.startswith("Cargo")]
    of_compiler = "" if probe.platform == "win32" else _compiler_problem(probe, compiler) or ""
    return {"here": here, "problems": given, "compiler": of_compiler}


def _found(tool: Tool | None) -> str:
    if tool is None:
        return "none"
    away = "" if find_program(Path(tool.path).name) else " (not on PATH, but used)"
    return f"{dotted(tool.version or ())} {tool.path}{away}".strip()


def main() -> int:
    """Print tools and problems as JSON, for scripts/quickstart.py."""
    import json

    from mlcbuild.commandline import Parser

    parser = Parser()
    parser.add_argument("--rust", default="install")
    options = parser.parse_args()
    compiler = os.environ.get("CXX", "")
    print(
        json.dumps(
            look(SystemProbe(), root=Path.cwd(), rust=options.rust, compiler=compiler, cache="")
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
