"""One component's files in memory, and the rules for what may become a file on any system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from mlcbuild.errors import FailedError
from mlcbuild.filenames import is_plain


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFile:
    """One file's content and mode."""

    data: bytes
    executable: bool = False


#: POSIX path below the component's root -> file.
Tree: TypeAlias = "dict[str, SourceFile]"


def check_paths(component: str, paths: Mapping[str, object]) -> None:
    """Refuse paths that would leave the destination or that Windows cannot store.

    Raises ``FailedError`` naming the path. Two paths that differ by case only are refused too.
    """
    seen: dict[str, str] = {}
    for path in paths:
        if not all(is_plain(part) and part.lower() != ".git" for part in path.split("/")):
            raise FailedError(
                f"{component}: the path {path!r} is not valid on every system",
                remedy="list it under 'exclude' in sources.toml",
            )
        if other := seen.get(path.lower()):
            raise FailedError(f"{component}: {other} and {path} differ by case only")
        seen[path.lower()] = path
