"""The program that makes a library of TVM's object files, for either system, on Linux.

TVM calls one program (``CXX``) with ``-shared -fPIC -o LIB OBJECTS``. That program is a small
script of ours: it adds what the other system needs. A model library calls tvm_ffi's C ABI, which it
finds in the process that loads it; on Windows an import must name its DLL, so an import library is
made of the functions that the installed tvm_ffi exports.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlcbuild import mingw
from mlcbuild.errors import FailedError
from mlcbuild.programs import find_program, isolated, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from mlcbuild.model.hosts import Host

__all__ = ["ZIG", "Tools", "choose", "import_library", "write_program"]

ZIG: Final = "zig"
_MINGW: Final = mingw.compilers("gcc")
_DLLTOOL: Final = (mingw.program("dlltool"), "llvm-dlltool")
_NATIVE: Final = ("c++", "g++", "gcc", "clang++", "clang", "cc")
#: Nothing of GCC's own runtime beside the library, no symbols, the same bytes each time.
_WINDOWS_FLAGS: Final = ("-static", "-s", "-Wl,--no-insert-timestamp", "-Wl,--gc-sections")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """Command words of the linker and, for Windows, of the maker of import libraries."""

    name: str
    linker: tuple[str, ...]
    dlltool: tuple[str, ...] = ()


def choose(
    host: Host, *, which: Callable[[str], str | None] = find_program, zig: bool | None = None
) -> Tools:
    """Choose the linker for ``host``: the system's compiler, MinGW, else zig's, which is on PyPI.

    ``zig`` says whether the package ``ziglang`` is installed here. Raises ``FailedError`` with what
    to install.
    """
    names = _MINGW if host.suffix == ".dll" else _NATIVE
    found = next((path for name in names if (path := which(name))), None)
    if host.suffix != ".dll":
        if found:
            return Tools(name=found, linker=(found,))
    elif found and (dlltool := next((p for n in _DLLTOOL if (p := which(n))), None)):
        return Tools(name=found, linker=(found, *_WINDOWS_FLAGS), dlltool=(dlltool,))
    if _has_zig() if zig is None else zig:
        command = (sys.executable, "-m", "ziglang")
        if host.suffix == ".dll":
            linker = (*command, "cc", "-target", "x86_64-windows-gnu", "-s")
            return Tools(name=ZIG, linker=linker, dlltool=(*command, "dlltool"))
        # The oldest C library that PyPI's apache-tvm runs on.
        linker = (*command, "cc", "-target", "x86_64-linux-gnu.2.28", "-s")
        return Tools(name=ZIG, linker=linker)
    package = "g++-mingw-w64-x86-64" if host.suffix == ".dll" else "g++"
    raise FailedError(
        f"no linker for {host.name} is found",
        remedy=f"pip install ziglang, or apt-get install {package}",
    )


def _has_zig() -> bool:
    from importlib.util import find_spec  # noqa: PLC0415 - asked where nothing else is there

    return find_spec("ziglang") is not None


def import_library(tools: Tools, functions: Iterable[str], folder: Path) -> Path:
    """Make the import library of ``tvm_ffi.dll`` with these functions; return its path.

    Raises ``FailedError`` with the tool's words.
    """
    definition, library = folder / "tvm_ffi.def", folder / "libtvm_ffi.dll.a"
    lines = ["LIBRARY tvm_ffi.dll", "EXPORTS", *sorted(functions)]
    definition.write_text("\n".join(lines) + "\n", encoding="ascii")
    command = [*tools.dlltool, "-m", "i386:x86-64", "-d", str(definition), "-l", str(library)]
    done = run(command, capture_output=True)
    if done.returncode != 0 or not library.is_file():
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise FailedError(f"{tools.dlltool[0]} made no import library: {said[:200]}")
    return library


def write_program(tools: Tools, extra: Iterable[Path], folder: Path) -> Path:
    """Write the script that TVM calls as ``CXX``; ``extra`` are files that end its command."""
    program = folder / "link"
    words = shlex.join(isolated(tools.linker))
    ends = shlex.join(str(path) for path in extra)
    program.write_text(f'#!/bin/sh\nexec {words} "$@" {ends}\n', encoding="utf-8")
    program.chmod(0o755)
    return program
