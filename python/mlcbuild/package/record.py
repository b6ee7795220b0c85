"""A wheel's RECORD, read row by row: a million useless rows take no memory."""

from __future__ import annotations

import io
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final

#: A row: ``sha256=...`` or empty, and the size or None.
Row = tuple[str, "int | None"]

#: How many rows of files that are not in the wheel are kept; the others are only counted.
ABSENT_LIMIT: Final = 1_000
#: Digits of the largest size a file system supports.
_SIZE_DIGITS: Final = 20
#: The value for a size of more digits: no file has it.
_NO_SIZE: Final = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordFile:
    """RECORD's rows by path, with forward slashes."""

    rows: dict[str, Row] = field(default_factory=dict)
    #: How many rows of files that are not in the wheel are left out of ``rows``.
    more_absent: int = 0
    #: Paths with two different rows.
    repeated: tuple[str, ...] = ()
    #: Why RECORD cannot be read; empty where it can.
    problem: str = ""


def parse_record(raw: bytes, members: Container[str] | None = None) -> RecordFile:
    """Read RECORD's rows; rows of ``members`` are always kept.

    Without ``members`` every row is kept. Never raises: the reason is in ``problem``.
    """
    import csv  # noqa: PLC0415

    text = io.TextIOWrapper(io.BytesIO(raw), "utf-8-sig", "replace", newline="")
    rows: dict[str, Row] = {}
    repeated: dict[str, None] = {}
    absent = 0
    try:
        for row in csv.reader(text):
            if not row:
                continue
            path, digest, size = (*row, "", "")[:3]
            # PyQt6-Qt6 lists its own RECORD with a backslash: installers on Windows accept both.
            path = path.replace("\\", "/")
            if members is not None and path not in members:
                absent += 1
                if absent > ABSENT_LIMIT:
                    continue
            entry = (digest, _size(size))
            if rows.setdefault(path, entry) != entry:
                repeated[path] = None
    except csv.Error as error:
        return RecordFile(problem=f"RECORD cannot be read ({error})")
    return RecordFile(
        rows=rows, more_absent=max(0, absent - ABSENT_LIMIT), repeated=tuple(repeated)
    )


def _size(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()):
        return None
    return int(text) if len(text) <= _SIZE_DIGITS else _NO_SIZE
