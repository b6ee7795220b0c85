"""The compilers that built the images, by age, and the C runtime each links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mlcbuild.msvc import release_of_toolset

#: Stacking order of a column; ``debug`` last, where it is visible.
CRTS: Final = ("dynamic", "ucrt", "static", "msvcrt", "none", "unknown", "debug")


@dataclass(frozen=True, kw_only=True, slots=True)
class Toolset:
    """All images of one toolset. ``crts`` are (C runtime, count), ``version`` None for no MSVC."""

    version: str | None
    studio: str
    count: int
    crts: tuple[tuple[str, int], ...]
    paths: tuple[str, ...]


def timeline_of(targets: Iterable[dict[str, Any]]) -> list[Toolset]:
    """Return the toolsets of all images, oldest first; images not built by MSVC come last."""
    groups: dict[str | None, list[dict[str, Any]]] = {}
    for target in targets:
        for module in target["modules"]:
            groups.setdefault(module["toolset"], []).append(module)
    return [_toolset(version, groups[version]) for version in sorted(groups, key=_order)]


def _order(version: str | None) -> tuple[bool, tuple[int, ...]]:
    return version is None, _numbers(version)


def _numbers(version: str | None) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")) if version else ()


def _toolset(version: str | None, modules: Sequence[dict[str, Any]]) -> Toolset:
    counts = Counter(str(module["crt"]) for module in modules)
    release = release_of_toolset(_numbers(version))
    return Toolset(
        version=version,
        studio=(release.short if release else "older")
        if version
        else "MinGW, Rust's own, or another compiler",
        count=len(modules),
        crts=tuple((crt, counts[crt]) for crt in CRTS if counts[crt]),
        paths=tuple(sorted(str(module["path"]) for module in modules)),
    )
