"""Say why no candidate is taken: the one that the user named, or all of them."""

from __future__ import annotations

from mlc_llm._locator.errors import LibraryLoadError, LibraryNotFoundError
from mlc_llm._locator.fixes import spelled, unset

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlc_llm._locator.judge import Candidate

__all__ = ["named", "nothing"]


def named(candidate: Candidate) -> LibraryLoadError:
    """Report what the user named; the fix of the file itself is the second way."""
    verdict = candidate.verdict
    own = verdict.cause not in ("absent", "bad-variable") and verdict.fix
    return LibraryLoadError(
        f"the library that MLC_LIBRARY_PATH names is not usable: {verdict.reason}",
        path=candidate.path,
        culprit=verdict.culprit,
        cause=verdict.cause,
        fix=f"{unset('MLC_LIBRARY_PATH')}, or point it at a good mlc_llm library",
        details=(f"the file itself: {spelled(verdict.fix, candidate.path)}",) if own else (),
    )


def nothing(name: str, refused: list[Candidate]) -> LibraryNotFoundError:
    """Report the most telling candidate: one that is there and bad, before one that is absent."""
    worst = next((c for c in refused if c.verdict.cause != "absent"), None) or refused[0]
    there = worst.verdict.cause != "absent"
    return LibraryNotFoundError(
        f"{name} is not usable: {worst.verdict.reason}"
        if there
        else f"{name} is in none of the places where it can be",
        path=worst.path,
        culprit=worst.verdict.culprit,
        cause=worst.verdict.cause,
        fix=spelled(worst.verdict.fix, worst.path),
        details=tuple(
            f"also not: {c.path}: {c.verdict.reason} ({c.origin})"
            for c in refused
            if c.path != worst.path
        ),
    )
