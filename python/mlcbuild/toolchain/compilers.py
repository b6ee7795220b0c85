"""The family of a compiler, by the name the user gives."""

from __future__ import annotations

import re
from pathlib import PureWindowsPath
from typing import Final, Literal

#: ``clang`` is the GNU-like driver over MSVC's headers and libraries; ``other`` is left to CMake.
Family = Literal["msvc", "clang-cl", "clang", "mingw", "zig", "other"]

_LAUNCHERS: Final = frozenset({"ccache", "sccache", "distcc"})
_NAMES: Final[tuple[tuple[str, Family], ...]] = (
    (r"cl", "msvc"),
    (r"clang-cl(-\d+)?", "clang-cl"),
    (r"(.*-mingw32(uwp)?|.*-mingw)-.+", "mingw"),
    (r"(.*-)?(gcc|g\+\+|cc|c\+\+)(-[\d.]+)?", "mingw"),
    (r"zig", "zig"),
    (r"clang(\+\+)?(-\d+)?", "clang"),
)


def family_of(compiler: str) -> Family | None:
    """Return the family of a CC or CXX value, or None for an empty one.

    >>> [family_of(c) for c in ("cl.exe", "ccache g++", "python -m ziglang c++", r"clang-cl")]
    ['msvc', 'mingw', 'zig', 'clang-cl']
    """
    text = compiler.strip().strip('"')
    if not text:
        return None
    if "ziglang" in text:
        return "zig"
    for words in (text, text.split()[0], _behind_launcher(text)):
        name = PureWindowsPath(words).name.casefold().removesuffix(".exe")
        for pattern, family in _NAMES:
            if re.fullmatch(pattern, name):
                return family
    return "other"


def _behind_launcher(text: str) -> str:
    words = text.split()
    name = PureWindowsPath(words[0]).name.casefold().removesuffix(".exe")
    return words[1] if len(words) > 1 and name in _LAUNCHERS else words[0]
