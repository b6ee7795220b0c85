"""The folders of a package that code makes reachable, and for which images.

In a site-packages many distributions add folders, each when it is imported. An image always sees
those of its own distribution; it sees those of others only if they were imported before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError
from mlcbuild.loader.assume import added_by_sources, calls_loader, loaded_by_qt
from mlcbuild.loader.names import fold
from mlcbuild.package.names import installed_path

if TYPE_CHECKING:
    from mlcbuild.loader.images import Folder, Tree
    from mlcbuild.package.member import Member, Package

#: Folders are added where a package begins (``pkg/__init__.py``, ``pkg/sub/loader.py``), by a few
#: lines: bigger sources are generated tables.
_DEPTH: Final = 2
_SIZE: Final = 1 << 18
#: In distributions that have no DLLs themselves, only modules whose name says that they load some.
_TELLING: Final = re.compile(r"(?:^|/)\w*(?:__init__|bootstrap|dll|load|distributor)\w*\.py$")


@dataclass(frozen=True, kw_only=True, slots=True)
class AddedFolder:
    """One folder, and the top-level folders whose images certainly see it; none for all."""

    folder: Folder
    tops: frozenset[str] = frozenset()


def top(path: str) -> str:
    """Return the first component of a path, as compared."""
    return fold(path).partition("/")[0]


def added_folders(
    packages: Sequence[tuple[Package, Sequence[Member]]], tree: Tree
) -> list[AddedFolder]:
    """Return the folders of the first package that code adds: its own, or that of the others."""
    folders = [folder.path for folder in tree.folders_with_dlls()]
    if not folders:
        return []
    package, members = packages[0]
    is_site = package.kind == "folder" and any(
        ".dist-info/" in member.path and top(member.path).endswith(".dist-info")
        for member in members
    )
    by_top: dict[str, list[tuple[str, bytes]]] = {}
    for path, content in _sources(packages, {top(folder) for folder in folders}):
        by_top.setdefault(top(path) if is_site else "", []).append((path, content))
    tops: dict[str, set[str]] = {}
    for name, sources in by_top.items():
        for folder in added_by_sources(folders, sources):
            tops.setdefault(folder, set()).add(name)
    found = [
        AddedFolder(
            folder=tree.folder(path),
            tops=frozenset({*who, top(path)}) if is_site else frozenset(),
        )
        for path, who in sorted(tops.items())
    ]
    found += [
        AddedFolder(
            folder=tree.folder(path),
            tops=frozenset({top(path)}) if is_site else frozenset(),
        )
        for path in loaded_by_qt(tree.files)
        if path not in tops
    ]
    return found


def _sources(
    packages: Sequence[tuple[Package, Sequence[Member]]], tops: set[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield the modules that load DLLs or add folders."""
    for package, members in packages:
        for member in members:
            path = installed_path(member.path)[0]
            if not _may_add(path, member.size, tops):
                continue
            try:
                content = bytes(package.read(member))
            except InputError:
                continue  # the rule on RECORD tells of damage; here it adds nothing
            if calls_loader(content):
                yield path, content


def _may_add(path: str, size: int, tops: set[str]) -> bool:
    if not path.endswith(".py") or path.count("/") > _DEPTH or size > _SIZE:
        return False
    own = top(path)
    return _TELLING.search(path) is not None or any(name.startswith(own) for name in tops)
