"""Turn what the system's loader said into a cause, the guilty image and one fix."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlc_llm._locator.errors import LibraryLoadError
from mlc_llm._locator.image import NotAnImageError, read_image
from mlc_llm._locator.judge import judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlc_llm._locator.host import Host

__all__ = ["explain", "missing_import"]

#: glibc's and macOS's words for the failures that have a rule id.
_PATTERNS: Final = (
    (re.compile(r"(?P<culprit>\S+): cannot open shared object file"), "missing-dll"),
    (re.compile(r"Library not loaded: (?P<culprit>\S+)"), "missing-dll"),
    (re.compile(r"(?P<culprit>\S+): undefined symbol"), "missing-export"),
    (re.compile(r"Symbol not found: \S+.*?Referenced from: \S* ?(?P<culprit>/\S+)", re.DOTALL),
     "missing-export"),
    (re.compile(r"version `GLIBC\S+' not found \(required by (?P<culprit>[^)]+)\)"), "old-glibc"),
    (re.compile(r"(?P<culprit>\S+): (?:wrong ELF class|invalid ELF header)"), "wrong-machine"),
)  # fmt: skip

_MODULE_NOT_FOUND: Final = 126

#: Windows' numbers (winerror.h) that a load can give.
_WINDOWS: Final = {
    _MODULE_NOT_FOUND: "missing-dll",
    127: "missing-export",
    193: "wrong-machine",
    1114: "init-failed",
    1920: "unreadable",
    4551: "blocked-by-policy",
}

_FIXES: Final = {
    "missing-dll": "pip install --force-reinstall mlc_llm (brings apache-tvm and apache-tvm-ffi)",
    "missing-export": "pip install --force-reinstall mlc_llm (brings the TVM it was built for)",
    "old-glibc": "install on a newer system, or build mlc_llm from source on this one",
    "wrong-machine": "install the wheel for this machine",
    "init-failed": "install the current Microsoft Visual C++ Redistributable (vc_redist)",
    "blocked-by-policy": "allow the file in the application control policy of this machine",
    "load-failed": "pip install --force-reinstall mlc_llm",
}


def explain(
    error: OSError, path: Path, host: Host, *, folders: Sequence[Path] = ()
) -> LibraryLoadError:
    """Say why loading ``path`` failed. ``folders`` are searched for what it imports."""
    verdict = judge(path, host)
    winerror = _winerror(error, host)
    if not verdict.good and verdict.cause != "debug-crt":
        return LibraryLoadError(
            verdict.reason, path=str(path), cause=verdict.cause, fix=verdict.fix, winerror=winerror
        )
    cause, culprit, reason = _WINDOWS.get(winerror or 0, ""), "", str(error)
    if cause == "missing-dll" and (found := missing_import(path, (path.parent, *folders))):
        importer, culprit = found
        reason = f"{importer.name} needs {culprit}, which is nowhere the loader looks"
    for pattern, meaning in _PATTERNS:
        if not cause and (match := pattern.search(reason)):
            cause, culprit = meaning, match["culprit"]
    cause = cause or "load-failed"
    if verdict.cause == "debug-crt" and cause in ("missing-dll", "load-failed"):
        cause, reason = "debug-crt", verdict.reason
    return LibraryLoadError(
        reason,
        path=str(path),
        cause=cause,
        culprit=culprit,
        fix=_FIXES.get(cause, verdict.fix or _FIXES["load-failed"]),
        winerror=winerror,
    )


def _winerror(error: OSError, host: Host) -> int | None:
    """Return Windows' number. For 126 ctypes raises a FileNotFoundError that has lost it."""
    number: int | None = getattr(error, "winerror", None)
    if number is None and host.system == "windows" and isinstance(error, FileNotFoundError):
        return _MODULE_NOT_FOUND
    return number


def missing_import(path: Path, folders: Sequence[Path]) -> tuple[Path, str] | None:
    """Walk a PE image's imports; return (importer, name) of the first one found in no folder.

    API sets (``api-ms-win-...``) belong to Windows and are no files: they are never missing here.
    """
    seen, todo = {path.name.lower()}, [path]
    while todo:
        importer = todo.pop(0)
        try:
            needed = read_image(importer).needed
        except (NotAnImageError, OSError):
            continue
        for name in needed:
            lower = name.lower()
            if lower in seen or lower.startswith(("api-ms-win-", "ext-ms-")):
                continue
            seen.add(lower)
            found = next((f / name for f in folders if (f / name).is_file()), None)
            if found is None:
                return importer, name
            if not _is_system(found):
                todo.append(found)
    return None


def _is_system(path: Path) -> bool:
    """Windows' own DLLs: their imports are Windows' business."""
    return path.parent.name.lower() == "system32"


def default_folders() -> list[Path]:
    """Where Windows looks beside the library's own folder: Python's and the system's."""
    import os  # noqa: PLC0415

    system = Path(os.environ.get("SYSTEMROOT", "C:\\Windows")) / "System32"
    return [Path(sys.base_prefix), Path(sys.executable).parent, system]
