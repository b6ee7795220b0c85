"""Names of a package's members as Windows sees them: where they go, and whether they can.

Source: learn.microsoft.com/windows/win32/fileio/naming-a-file.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from mlcbuild.filenames import is_device

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["collisions", "in_site_by_prefix", "installed_path", "refused_by_windows"]

_FORBIDDEN: Final = '<>:"|?*\\'
_SCHEMES: Final = frozenset({"platlib", "purelib", "data", "scripts"})
#: Where ``sys.prefix`` holds the packages on Windows, case ignored.
_SITE: Final = "lib/site-packages/"


def installed_path(path: str) -> tuple[str, bool]:
    """Return where a wheel's ``NAME.data/SCHEME/...`` goes, and whether that is ``sys.prefix``.

    What ``data`` puts into ``Lib/site-packages`` lies beside the packages, as all else does; only
    ``pip install --user`` has its packages elsewhere (``in_site_by_prefix``).
    """
    scheme, inner = _data_scheme(path)
    if scheme == "scripts":
        return f"Scripts/{inner}", True
    if scheme == "data" and in_site_by_prefix(path):
        return inner[len(_SITE) :], False
    return (inner, scheme == "data") if scheme else (path, False)


def in_site_by_prefix(path: str) -> bool:
    """Return whether a wheel puts this member into site-packages by the way of ``sys.prefix``."""
    scheme, inner = _data_scheme(path)
    return scheme == "data" and len(inner) > len(_SITE) and inner.lower().startswith(_SITE)


def _data_scheme(path: str) -> tuple[str, str]:
    """Split ``NAME.data/SCHEME/INNER``; the scheme is empty where a path has none of ours."""
    head, _, rest = path.partition("/")
    scheme, _, inner = rest.partition("/")
    if not head.endswith(".data") or not inner or scheme not in _SCHEMES:
        return "", path
    return scheme, inner


def refused_by_windows(path: str) -> str | None:
    """Say why Windows makes no file of this relative path; None where it does."""
    if path.startswith("/"):
        return "is an absolute path"
    for part in path.split("/"):
        if part in {"", ".", ".."}:
            return f"has a part {part!r}, which leads elsewhere"
        if is_device(part):
            return f"{part!r} is a device of Windows, not a file"
        odd = next((mark for mark in part if mark in _FORBIDDEN or mark < " "), None)
        if odd is not None:
            return f"{part!a} has the character {odd!a}, which no file name has on Windows"
        if part[-1] in ". ":
            return f"{part!r} ends in a dot or space, which Windows takes off"
    return None


def collisions(paths: Iterable[str]) -> list[tuple[str, ...]]:
    """Return each group of paths that are one file on Windows, in order.

    Case does not tell names apart there, and a file keeps out a folder of its name. The last of a
    group is the one that an installer leaves there.
    """
    groups: dict[str, list[str]] = {}
    for path in paths:
        groups.setdefault(_key(path), []).append(path)
    found = [tuple(group) for group in groups.values() if len(group) > 1]
    # What lies in a folder follows the folder's name at once where slashes sort before all else.
    in_order = sorted(groups, key=lambda path: path.replace("/", "\0"))
    for file, inside in itertools.pairwise(in_order):
        if inside.startswith(f"{file}/"):
            found.append((groups[file][0], groups[inside][0]))
    return found


def _key(path: str) -> str:
    """Return a path as Windows compares it (see ``loader.names.fold``, for paths with slashes)."""
    return installed_path(path)[0].lower()
