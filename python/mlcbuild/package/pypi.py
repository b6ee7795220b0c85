"""``pypi:NAME[==VERSION]``: the Windows wheel that pip would take from its index."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from mlcbuild.errors import InputError
from mlcbuild.package.metadata import tags_of_name
from mlcbuild.package.requirements import needed, windows_environment
from mlcbuild.package.wheel import WheelPackage
from mlcbuild.package.zipdir import FileSource
from mlcbuild.platforms import AMD64
from mlcbuild.progress import Line

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.version import Version

    from mlcbuild.sources.transfer import IndexFile


def open_from_index(
    target: str,
    folder: Path,
    *,
    with_deps: bool = False,
    python: tuple[int, int] | None = None,
    platform: str = AMD64,
) -> WheelPackage:
    """Download the wheel of a requirement into ``folder`` and open it there.

    ``python`` is the target interpreter's version (default: this one's), on ``platform``.
    ``with_deps`` also downloads the wheels it requires, as its companions. Raises ``InputError``
    when the index has no such wheel, and what the index client raises when it cannot be reached.
    """
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415

    try:
        wanted = Requirement(target)
    except InvalidRequirement as error:
        raise InputError(
            f"pypi:{target}: not a valid requirement",
            remedy="write pypi:NAME or pypi:NAME==VERSION",
        ) from error
    version = python or (sys.version_info[0], sys.version_info[1])
    tags = _tags(version, platform)
    path = _fetch(wanted, folder, version, tags)
    package = _open(path, name=f"pypi:{target}")
    if with_deps:
        environment = windows_environment(version, platform)
        fetch = functools.partial(_fetch, folder=folder, python=version, tags=tags)
        package.companions = _companions(package, wanted.name, environment, fetch)
    return package


def _open(path: Path, *, name: str) -> WheelPackage:
    source = FileSource(path, name=path.name)
    return WheelPackage(source, filename=path.name, name=name, kind="pypi")


def _companions(
    package: WheelPackage,
    name: str,
    environment: dict[str, str],
    fetch: Callable[[Requirement], Path],
) -> Sequence[WheelPackage]:
    """Download every requirement, each project once: enough to examine, not to install."""
    found: list[WheelPackage] = []
    seen = {canonicalize_name(name)}
    waiting = needed(package.wheel.requires if package.wheel else (), environment)
    while waiting:
        requirement = waiting.pop(0)
        if canonicalize_name(requirement.name) in seen:
            continue
        seen.add(canonicalize_name(requirement.name))
        companion = _open(fetch(requirement), name=f"pypi:{requirement.name}")
        waiting += needed(companion.wheel.requires if companion.wheel else (), environment)
        found.append(companion)
    return found


def _fetch(wanted: Requirement, folder: Path, python: tuple[int, int], tags: Sequence[str]) -> Path:
    from mlcbuild.sources.index import download, find_files  # noqa: PLC0415

    files = find_files(wanted.name)
    if not files:
        raise InputError(
            f"pypi:{wanted.name}: the package index has no such project",
            remedy="check the name, and the index with `pip config list`",
        )
    best = _best(files, wanted, python, tags)
    if best is None:
        raise InputError(
            f"pypi:{wanted}: no wheel for Python {python[0]}.{python[1]} on "
            f"{tags[0].rpartition('-')[2]}",
            remedy="list its versions with `pip index versions`, or pass a wheel's path",
        )
    path = folder / best.filename
    line = Line()
    total = 0

    def received(count: int) -> None:
        nonlocal total
        total += count
        whole = f" of {best.size / 1e6:.1f}" if best.size else ""
        line.show(f"downloading {best.filename}: {total / 1e6:.1f}{whole} MB")

    try:
        download(best, path, progress=received)
    finally:
        line.close()
    return path


def _best(
    files: Sequence[IndexFile],
    wanted: Requirement,
    python: tuple[int, int],
    tags: Sequence[str],
) -> IndexFile | None:
    """Choose as pip does: the newest version, then the most specific tag."""
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    ranks = {tag: rank for rank, tag in enumerate(tags)}
    found: list[tuple[bool, Version, int, IndexFile]] = []
    for file in files:
        fits = [ranks[tag] for tag in tags_of_name(file.filename) or () if tag in ranks]
        if not fits or not _takes(file, python):
            continue
        try:
            version = Version(file.filename.split("-")[1])
        except InvalidVersion:
            continue
        exact = any(each.operator in {"==", "==="} for each in wanted.specifier)
        if wanted.specifier.contains(version, prereleases=True) and (exact or not file.yanked):
            found.append((not version.is_prerelease or exact, version, -min(fits), file))
    return max(found, key=lambda each: each[:3])[3] if found else None


def _takes(file: IndexFile, python: tuple[int, int]) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415

    try:
        return f"{python[0]}.{python[1]}.0" in SpecifierSet(file.requires_python or "")
    except InvalidSpecifier:
        return True


def _tags(python: tuple[int, int], platform: str) -> list[str]:
    """Return the tags that CPython supports on a Windows platform, the most specific first."""
    from packaging.tags import compatible_tags, cpython_tags  # noqa: PLC0415

    interpreter = f"cp{python[0]}{python[1]}"
    return [
        str(tag)
        for tag in (
            *cpython_tags(python, [interpreter], [platform]),
            *compatible_tags(python, interpreter, [platform]),
        )
    ]
