"""LLVM's compiler and tools for Windows' own ABI: found on this machine, and called."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlcbuild.errors import FailedError
from mlcbuild.platforms import by_machine
from mlcbuild.programs import ask, find_program, run

#: Microsoft's STL refuses older ones (yvals_core.h of vs-2022-17.14).
_OLDEST: Final = 19
_NEWEST: Final = 40
_TOOLS: Final = ("lld-link", "llvm-lib", "llvm-rc", "llvm-mt")
_INSTALL: Final = (
    f"apt-get install clang-tools-{_OLDEST} lld-{_OLDEST} llvm-{_OLDEST} "
    "(macOS: brew install llvm lld)"
)
#: Where Homebrew keeps an LLVM that it does not put on PATH.
_KEGS: Final = ("/opt/homebrew/opt/llvm/bin", "/usr/local/opt/llvm/bin")


@dataclass(frozen=True, kw_only=True, slots=True)
class Llvm:
    """One installation: absolute paths of its programs, and the compiler's version."""

    clang_cl: str
    lld_link: str
    llvm_lib: str
    llvm_rc: str
    llvm_mt: str
    version: tuple[int, ...]

    @property
    def text(self) -> str:
        """The version as people write it."""
        return ".".join(map(str, self.version))

    def compile(
        self, source: Path, target: Path, *, machine: str, options: Sequence[str] = ()
    ) -> None:
        """Compile one file. Raises ``FailedError`` with the compiler's first error."""
        words = [
            f"--target={by_machine(machine).triple}",
            *options,
            "/c",
            f"/Fo{target}",
            "--",
            str(source),
        ]
        _run([self.clang_cl, *words], source.name)

    def archive(self, library: Path, members: Iterable[Path]) -> None:
        """Make a static library. Raises ``FailedError``."""
        _run([self.llvm_lib, f"/out:{library}", *map(str, members)], library.name)


def find_llvm(env: Mapping[str, str]) -> Llvm:
    """Find the newest clang-cl with its tools: on PATH, or where Homebrew keeps them.

    Raises ``FailedError``, in one line, where there is none, it is too old, or a tool is missing.
    """
    path = os.pathsep.join((env.get("PATH", ""), *_KEGS))
    found = sorted(_compilers(path), reverse=True)
    if not found:
        raise FailedError("building for Windows needs clang-cl", remedy=_INSTALL)
    version, clang_cl = found[0]
    if version[0] < _OLDEST:
        raise FailedError(
            f"clang-cl {'.'.join(map(str, version))} ({clang_cl}) is older than {_OLDEST}, "
            "which Microsoft's C++ library asks for",
            remedy=_INSTALL,
        )
    tools = {name: _tool(name, clang_cl, version, path) for name in _TOOLS}
    missing = [name for name, place in tools.items() if not place]
    if missing:
        raise FailedError(
            f"clang-cl {version[0]} is installed ({clang_cl}) without {', '.join(missing)}",
            remedy=_INSTALL.replace(f"-{_OLDEST}", f"-{version[0]}"),
        )
    fields = {name.replace("-", "_"): place for name, place in tools.items()}
    return Llvm(clang_cl=clang_cl, version=version, **fields)


def _compilers(path: str) -> Iterator[tuple[tuple[int, ...], str]]:
    for name in ("clang-cl", *(f"clang-cl-{major}" for major in range(_OLDEST, _NEWEST))):
        place = find_program(name, {"PATH": path})
        if place and (version := _version(place)):
            yield version, place


def _version(program: str) -> tuple[int, ...]:
    done = ask([program, "--version"])
    match = re.search(rb"clang version (\d+)\.(\d+)\.(\d+)", done.stdout if done else b"")
    return tuple(int(part) for part in match.groups()) if match else ()


def _tool(name: str, clang_cl: str, version: tuple[int, ...], path: str) -> str:
    """Prefer the tool of the same installation to one on PATH."""
    beside = Path(clang_cl).resolve().parent / name
    if beside.is_file():
        return os.fspath(beside)
    env = {"PATH": path}
    return find_program(f"{name}-{version[0]}", env) or find_program(name, env) or ""


def _run(command: list[str], what: str) -> None:
    try:
        done = run(command, capture_output=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FailedError(f"{Path(command[0]).name} does not run ({error})") from error
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).decode(errors="replace").splitlines()
        first = next(
            (line for line in lines if "error" in line), lines[0] if lines else "no output"
        )
        raise FailedError(f"{Path(command[0]).name} could not make {what}: {first.strip()}")
