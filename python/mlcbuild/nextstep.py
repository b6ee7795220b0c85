"""What to do next in a folder: facts of it first, then suggestions, each a command to type."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Folder", "Suggestion", "look", "suggest"]

_LOCK: Final = "3rdparty/sources.toml"
#: Where wheels are put, by our documents and by cibuildwheel.
_PLACES: Final = (".", "dist", "wheelhouse")
_SITES: Final = (".venv/Lib/site-packages", "venv/Lib/site-packages")
#: A result is small; a folder of data may hold JSON files of any size.
_RESULT_LIMIT: Final = 32 << 20
_RESULTS: Final = {b'"targets"': "check", b'"checks"': "doctor", b'"runs"': "bench"}
_MANY: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """What lies in a folder. Paths are relative to it; ``wheels`` are the newest first."""

    is_checkout: bool = False
    has_sources: bool = False
    #: What pyproject.toml builds with: ``mlcbuild``, ``scikit-build-core``, or empty.
    project: str = ""
    wheels: tuple[str, ...] = ()
    images: int = 0
    site: str = ""
    results: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """A command, and what it is good for here."""

    command: str
    why: str


def look(folder: Path) -> Folder:
    """Return what lies in a folder; what cannot be read is not there."""
    names = {entry.name for entry in _entries(folder)}
    wheels = sorted(
        (
            entry
            for place in _PLACES
            for entry in _entries(folder / place)
            if entry.name.endswith(".whl")
        ),
        key=lambda entry: -entry.stat().st_mtime,
    )
    text = ""
    if "pyproject.toml" in names:
        try:
            text = (folder / "pyproject.toml").read_text(encoding="utf-8", errors="replace")
        except OSError:
            text = ""
    return Folder(
        is_checkout=(folder / _LOCK).is_file(),
        has_sources=(folder / "3rdparty" / "mlc-llm").is_dir(),
        project="mlcbuild"
        if "[tool.mlcbuild" in text
        else "scikit-build-core"
        if "scikit_build_core" in text
        else "",
        wheels=tuple(os.path.relpath(entry.path, folder).replace(os.sep, "/") for entry in wheels),
        images=sum(name.casefold().endswith((".dll", ".pyd")) for name in names),
        site=next((site for site in _SITES if (folder / site).is_dir()), ""),
        results=tuple(sorted(name for name in names if _is_result(folder / name))),
    )


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def _is_result(path: Path) -> bool:
    """Tell whether a file is what check, doctor or bench wrote as JSON."""
    if path.suffix != ".json":
        return False
    try:
        if path.stat().st_size > _RESULT_LIMIT:
            return False
        content = path.read_bytes()
    except OSError:
        return False
    return b'"name": "mlcbuild"' in content and any(mark in content for mark in _RESULTS)


def suggest(folder: Folder) -> Iterator[Suggestion]:
    """Yield what to do, the most likely first."""
    if folder.is_checkout and not folder.wheels:
        yield Suggestion(command="mlcbuild doctor", why="is this machine ready to build?")
        first = "build it" if folder.has_sources else "fetch the pinned sources and build"
        yield Suggestion(command="mlcbuild wheel -o dist", why=f"{first}: Release, judged, stamped")
    elif folder.project and not folder.wheels:
        why = "build; the policy of mlcbuild applies"
        if folder.project != "mlcbuild":
            why = "build; add [tool.mlcbuild] to pyproject.toml for Release and a gate"
        yield Suggestion(command="pip wheel . -w dist", why=why)
    for number, wheel in enumerate(folder.wheels[:_MANY]):
        found = list(_for_wheel(wheel))
        yield from found if not number else found[:1]
    if folder.images:
        yield Suggestion(command="mlcbuild check .", why=f"will Windows load the {folder.images}?")
    if folder.site:
        yield Suggestion(
            command=f"mlcbuild report {_quoted(folder.site)} -o site.html",
            why="who needs whom in this environment, what is missing",
        )
    if folder.results:
        names = " ".join(_quoted(name) for name in folder.results)
        yield Suggestion(command=f"mlcbuild report {names}", why="these results as one page")
    if not folder.is_checkout:
        yield Suggestion(command="mlcbuild doctor", why="what stands in the way on this machine")
    yield Suggestion(
        command='mlcbuild explain "WinError 1114"', why="what an error means: paste the whole text"
    )


def _for_wheel(wheel: str) -> Iterator[Suggestion]:
    name = _quoted(wheel)
    windows = "-win" in wheel
    if windows:
        yield Suggestion(command=f"mlcbuild check {name}", why="will Windows load it?")
    if windows and sys.platform != "win32":
        yield Suggestion(
            command=f"mlcbuild verify {name} --wine", why="install and use it in the lab"
        )
    elif windows or not wheel.endswith("-any.whl"):
        chat = " --chat" if wheel.rpartition("/")[2].startswith("mlc_llm-") else ""
        yield Suggestion(command=f"mlcbuild verify {name}{chat}", why="install and use it for real")
    if windows:
        yield Suggestion(command=f"mlcbuild report {name}", why="look at it, pass it on")


def _quoted(path: str) -> str:
    return subprocess.list2cmdline([path]) if sys.platform == "win32" else shlex.quote(path)
