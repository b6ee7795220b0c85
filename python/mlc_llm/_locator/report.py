"""Answer ``python -m mlc_llm.libinfo``: every candidate, its verdict, and what would be loaded."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

from mlc_llm._locator.candidates import PACKAGE, candidates, read_stamp
from mlc_llm._locator.choose import choose
from mlc_llm._locator.errors import LibraryLoadError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlc_llm._locator.host import Host

__all__ = ["answer", "as_json", "as_text"]


def answer(
    host: Host, environment: Mapping[str, str], *, package: Path = PACKAGE
) -> dict[str, Any]:
    """Judge every candidate without loading any of them."""
    error: LibraryLoadError | None = None
    winner: Path | None = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            winner = choose("mlc_llm", host, environment, package=package).path
    except LibraryLoadError as refusal:
        error = refusal
    listed = [
        {
            "path": str(candidate.path),
            "origin": candidate.origin,
            "good": candidate.verdict.good,
            "cause": candidate.verdict.cause or None,
            "reason": candidate.verdict.reason or None,
            "fix": candidate.verdict.fix or None,
        }
        for candidate in candidates("mlc_llm", host, environment, package=package)
    ]
    return {
        "schema_version": 1,
        "host": {"system": host.system, "machine": host.machine},
        "candidates": listed,
        "winner": winner and str(winner),
        "adds_folder": winner and str(winner.parent),
        "error": error and {"cause": error.cause, "reason": error.reason, "fix": error.fix},
        "stamp": (winner and read_stamp(winner.parent.parent)) or read_stamp(package) or None,
    }


def as_json(facts: Mapping[str, Any]) -> str:
    """Return the answer for scripts."""
    return json.dumps(facts, indent=2)


def as_text(facts: Mapping[str, Any]) -> str:
    """Return the answer for a person."""
    host = facts["host"]
    lines = [f"mlc_llm libraries for {host['system']} {host['machine']}, most wanted first:"]
    for candidate in facts["candidates"]:
        mark = "=>" if candidate["path"] == facts["winner"] else "  "
        lines.append(f"{mark} {candidate['path']}  ({candidate['origin']})")
        word = "good" if candidate["good"] else f"{candidate['cause']}: {candidate['reason']}"
        lines.append(f"     {word}")
    if facts["winner"]:
        lines.append(f"folder added to the search: {facts['adds_folder']}")
    if error := facts["error"]:
        lines += [f"nothing can be loaded: {error['reason']}", f"fix: {error['fix']}"]
    if stamp := facts["stamp"]:
        built = f"{stamp.get('configuration')}, {stamp.get('generator')}"
        pins = [f"{s['name']} {s.get('version') or s.get('commit')}" for s in stamp["sources"]]
        lines.append(f"built: {built}; " + ", ".join(pins))
    else:
        lines.append("built: no stamp (_build.json) beside the package")
    return "\n".join(lines)
