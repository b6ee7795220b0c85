"""The compiler that the user names: its family, or the toolchain file that sets it.

A cross toolchain sets CMAKE_C_COMPILER or CMAKE_CXX_COMPILER, or another system. vcpkg's and
Conan's only set where packages are: the compiler is then chosen as without one. Source: CMake,
cmake-toolchains(7); vcpkg, VCPKG_CHAINLOAD_TOOLCHAIN_FILE.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
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


#: vcpkg.cmake sets CMAKE_SYSTEM_NAME but never chooses a compiler.
PACKAGES: Final = re.compile(r"(?:^|[\\/])(vcpkg|conan_toolchain)\.cmake$", re.IGNORECASE)
_COMMENT: Final = re.compile(r"^\s*#.*$", re.MULTILINE)
_SETS: Final = re.compile(
    r"\bset\s*\(\s*(?:CMAKE_(?:C|CXX)_COMPILER|CMAKE_SYSTEM_NAME|CMAKE_CROSSCOMPILING)\s+(?!\))",
    re.IGNORECASE,
)
#: Files that another toolchain file includes.
_INCLUDE: Final = re.compile(
    r"\binclude\s*\(\s*\"?\$\{CMAKE_CURRENT_LIST_DIR\}/([\w./+-]+)", re.IGNORECASE
)
_MOST: Final = 8


def toolchain_text(path: str) -> str | None:
    """Read a toolchain file; None where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return None


def names_compiler(path: str, text_of: Callable[[str], str | None]) -> bool:
    """Return whether a toolchain file sets the compiler; an unreadable one counts as if it did."""
    if PACKAGES.search(path):
        return False
    waiting, seen = [path], set[str]()
    while waiting and len(seen) < _MOST:
        file = waiting.pop()
        seen.add(file)
        text = text_of(file)
        if text is None and file == path:
            return True
        text = _COMMENT.sub("", text or "")
        if _SETS.search(text):
            return True
        folder = re.sub(r"[^\\/]*$", "", file)
        waiting += [folder + name for name in _INCLUDE.findall(text) if folder + name not in seen]
    return False
