"""A package in memory: what a test needs of a wheel or a folder, without a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.package.model import Kind, Member, WheelFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["MemoryPackage"]


class MemoryPackage:
    """Implements the protocol ``Package`` and counts how often each member is read."""

    def __init__(
        self,
        files: Mapping[str, bytes],
        *,
        name: str = "pkg",
        kind: Kind = "folder",
        wheel: WheelFacts | None = None,
    ) -> None:
        self.files = dict(files)
        self.name = name
        self.kind = kind
        self.wheel = wheel
        self.reads: dict[str, int] = {}

    def members(self) -> Iterator[Member]:
        return (Member(path=path, size=len(data)) for path, data in self.files.items())

    def read(self, member: Member) -> memoryview:
        self.reads[member.path] = self.reads.get(member.path, 0) + 1
        return memoryview(self.files[member.path])
