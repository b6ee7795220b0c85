"""Give DLLs private names inside images: the names that others import, and a DLL's own.

    python -m mlcbuild.pe.rename IMAGE OLD.dll=NEW.dll...

Windows gives a process one DLL a base name, the first that was loaded from anywhere. A runtime
DLL under the name that everybody uses (``libstdc++-6.dll``) therefore serves, or is served by,
strangers of other versions. A new name of the same length or shorter is written in place of the
old one: nothing moves in the image. delvewheel's own renaming works on one wheel at a time, and
the runtime of ours is shared by three.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild import aside
from mlcbuild.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pefile

__all__ = ["main", "renamed"]

_IMPORT, _EXPORT, _DELAY_IMPORT = 1, 0, 13


def renamed(data: bytes, names: Mapping[str, str], *, path: str) -> bytes:
    """Return the image with every name of ``names`` (old -> new, any case) replaced.

    Without a match the very bytes come back. Raises ``InputError`` for what is no image, and
    ``UsageError`` where a new name is longer than the old one. ``path`` is for the message.
    """
    import pefile  # noqa: PLC0415 - heavy, and only needed to write

    new = {old.casefold(): text for old, text in names.items()}
    for old, text in new.items():
        if len(text) > len(old):
            raise UsageError(f"{text} is longer than {old}", remedy="names are replaced in place")
    try:
        image = pefile.PE(data=data, fast_load=True)
        places = list(_names(image))
    except pefile.PEFormatError as error:
        raise InputError(f"{path} is no Windows image ({error})") from error
    changed = bytearray(data)
    for at, name in places:
        if name.casefold() in new:
            changed[at : at + len(name)] = new[name.casefold()].encode().ljust(len(name), b"\0")
    if changed == data:
        return data
    return _with_checksum(changed)


def _names(image: pefile.PE) -> list[tuple[int, str]]:
    """Find the file offset and text of every imported DLL's name and of the image's own."""
    import pefile  # noqa: PLC0415

    image.parse_data_directories(
        directories=[_IMPORT, _EXPORT, _DELAY_IMPORT], import_dllnames_only=True
    )
    rows = [
        entry.struct
        for kind in ("DIRECTORY_ENTRY_IMPORT", "DIRECTORY_ENTRY_DELAY_IMPORT")
        for entry in getattr(image, kind, [])
    ]
    addresses = [getattr(row, "Name", None) or row.szName for row in rows]
    export = getattr(image, "DIRECTORY_ENTRY_EXPORT", None)
    if export is not None:
        addresses.append(export.struct.Name)
    found = []
    for address in addresses:
        name = image.get_string_at_rva(address, max_length=512)
        if name is None:
            raise pefile.PEFormatError(f"no name at {address:#x}")
        found.append((image.get_offset_from_rva(address), name.decode("latin-1")))
    return found


def _with_checksum(data: bytearray) -> bytes:
    """Correct the header's checksum, which counts every byte; one that is 0 stays 0."""
    import pefile  # noqa: PLC0415

    image = pefile.PE(data=bytes(data), fast_load=True)
    header = image.OPTIONAL_HEADER
    if header.CheckSum:
        at = header.get_field_absolute_offset("CheckSum")
        data[at : at + 4] = image.generate_checksum().to_bytes(4, "little")
    return bytes(data)


def main(argv: Sequence[str] | None = None) -> int:
    """Rename in one file, in place; the file is replaced when it is complete."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or not all("=" in pair for pair in arguments[1:]):
        raise SystemExit("usage: python -m mlcbuild.pe.rename IMAGE OLD.dll=NEW.dll...")
    file = Path(arguments[0])
    names = dict(pair.split("=", 1) for pair in arguments[1:])
    before = file.read_bytes()
    after = renamed(before, names, path=file.name)
    if after != before:
        aside.replace(file, after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
