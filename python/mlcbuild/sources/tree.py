"""One component's files in memory, and the rules for what may become a file on any system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from mlcbuild.errors import FailedError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SourceFile", "Tree", "check_paths"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFile:
    """Content and mode of one file."""

    data: bytes
    executable: bool = False


#: POSIX path below the component's root -> file.
Tree: TypeAlias = "dict[str, SourceFile]"

_RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{i}" for i in range(1, 10))}
    | {f"lpt{i}" for i in range(1, 10)}
)
_FORBIDDEN: Final = frozenset('<>:"|?*\\')


def check_paths(component: str, paths: Mapping[str, object]) -> None:
    """Refuse paths that would leave the destination or that Windows cannot store.

    Raises ``FailedError`` naming the path. Two paths that differ by case only are refused too.
    """
    seen: dict[str, str] = {}
    for path in paths:
        parts = path.split("/")
        bad = any(
            part in {"", ".", ".."}
            or part.lower() == ".git"
            or part.endswith((".", " "))
            or part.split(".")[0].lower() in _RESERVED
            or any(c in _FORBIDDEN or ord(c) < ord(" ") for c in part)
            for part in parts
        )
        if bad:
            raise FailedError(
                f"{component}: the path {path!r} cannot be laid out on every system",
                remedy="list it under 'exclude' in sources.toml",
            )
        if other := seen.get(path.lower()):
            raise FailedError(f"{component}: {other} and {path} differ by case only")
        seen[path.lower()] = path
