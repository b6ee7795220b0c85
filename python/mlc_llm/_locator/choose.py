"""Pick the one library to load, or say for every candidate why it is none."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from mlc_llm._locator.candidates import PACKAGE, Candidate, candidates
from mlc_llm._locator.errors import LibraryLoadError, LibraryNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlc_llm._locator.host import Host

__all__ = ["choose"]

#: Candidates a message lists before it refers to ``python -m mlc_llm.libinfo``.
_LISTED = 5


def choose(
    name: str, host: Host, environment: Mapping[str, str], *, package: Path = PACKAGE
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
            return candidate
        if verdict.cause == "debug-crt" and allow_debug:
            debug = debug or candidate
            if candidate.explicit:
                break
        elif candidate.explicit:
            raise LibraryLoadError(
                f"the library that MLC_LIBRARY_PATH names is {verdict.reason}",
                path=str(candidate.path),
                cause=verdict.cause,
                fix="unset MLC_LIBRARY_PATH, or point it at a good mlc_llm library",
            )
        refused.append(candidate)
    if debug is not None:
        warnings.warn(f"{debug.path}: {debug.verdict.reason}", RuntimeWarning, stacklevel=2)
        return debug
    raise _nothing(name, refused)


def _nothing(name: str, refused: list[Candidate]) -> LibraryNotFoundError:
    """Report the most telling candidate: one that is there and bad, before one that is absent."""
    worst = next((c for c in refused if c.verdict.cause != "absent"), None) or refused[0]
    lines = [f"{c.path}: {c.verdict.reason} ({c.origin})" for c in refused if c is not worst]
    if len(lines) > _LISTED:
        lines[_LISTED:] = [f"and {len(lines) - _LISTED} more"]
    return LibraryNotFoundError(
        f"{name} is {worst.verdict.reason}"
        if worst.verdict.cause != "absent"
        else f"{name} is in none of the places where it can be",
        path=str(worst.path),
        cause=worst.verdict.cause,
        fix=worst.verdict.fix,
        details=tuple(f"also not: {line}" for line in lines),
    )
