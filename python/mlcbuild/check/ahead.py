"""Unpack a wheel's big images in a second thread while the first does everything else.

Unpacking, checksums and hashes release the GIL, so imports, the tables of Windows and the hashes of
thousands of small files overlap with them. Only one image is in memory at a time: the thread keeps
its facts and frees its bytes before it reads the next.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError
from mlcbuild.package.natives import is_native_name

if TYPE_CHECKING:
    from mlcbuild.loader.images import Record
    from mlcbuild.package.member import Member, Package

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
