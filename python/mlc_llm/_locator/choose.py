"""Pick the one library to load, or say for every candidate why it cannot be used."""

from __future__ import annotations

from mlc_llm._locator.candidates import candidates
from mlc_llm._locator.errors import LibraryLoadError, LibraryNotFoundError
from mlc_llm._locator.installed import PACKAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlc_llm._locator.candidate import Candidate
    from mlc_llm._locator.host import Host

__all__ = ["choose"]

#: Verdicts that ``MLC_ALLOW_DEBUG=1`` lifts.
_DEBUG = ("debug-crt", "debug-build")


def choose(
    name: str, host: Host, environment: Mapping[str, str], *, package: str = PACKAGE
) -> Candidate:
    """Return the first good candidate for library ``name``.

    A Debug build is taken only where ``MLC_ALLOW_DEBUG=1`` and nothing better exists, with a
    warning. Raises ``LibraryLoadError`` where the file that ``MLC_LIBRARY_PATH`` names is bad,
    ``LibraryNotFoundError`` where there is no good one.
    """
    allow_debug = environment.get("MLC_ALLOW_DEBUG") == "1"
    refused: list[Candidate] = []
    debug: Candidate | None = None
    for candidate in candidates(name, host, environment, package=package):
        verdict = candidate.verdict
        if verdict.good:
            _say(candidate.path, candidate.note)
            return candidate
        if verdict.cause in _DEBUG and allow_debug:
            debug = debug or candidate
            if candidate.explicit:
                break
        elif candidate.explicit:
            raise _named(candidate)
        refused.append(candidate)
    if debug is not None:
        _say(debug.path, debug.verdict.reason)
        return debug
    raise _nothing(name, refused)


def _say(path: str, note: str) -> None:
    if note:
        import warnings  # noqa: PLC0415 - a healthy install has nothing to say

        warnings.warn(f"{path}: {note}", RuntimeWarning, stacklevel=3)


def _named(candidate: Candidate) -> LibraryLoadError:
    """Report what the user named; the fix of the file itself is the second way."""
    from mlc_llm._locator.fixes import spelled, unset  # noqa: PLC0415 - only after a failure

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


def _nothing(name: str, refused: list[Candidate]) -> LibraryNotFoundError:
    """Report the most telling candidate: one that is there and bad, before one that is absent."""
    from mlc_llm._locator.fixes import spelled  # noqa: PLC0415 - only after a failure

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
