"""The errors of the locator: an ``OSError`` that says which file, why, and what to do."""

from __future__ import annotations

__all__ = ["LibraryLoadError", "LibraryNotFoundError"]

#: Lines that a person reads to the end.
_LINES = 12


class LibraryLoadError(OSError):
    """A native library of ``mlc_llm`` cannot be used.

    ``path`` is the library that was wanted, ``culprit`` the image at fault (it can be another one),
    ``cause`` the rule id ``mlcbuild check`` uses (``missing-dll``, ``wrong-machine``, ...), ``fix``
    one command or action. ``winerror`` is the number Windows gave, None elsewhere. ``details`` are
    further lines; the message has twelve at most.
    """

    def __init__(
        self,
        reason: str,
        *,
        path: str = "",
        cause: str,
        fix: str,
        culprit: str = "",
        winerror: int | None = None,
        details: tuple[str, ...] = (),
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path
        self.cause = cause
        self.fix = fix
        self.culprit = culprit or path
        self.winerror = winerror
        self.details = details

    def __str__(self) -> str:
        number = f" [WinError {self.winerror}]" if self.winerror is not None else ""
        reason = " ".join(self.reason.split())
        lines = [f"mlc_llm cannot load its native library{number}: {reason}"]
        if self.path:
            lines.append(f"  library: {self.path}")
        if self.culprit != self.path:
            lines.append(f"  culprit: {self.culprit}")
        lines.append(f"  cause:   {self.cause}")
        room = _LINES - len(lines) - 2
        kept = self.details if len(self.details) <= room else self.details[: room - 1]
        lines.extend(f"  {line}" for line in kept)
        if len(kept) < len(self.details):
            lines.append(f"  and {len(self.details) - len(kept)} more")
        lines.append(f"  fix:     {self.fix}")
        lines.append("  all candidates: python -m mlc_llm.libinfo")
        return "\n".join(lines)


class LibraryNotFoundError(LibraryLoadError, RuntimeError):
    """No usable library exists. Also a ``RuntimeError``: that is what upstream raises for this."""
