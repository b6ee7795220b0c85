"""Whether a CMake toolchain file sets the compiler, or leaves it to the generator.

A cross toolchain sets CMAKE_C_COMPILER or CMAKE_CXX_COMPILER, or another system. vcpkg's and
Conan's only set where packages are: the compiler is then chosen as without one. Source: CMake,
cmake-toolchains(7); vcpkg, VCPKG_CHAINLOAD_TOOLCHAIN_FILE.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

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
