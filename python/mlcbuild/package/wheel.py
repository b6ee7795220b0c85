"""A wheel, read in place: nothing is written to disk, and only requested members are unpacked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from mlcbuild.errors import InputError
from mlcbuild.package.inflate import peek_entry, read_entry
from mlcbuild.package.member import Kind, Member, Package, WheelFacts
from mlcbuild.package.metadata import dist_info_of, tags_of_name, wheel_facts
from mlcbuild.package.zipdir import FileSource, read_directory

#: The RECORD of the biggest wheels takes 3 MB.
METADATA_LIMIT: Final = 32 << 20


class WheelPackage:
    """The members of one wheel over its open file. See ``package.member.Package``.

    Raises ``InputError`` for a file that is not a wheel, for another system, or a hostile zip.
    """

    def __init__(
        self,
        source: FileSource,
        *,
        filename: str,
        name: str | None = None,
        kind: Kind = "wheel",
        companions: Sequence[Package] = (),
    ) -> None:
        self.name = name or filename
        self.kind: Kind = kind
        self.companions = companions
        _refuse_other_systems(filename)
        self._source = source
        self._entries = read_directory(source, name=filename)
        self.wheel: WheelFacts | None = wheel_facts(
            filename, dist_info_of(self._entries), self._text, self._entries
        )

    def members(self) -> Iterator[Member]:
        """List every file, without reading any."""
        for path, entry in self._entries.items():
            yield Member(path=path, size=entry.size)

    def read(
        self, member: Member, *, watch: Callable[[memoryview], None] | None = None
    ) -> memoryview:
        """Return a member's bytes. ``watch`` receives each piece in order, as it is unpacked."""
        return read_entry(self._source, self._entries[member.path], archive=self.name, watch=watch)

    def close(self) -> None:
        """Close the wheel's file, and its companions."""
        self._source.close()
        for companion in self.companions:
            companion.close()

    def peek(self, member: Member) -> bytes:
        """Return a member's first bytes, or as many as can be read without unpacking the rest."""
        return peek_entry(self._source, self._entries[member.path], archive=self.name)

    def _text(self, path: str) -> bytes:
        entry = self._entries.get(path)
        if entry is None:
            return b""
        if entry.size > METADATA_LIMIT:
            raise InputError(
                f"{path} has {entry.size >> 20} MB, above the limit of {METADATA_LIMIT >> 20} MB"
            )
        return bytes(read_entry(self._source, entry, archive=self.name))


def _refuse_other_systems(filename: str) -> None:
    tags = tags_of_name(filename)
    if tags is None:
        raise InputError(
            f"{filename}: not a valid wheel file name",
            remedy="wheels are called name-version-python-abi-platform.whl; keep the original name",
        )
    platforms = sorted({tag.rsplit("-", 1)[-1] for tag in tags})
    if not any(each == "any" or each.startswith("win") for each in platforms):
        raise InputError(
            f"{filename}: a wheel for {', '.join(platforms)}, not for Windows",
            remedy="use the win_amd64 wheel instead",
        )
