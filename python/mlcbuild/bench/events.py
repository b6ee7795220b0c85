"""Server-sent events, cut out of a byte stream (HTML standard, section 9.2.6)."""

from __future__ import annotations

__all__ = ["EventReader"]


class EventReader:
    """Collects the ``data`` of events. A lone carriage return ends no line: no server sends one."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> list[str]:
        """Return the data of every event that this piece completes."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        events = []
        for raw in lines:
            line = raw.removesuffix(b"\r")
            if not line:
                if self._data:
                    events.append("\n".join(self._data))
                    self._data = []
            elif line == b"data" or line.startswith(b"data:"):
                value = line[5:].removeprefix(b" ")
                self._data.append(value.decode("utf-8", "replace"))
        return events

    @property
    def unfinished(self) -> bool:
        """Tell whether the stream stopped inside an event."""
        return bool(self._rest.strip() or self._data)
