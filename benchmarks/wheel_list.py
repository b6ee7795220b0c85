"""The list of wheels that the benchmarks of `mlcbuild check` judge, and how they get here.

A line of ``wheels.txt`` is ``NAME[==VERSION] [on=PLATFORM] [py=VERSION] [truth=broken] [lab=yes]
[BESIDE ...]``: the wheel of a project for a platform (``win_amd64``) and a CPython (``3.11``, or
``3.13t`` for the free-threaded one), and what must be installed beside it for a fair verdict.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild import programs

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Entry", "cache_folder", "entries", "wheel_of"]

_SETTING: Final = re.compile(r"(on|py|truth|lab)=([^=]\S*)")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line: what to judge, for which Python, beside what, and what is known of it."""

    project: str
    platform: str = "win_amd64"
    python: str = "3.11"
    #: ``good``: known to work; ``broken``: known to fail.
    truth: str = "good"
    #: One of the sample that the lab imports too.
    lab: bool = False
    beside: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The project without its version, as files are called."""
        return _folded(self.project.partition("==")[0])


def cache_folder() -> Path:
    """Return where the wheels are kept: outside the repository."""
    return Path.home() / ".cache" / "mlcbuild" / "benchmark-wheels"


def entries(path: Path, names: Sequence[str] = ()) -> list[Entry]:
    """Read the list, or those lines of it whose project is among ``names``."""
    lines = (line.partition("#")[0].split() for line in path.read_text("utf-8").splitlines())
    found = [_entry(words) for words in lines if words]
    wanted = set(map(_folded, names))
    return [entry for entry in found if not wanted or entry.name in wanted]


def _entry(words: Sequence[str]) -> Entry:
    settings = {m[1]: m[2] for word in words if (m := _SETTING.fullmatch(word))}
    project, *beside = (word for word in words if not _SETTING.fullmatch(word))
    return Entry(
        project=project,
        platform=settings.get("on", "win_amd64"),
        python=settings.get("py", "3.11"),
        truth=settings.get("truth", "good"),
        lab="lab" in settings,
        beside=tuple(beside),
    )


def wheel_of(project: str, entry: Entry, cache: Path) -> Path | None:
    """Return a project's wheel for the entry's Python, downloaded if need be; None if none is."""
    found = _cached(project, entry, cache)
    if found is not None:
        return found
    version = entry.python.removesuffix("t")
    words = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary"]
    words += [":all:", "--platform", entry.platform, "--python-version", version]
    if entry.python.endswith("t"):
        words += ["--implementation", "cp", "--abi", f"{_tag(entry)}t", "--abi", "none"]
    words += ["--dest", str(cache), project]
    done = programs.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{project}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
    return _cached(project, entry, cache)


def _cached(project: str, entry: Entry, cache: Path) -> Path | None:
    name, _, version = project.partition("==")
    fitting = [
        path
        for path in cache.glob("*.whl")
        if _folded(path.name.split("-")[0]) == _folded(name)
        and version in {"", path.name.split("-")[1]}
        and _fits(path.stem.split("-")[-3:], entry)
    ]
    return max(fitting, key=lambda path: path.stat().st_mtime, default=None)


def _fits(tags: Sequence[str], entry: Entry) -> bool:
    python, abi, platform = (tag.split(".") for tag in tags)
    if not {entry.platform, "any"} & set(platform):
        return False
    if "none" in abi:
        return True
    if entry.python.endswith("t"):
        return f"{_tag(entry)}t" in abi
    return "abi3" in abi or (_tag(entry) in python and _tag(entry) in abi)


def _tag(entry: Entry) -> str:
    return "cp" + entry.python.removesuffix("t").replace(".", "")


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).casefold()
