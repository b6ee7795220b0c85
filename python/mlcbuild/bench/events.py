"""Server-sent events, cut out of a byte stream (HTML standard, section 9.2.6)."""

from __future__ import annotations

from typing import Final

#: Bytes of one event, its lines together.
_LARGEST: Final = 1 << 20


class EventReader:
    """Collects the ``data`` of events. A lone carriage return does not end a line."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[str] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[str]:
        """Return the data of every event that this piece completes.

        Raises ``ValueError`` for one above the size limit.
        """
        self._rest += piece
        events: list[str] = []
        if b"\n" in piece:
            *lines, rest = bytes(self._rest).split(b"\n")
            self._rest = bytearray(rest)
            for line in lines:
                self._line(line.removesuffix(b"\r"), events)
        if self._size + len(self._rest) > _LARGEST:
            raise ValueError(f"an event of the stream is larger than {_LARGEST >> 20} MiB")
        return events

    def _line(self, line: bytes, events: list[str]) -> None:
        if not line:
            if self._data:
                events.append("\n".join(self._data))
            self._data, self._size = [], 0
        elif line == b"data" or line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" ").decode("utf-8", "replace"))
            self._size += len(line) + 1

    @property
    def unfinished(self) -> bool:
        """Return whether the stream stopped inside an event."""
        return bool(self._rest.strip() or self._data)
