"""A package to examine: a DLL, a folder, a wheel or a distribution, as one list of members."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from mlcbuild.package.record import RecordFile, Row

Kind = Literal["image", "folder", "wheel", "installed", "pypi"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One file of a package. ``path`` is relative, with forward slashes, as installed."""

    path: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WheelFacts:
    """What a wheel's name, WHEEL, METADATA and RECORD say."""

    distribution: str
    version: str
    tags: tuple[str, ...]
    #: RECORD rows: path -> (``sha256=...`` or empty, size or None).
    record: dict[str, Row] = field(default_factory=dict)
    #: RECORD in full, where it could be read.
    record_file: RecordFile | None = None
    requires: tuple[str, ...] = ()
    #: The tags that the WHEEL file states; ``tags`` are those of the file name.
    declared_tags: tuple[str, ...] = ()


class Package(Protocol):
    """A readable set of files. Members are read one at a time; nothing is unpacked to disk."""

    name: str
    kind: Kind
    wheel: WheelFacts | None
    #: Packages installed with it: the dependencies of ``installed:`` and ``pypi:`` targets.
    companions: Sequence[Package]

    def members(self) -> Iterator[Member]:
        """List every file, without reading any."""

    def read(
        self, member: Member, *, watch: Callable[[memoryview], None] | None = None
    ) -> memoryview:
        """Return a member's bytes (mapped or inflated); hold at most one big member at a time.

        ``watch`` receives each piece, in order, as it is read. Raises ``InputError`` when it
        cannot be read (damaged, encrypted, larger than declared).
        """

    def peek(self, member: Member) -> bytes:
        """Return a member's first bytes, to tell what it is; raises as ``read`` does."""

    def close(self) -> None:
        """Close open files, those of its companions too."""
