"""Names of a package's members on Windows: where they install, and whether Windows allows them.

Source: learn.microsoft.com/windows/win32/fileio/naming-a-file.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Final

from mlcbuild.filenames import is_device

_FORBIDDEN: Final = '<>:"|?*\\'
_SCHEMES: Final = frozenset({"platlib", "purelib", "data", "scripts"})
#: Where ``sys.prefix`` holds the packages on Windows, case ignored.
_SITE: Final = "lib/site-packages/"


def installed_path(path: str) -> tuple[str, bool]:
    """Return where a wheel's ``NAME.data/SCHEME/...`` goes, and whether that is ``sys.prefix``.

    Files that ``data`` installs into ``Lib/site-packages`` end up with the packages; only
    ``pip install --user`` puts its packages elsewhere (``in_site_by_prefix``).
    """
    scheme, inner = _data_scheme(path)
    if scheme == "scripts":
        return f"Scripts/{inner}", True
    if scheme == "data" and in_site_by_prefix(path):
        return inner[len(_SITE) :], False
    return (inner, scheme == "data") if scheme else (path, False)


def in_site_by_prefix(path: str) -> bool:
    """Return whether a wheel installs this member into site-packages through ``sys.prefix``."""
    scheme, inner = _data_scheme(path)
    return scheme == "data" and len(inner) > len(_SITE) and inner.lower().startswith(_SITE)


def _data_scheme(path: str) -> tuple[str, str]:
    """Split ``NAME.data/SCHEME/INNER``; the scheme is empty for any other path."""
    head, _, rest = path.partition("/")
    scheme, _, inner = rest.partition("/")
    if not head.endswith(".data") or not inner or scheme not in _SCHEMES:
        return "", path
    return scheme, inner


def refused_by_windows(path: str) -> str | None:
    """Return why Windows cannot create this relative path; None where it can."""
    if path.startswith("/"):
        return "is an absolute path"
    for part in path.split("/"):
        if part in {"", ".", ".."}:
            return f"has a part {part!r}, which leads out of the folder"
        if is_device(part):
            return f"{part!r} is a reserved device name on Windows"
        odd = next((mark for mark in part if mark in _FORBIDDEN or mark < " "), None)
        if odd is not None:
            return f"{part!a} has the character {odd!a}, which Windows does not allow in file names"
        if part[-1] in ". ":
            return f"{part!r} ends in a dot or space, which Windows strips"
    return None


def collisions(paths: Iterable[str]) -> list[tuple[str, ...]]:
    """Return each group of paths that name the same file on Windows, in order.

    File names are case-insensitive there, and a file and a folder cannot share a name. The last of
    a group is the one that an installer leaves on disk.
    """
    groups: dict[str, list[str]] = {}
    for path in paths:
        groups.setdefault(_key(path), []).append(path)
    found = [tuple(group) for group in groups.values() if len(group) > 1]
    # A folder's files directly follow its name where slashes sort first.
    in_order = sorted(groups, key=lambda path: path.replace("/", "\0"))
    for file, inside in itertools.pairwise(in_order):
        if inside.startswith(f"{file}/"):
            found.append((groups[file][0], groups[inside][0]))
    return found


def _key(path: str) -> str:
    """Return a path as Windows compares it (see ``loader.names.fold``, for paths with slashes)."""
    return installed_path(path)[0].lower()
