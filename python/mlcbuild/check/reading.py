"""A package wrapper that records what rules need of each member while it is read.

Every member is read once. Its digest is computed from the chunks as they are unpacked, in a second
thread for big ones, so that hashing costs almost no time and no memory.

``Ahead`` unpacks a wheel's big images in a second thread while the first does everything else.
Unpacking, checksums and hashes release the GIL, so imports, the tables of Windows and the hashes of
thousands of small files overlap with them. Only one image is in memory at a time: the thread keeps
its facts and frees its bytes before it reads the next.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError
from mlcbuild.package.natives import is_native_name

if TYPE_CHECKING:
    import queue

    from mlcbuild.loader.images import Record
    from mlcbuild.package.member import Kind, Member, Package, WheelFacts

#: Below this, starting a thread costs more than it saves.
THREAD_FROM: Final = 4 << 20


class Digester:
    """Hashes the pieces passed to ``update`` in order; large members are hashed in a thread."""

    def __init__(self, size: int) -> None:
        import hashlib  # noqa: PLC0415 - slow to import, and not every package needs it

        self._sum = hashlib.sha256()
        self._thread: threading.Thread | None = None
        if size >= THREAD_FROM and (os.cpu_count() or 1) > 1:
            import queue  # noqa: PLC0415

            self._queue: queue.SimpleQueue[memoryview | None] = queue.SimpleQueue()
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def update(self, piece: memoryview) -> None:
        """Hash a piece now or later; the caller must not change its bytes."""
        if self._thread is None:
            self._sum.update(piece)
        else:
            self._queue.put(piece)

    def hexdigest(self) -> str:
        """Wait for the thread and return the digest of all pieces."""
        self.close()
        return self._sum.hexdigest()

    def close(self) -> None:
        """Hash what is still queued and end the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while (piece := self._queue.get()) is not None:
            self._sum.update(piece)


STAMP_SUFFIX: Final = "/_build.json"

#: A stamp is a few kilobytes; a file of that name above this is other data.
_STAMP_LIMIT: Final = 4 << 20

#: Bytes beside the native code up to which RECORD's sha256 of them are compared too: 50 ms.
_REST_LIMIT: Final = 16 << 20


class ReadingPackage:
    """Wraps a package. ``finish`` completes ``digests`` and ``stamps``."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._members = tuple(package.members())
        self._wanted = self._digests_wanted()
        self.name: str = package.name
        self.kind: Kind = package.kind
        self.wheel: WheelFacts | None = package.wheel
        self.companions: Sequence[Package] = package.companions
        #: The folder on disk, where there is one: an image's siblings lie in it.
        self.root: Path | None = getattr(package, "root", None)
        self.digests: dict[str, str] = {}
        self.stamps: dict[str, bytes] = {}

    def members(self) -> Iterator[Member]:
        """List every file."""
        return iter(self._members)

    def peek(self, member: Member) -> bytes:
        """Return a member's first bytes."""
        return self._package.peek(member)

    def read(
        self, member: Member, *, watch: Callable[[memoryview], None] | None = None
    ) -> memoryview:
        """Return a member's bytes and compute its digest if a rule will compare it."""
        if watch is not None or member.path not in self._wanted or member.path in self.digests:
            return self._package.read(member, watch=watch)
        digester = Digester(member.size)
        try:
            data = self._package.read(member, watch=digester.update)
            self.digests[member.path] = digester.hexdigest()
        finally:
            digester.close()
        return data

    def close(self) -> None:
        """Close the package's files."""
        self._package.close()

    def read_small(self) -> None:
        """Read what ``finish`` would read, except images: other threads may be reading those."""
        self._complete([m for m in self._members if not is_native_name(m.path)])

    def finish(self) -> None:
        """Read the remaining members that a rule compares.

        A member that cannot be read gets the digest "", which never matches RECORD.
        """
        self._complete(self._members)

    def _complete(self, members: Iterable[Member]) -> None:
        for member in members:
            stamp = member.path.endswith(STAMP_SUFFIX) and member.size <= _STAMP_LIMIT
            known = member.path in (self.stamps if stamp else self.digests)
            if known or not (stamp or member.path in self._wanted):
                continue
            try:
                data = self.read(member)
            except InputError:
                self.digests[member.path] = ""
                continue
            if stamp:
                self.stamps[member.path] = bytes(data)

    def _digests_wanted(self) -> frozenset[str]:
        """Return the members for which RECORD has a sha256, and images if there is a stamp.

        In a wheel with large other contents (headers, data), only native code is hashed: the
        rest would have to be unpacked. Its presence and sizes are still compared.
        An installed RECORD is not compared: users may have changed files since the installation.
        """
        wanted = set()
        if self._package.wheel is not None and self._package.kind != "installed":
            record = self._package.wheel.record
            wanted = {path for path, (digest, _) in record.items() if digest.startswith("sha256=")}
            rest = [m for m in self._members if not is_native_name(m.path)]
            if sum(member.size for member in rest) > _REST_LIMIT:
                wanted -= {member.path for member in rest}
        if any(member.path.endswith(STAMP_SUFFIX) for member in self._members):
            wanted |= {member.path for member in self._members if is_native_name(member.path)}
        return frozenset(wanted)


#: Smaller members cost less than handing them over, and may be in memory beside a big one.
BIG: Final = 4 << 20


class Ahead:
    """Reads the big images of a package from construction until it is closed."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._records: dict[str, Record] = {}
        self._failure: BaseException | None = None
        self._changed = threading.Condition()
        self._stopped = False
        packed = package.kind in {"wheel", "pypi"} and (os.cpu_count() or 1) > 1
        self._members = [
            member
            for member in (package.members() if packed else ())
            if member.size >= BIG and is_native_name(member.path)
        ]
        self._expected = {member.path for member in self._members}
        self._thread = threading.Thread(target=self._work, daemon=True)
        if self._members:
            self._thread.start()

    def close(self) -> None:
        """Stop after the current image: its file may be closed then."""
        self._stopped = True
        if self._members:
            self._thread.join()

    def record(self, package: Package, member: Member) -> Record:
        """Return a member's record: wait for the thread if it reads it, else read it now."""
        if package is not self._package or member.path not in self._expected:
            from mlcbuild.loader.build import read_member  # noqa: PLC0415 - as in _read

            return read_member(package, member)
        with self._changed:
            self._changed.wait_for(lambda: member.path in self._records or self._failure)
        if self._failure:
            raise self._failure
        return self._records[member.path]

    def _read(self, member: Member) -> Record:
        """Unpack first, import afterwards: meanwhile, the first thread imports the same modules."""
        data: memoryview | None = None
        refused = ""
        try:
            data = self._package.read(member)
        except InputError as error:
            refused = str(error)
        from mlcbuild.loader.images import Record, read_record  # noqa: PLC0415

        return Record(refused=refused) if data is None else read_record(data, member.path)

    def _work(self) -> None:
        for member in self._members:
            if self._stopped:
                return
            try:
                record = self._read(member)
            except BaseException as failure:  # noqa: BLE001  raised where it is waited for
                with self._changed:
                    self._failure = failure
                    self._changed.notify_all()
                return
            with self._changed:
                self._records[member.path] = record
                self._changed.notify_all()
