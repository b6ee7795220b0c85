"""A package that remembers what rules need of each member while others read it.

Digests are computed beside the reading, in one thread (hashing and inflating both let go of the
interpreter lock). Members held for hashing count as memory: a big one is finished before the next
is read, so that no two big ones are held.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Self

    from mlcbuild.package.model import Kind, Member, Package, WheelFacts

__all__ = ["STAMP_SUFFIX", "ReadingPackage"]

STAMP_SUFFIX: Final = "/_build.json"

#: Bytes that may wait for their digest while the next member is read.
_BACKLOG: Final = 8 << 20
#: A stamp is a few kilobytes; a file of that name above this is somebody else's data.
_STAMP_LIMIT: Final = 4 << 20


class ReadingPackage:
    """Wraps a package; use as a context manager. ``finish`` completes ``digests``."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._members = tuple(package.members())
        self._pool: ThreadPoolExecutor | None = None
        self._pending: list[tuple[int, Future[None]]] = []
        self._wanted = self._digests_wanted()
        self.name: str = package.name
        self.kind: Kind = package.kind
        self.wheel: WheelFacts | None = package.wheel
        self.digests: dict[str, str] = {}
        self.stamps: dict[str, bytes] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def members(self) -> Iterator[Member]:
        """List every file."""
        return iter(self._members)

    def read(self, member: Member) -> memoryview:
        """Return a member's bytes and take its digest if a rule will compare it."""
        self._wait(below=_BACKLOG)
        data = self._package.read(member)
        if member.path in self._wanted and member.path not in self.digests:
            self.digests[member.path] = ""
            self._hash(member, data)
        return data

    def finish(self) -> None:
        """Read what nobody read yet and a rule compares; wait for every digest.

        Raises ``InputError`` where such a member cannot be read.
        """
        for member in self._members:
            if member.path.endswith(STAMP_SUFFIX) and member.size <= _STAMP_LIMIT:
                self.stamps[member.path] = bytes(self.read(member))
            elif member.path in self._wanted and member.path not in self.digests:
                self.read(member)
        self._wait(below=0)

    def _digests_wanted(self) -> frozenset[str]:
        """Return the members that RECORD gives a sha256 of, and images where there is a stamp."""
        wanted = set()
        if self._package.wheel is not None:
            record = self._package.wheel.record
            wanted = {path for path, (digest, _) in record.items() if digest.startswith("sha256=")}
        if any(member.path.endswith(STAMP_SUFFIX) for member in self._members):
            wanted |= {
                m.path for m in self._members if m.path.casefold().endswith((".dll", ".pyd"))
            }
        return frozenset(wanted)

    def _hash(self, member: Member, data: memoryview) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=1)
        self._pending.append((len(data), self._pool.submit(self._digest, member.path, data)))

    def _digest(self, path: str, data: memoryview) -> None:
        self.digests[path] = hashlib.sha256(data).hexdigest()

    def _wait(self, *, below: int) -> None:
        """Wait until no more than ``below`` bytes are held for hashing."""
        self._pending = [entry for entry in self._pending if not entry[1].done()]
        while self._pending and (not below or sum(size for size, _ in self._pending) > below):
            _, future = self._pending.pop(0)
            future.result()
