"""Read one file for the loader: its facts and its exports, or why Windows refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.errors import InputError
from mlcbuild.loader.images import Record

if TYPE_CHECKING:
    import mmap


def read_record(data: memoryview | bytes | mmap.mmap, path: str) -> Record:
    """Return the loader's facts about one file. Never raises: a refusal is in the record."""
    from mlcbuild.pe.reader import PeFile  # noqa: PLC0415 - pefile, loaded if something is read

    try:
        pe = PeFile(data, path=path)
        image = pe.image()
        exports = pe.exports()
    except InputError as error:
        return Record(refused=str(error))
    empty = exports.dll_name is None and not len(exports) and not any(exports.ordinals())
    return Record(image=image, exports=None if empty else exports, refused=image.invalid or "")
