"""The programs that make a library of TVM's object files.

TVM on Linux calls one program (``CXX``) with ``-shared -fPIC -o LIB OBJECTS``. For Windows, on any
system, mlc_llm links itself (``mlc_llm/_linker``), with what ``TVM_WIN_CC`` names.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError
from mlcbuild.platforms import LINUX_TRIPLE
from mlcbuild.programs import find_program, isolated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["ZIG", "Tools", "choose", "for_windows", "write_program"]

ZIG: Final = "zig"
_NATIVE: Final = ("c++", "g++", "gcc", "clang++", "clang", "cc")
_WINDOWS: Final = "TVM_WIN_CC"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """Command words of the linker."""

    name: str
    linker: tuple[str, ...]


def choose(*, which: Callable[[str], str | None] = find_program, zig: bool | None = None) -> Tools:
    """Choose the linker for Linux: the system's compiler, else zig's, which is on PyPI.

    ``zig`` says whether the package ``ziglang`` is installed here. Raises ``FailedError`` with what
    to install.
    """
    if found := next((path for name in _NATIVE if (path := which(name))), None):
        return Tools(name=found, linker=(found,))
    if _zig() is not None if zig is None else zig:
        # The oldest C library that PyPI's apache-tvm runs on.
        words = ("-m", "ziglang", "cc", "-target", f"{LINUX_TRIPLE}.2.28", "-s")
        return Tools(name=ZIG, linker=(sys.executable, *words))
    raise FailedError(
        "no linker for linux is found", remedy="pip install ziglang, or apt-get install g++"
    )


def for_windows(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which mlc_llm links for Windows.

    This machine's own compilers cannot be used there, but our zig can where the Python that
    compiles has none.
    """
    kept = {name: value for name, value in environment.items() if name not in {"CXX", "CC"}}
    zig = _zig()
    return kept if zig is None else {_WINDOWS: str(zig), **kept}


def _zig() -> Path | None:
    """Return the program in the package ``ziglang``, where that is installed here."""
    from importlib.util import find_spec  # noqa: PLC0415 - rarely asked

    spec = find_spec("ziglang")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).with_name("zig.exe" if sys.platform == "win32" else "zig")


def write_program(tools: Tools, folder: Path) -> Path:
    """Write the script that TVM calls as ``CXX``."""
    program = folder / "link"
    words = shlex.join(isolated(tools.linker))
    program.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return program
