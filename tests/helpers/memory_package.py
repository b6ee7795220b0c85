"""A package in memory: what a test needs of a wheel or a folder, without a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.package.member import Kind, Member, WheelFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mlcbuild.package.member import Package

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
        self.companions: Sequence[Package] = ()
        self.reads: dict[str, int] = {}

    def members(self) -> Iterator[Member]:
        return (Member(path=path, size=len(data)) for path, data in self.files.items())

    def read(
        self, member: Member, *, watch: Callable[[memoryview], None] | None = None
    ) -> memoryview:
        self.reads[member.path] = self.reads.get(member.path, 0) + 1
        data = memoryview(self.files[member.path])
        if watch is not None:
            watch(data[:7])
            watch(data[7:])
        return data

    def peek(self, member: Member) -> bytes:
        return self.files[member.path][:16]

    def close(self) -> None:
        self.files.clear()
