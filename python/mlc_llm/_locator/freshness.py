"""Tell whether a library in a source tree is older than the sources it is made from."""

from __future__ import annotations

import os

__all__ = ["newest_source", "source_root"]

#: What a build of mlc_llm compiles, upstream's layout and ours; not the documents, not Python.
_COMPILED = (
    "CMakeLists.txt",
    "cmake",
    "cpp",
    "3rdparty/mlc-llm/cpp",
    "3rdparty/tvm/src/runtime",
    "3rdparty/tvm/include/tvm/runtime",
)
_SUFFIXES = (".cc", ".cpp", ".cxx", ".c", ".h", ".hpp", ".cu", ".cmake", "CMakeLists.txt")
#: Folders up from a library or package to its source: build/linux_x86_64/out/Release is four.
_LEVELS = 6


def source_root(path: str) -> str | None:
    """Return the mlc_llm source tree around ``path``, None where there is none."""
    folder = os.path.dirname(path)
    for _ in range(_LEVELS):
        if os.path.isfile(os.path.join(folder, "CMakeLists.txt")) and any(
            os.path.isdir(os.path.join(folder, code)) for code in ("cpp", "3rdparty/mlc-llm")
        ):
            return folder
        folder = os.path.dirname(folder)
    return None


def newest_source(root: str) -> tuple[str, float]:
    """Return the file changed last among what a build compiles, and when; an empty name if none."""
    newest, when = "", 0.0
    for part in _COMPILED:
        for path in _files(os.path.join(root, part)):
            changed = os.stat(path).st_mtime
            if changed > when:
                newest, when = path, changed
    return newest, when


def _files(start: str) -> list[str]:
    if os.path.isfile(start):
        return [start]
    return [
        os.path.join(folder, name)
        for folder, _, names in os.walk(start)
        for name in names
        if name.endswith(_SUFFIXES)
    ]
