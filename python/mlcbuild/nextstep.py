"""Suggest the next commands for a folder, from what it contains."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LOCK: Final = "3rdparty/sources.toml"
#: Where wheels are put, by our documents and by cibuildwheel.
_PLACES: Final = (".", "dist", "wheelhouse")
_SITES: Final = (".venv/Lib/site-packages", "venv/Lib/site-packages")
#: A result is small; a folder of data may hold JSON files of any size.
_RESULT_LIMIT: Final = 32 << 20
_RESULTS: Final = {b'"targets"': "check", b'"checks"': "doctor", b'"runs"': "bench"}
_MANY: Final = 3
#: Where CMake projects are built, by our documents, upstream's and editors.
_TREES: Final = ("build", "out")
_IMAGES: Final = (".dll", ".pyd")
#: Folders that are looked into for images, one level down; a site-packages has some hundreds.
_FOLDERS: Final = 500
#: From so many images on a picture says more than a list.
_PAGEFUL: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """What is in a folder. Paths are relative to it; ``wheels`` are the newest first."""

    is_checkout: bool = False
    has_sources: bool = False
    #: What pyproject.toml builds with: ``mlcbuild``, ``scikit-build-core``, ``another``, or empty.
    project: str = ""
    wheels: tuple[str, ...] = ()
    #: DLLs and extension modules here and one folder down.
    images: int = 0
    #: A build tree that holds some, empty where none does.
    tree: str = ""
    site: str = ""
    #: ``converted`` (MLC's format), ``published`` (as a hub has it), or empty.
    model: str = ""
    #: The newest log of a build, empty where there is none.
    log: str = ""
    results: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """A command, and what it is good for here."""

    command: str
    why: str


def look(folder: Path) -> Folder:
    """Return the contents of a folder, without what cannot be read."""
    entries = _entries(folder)
    names = {entry.name for entry in entries}
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
        project=_project(text),
        wheels=tuple(os.path.relpath(entry.path, folder).replace(os.sep, "/") for entry in wheels),
        images=_images(folder, entries, 1),
        tree=next((t for t in _TREES if _images(folder / t, _entries(folder / t), 2)), ""),
        model=_model(names),
        log=_newest_log(entries),
        site=next((site for site in _SITES if (folder / site).is_dir()), ""),
        results=tuple(sorted(name for name in names if _is_result(folder / name))),
    )


def _project(text: str) -> str:
    """Return what a pyproject.toml builds with."""
    if "[tool.mlcbuild" in text:
        return "mlcbuild"
    if "scikit_build_core" in text:
        return "scikit-build-core"
    return "another" if "[build-system]" in text else ""


def _images(folder: Path, entries: list[os.DirEntry[str]], deep: int) -> int:
    """Count the images here and ``deep`` folders down, without environments and hidden folders."""
    found = sum(entry.name.casefold().endswith(_IMAGES) for entry in entries)
    if deep:
        inner = [e.name for e in entries if e.is_dir(follow_symlinks=False)]
        for name in [n for n in inner if n[0] != "." and n not in {"venv", *_TREES}][:_FOLDERS]:
            found += _images(folder / name, _entries(folder / name), deep - 1)
    return found


def _newest_log(entries: list[os.DirEntry[str]]) -> str:
    logs = [entry for entry in entries if entry.name.endswith(".log") and entry.is_file()]
    return max(logs, key=lambda entry: entry.stat().st_mtime).name if logs else ""


def _model(names: set[str]) -> str:
    if "mlc-chat-config.json" in names:
        return "converted"
    weights = (".safetensors", ".safetensors.index.json")
    return "published" if "config.json" in names and any(n.endswith(weights) for n in names) else ""


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
        yield Suggestion(
            command="mlcbuild wheel -o dist", why=f"{first}: Release, checked, stamped"
        )
    elif folder.project and not folder.wheels:
        why = {
            "mlcbuild": "build; the policy of mlcbuild applies",
            "another": "build, then ask again: will Windows load the wheel?",
        }.get(folder.project, "build; add [tool.mlcbuild] to pyproject.toml for Release and a gate")
        yield Suggestion(command="pip wheel . --no-deps -w dist", why=why)
    for number, wheel in enumerate(folder.wheels[:_MANY]):
        found = list(_for_wheel(wheel))
        yield from found if not number else found[:1]
    yield from _for_files(folder)
    if folder.site:
        yield Suggestion(
            command=f"mlcbuild report {_quoted(folder.site)} -o site.html",
            why="dependencies in this environment, and what is missing",
        )
    if folder.results:
        names = " ".join(_quoted(name) for name in folder.results)
        yield Suggestion(command=f"mlcbuild report {names}", why="these results as one page")
    if not folder.is_checkout:
        yield Suggestion(command="mlcbuild doctor", why="problems of this machine")
    if folder == Folder():
        words = "mlcbuild check pypi:apache-tvm --with-deps"
        yield Suggestion(command=words, why="will a wheel of the package index load on Windows?")
    yield Suggestion(
        command='mlcbuild explain "WinError 1114"', why="what an error means: paste the whole text"
    )


def _for_files(folder: Folder) -> Iterator[Suggestion]:
    """Yield what single files and trees are good for: logs, images, models."""
    if folder.log:
        words = f"mlcbuild explain {_quoted(folder.log)}"
        yield Suggestion(command=words, why="what went wrong in this log")
    if folder.tree:
        why = "the build: Release, complete, and will Windows load it?"
        yield Suggestion(command=f"mlcbuild check {folder.tree}", why=why)
    if folder.images:
        them = f"the {folder.images} images" if folder.images > 1 else "the image"
        yield Suggestion(command="mlcbuild check .", why=f"will Windows load {them} here?")
    if folder.images > _PAGEFUL:
        yield Suggestion(
            command="mlcbuild report . -o report.html", why="the dependencies, as a page"
        )
    if folder.model == "published":
        library = "model.dll" if sys.platform == "win32" else "model.so"
        words = f"mlcbuild model . --quantization q4f16_1 --device vulkan -o {library}"
        yield Suggestion(command=words, why="convert and compile this model, for a GPU")
    elif folder.model:
        words = "mlcbuild model . --device vulkan --target win_amd64 -o model.dll"
        yield Suggestion(command=words, why="compile this model, for a GPU under Windows")


def _for_wheel(wheel: str) -> Iterator[Suggestion]:
    name = _quoted(wheel)
    windows = "-win" in wheel
    if windows:
        yield Suggestion(command=f"mlcbuild check {name}", why="will Windows load it?")
    if windows and sys.platform != "win32":
        yield Suggestion(
            command=f"mlcbuild verify {name} --lab", why="install and use it in the lab"
        )
    elif windows or not wheel.endswith("-any.whl"):
        chat = " --chat" if wheel.rpartition("/")[2].startswith("mlc_llm-") else ""
        yield Suggestion(command=f"mlcbuild verify {name}{chat}", why="install and use it for real")
    if windows:
        yield Suggestion(command=f"mlcbuild report {name}", why="view and share it")


def _quoted(path: str) -> str:
    return subprocess.list2cmdline([path]) if sys.platform == "win32" else shlex.quote(path)
