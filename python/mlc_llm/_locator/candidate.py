"""One place where the library can be, and what became of it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlc_llm._locator.judge import Verdict

__all__ = ["Candidate"]


class Candidate:
    """One file that could be the library, judged.

    ``explicit``: the user named it, so it is taken or it is an error, never passed over. ``note``
    is what must be said where it is taken all the same (it is older than its sources, ...).
    """

    __slots__ = ("explicit", "note", "origin", "path", "verdict")

    def __init__(
        self, path: str, origin: str, verdict: Verdict, *, explicit: bool = False, note: str = ""
    ) -> None:
        self.path = path
        self.origin = origin
        self.verdict = verdict
        self.explicit = explicit
        self.note = note
