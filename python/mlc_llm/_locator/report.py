"""Answer ``python -m mlc_llm.libinfo``: every candidate, its verdict, and what would be loaded."""

from __future__ import annotations

import json
import os
import warnings
from typing import TYPE_CHECKING, Any

from mlc_llm._locator.candidates import candidates
from mlc_llm._locator.choose import choose
from mlc_llm._locator.closure import closure, first_fault, search_order
from mlc_llm._locator.errors import LibraryLoadError
from mlc_llm._locator.host import this_host
from mlc_llm._locator.installed import (
    PACKAGE,
    library_folders,
    read_stamp,
    require_version,
    version,
    wanted_tvm,
)
from mlc_llm._locator.mutex import judge_mutex, old_runtime, runtime_copies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlc_llm._locator.host import Host
    from mlc_llm._locator.judge import Verdict

__all__ = ["answer", "as_json", "as_text", "main"]


def answer(host: Host, environment: Mapping[str, str], *, package: str = PACKAGE) -> dict[str, Any]:
    """Judge every candidate to the end, without loading any of them."""
    package = os.fspath(package)
    error: LibraryLoadError | None = None
    winner: str | None = None
    notes: list[str] = []
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            winner = choose("mlc_llm", host, environment, package=package).path
        notes = [str(warning.message) for warning in said]
        if fault := _fault(winner, host):
            error = LibraryLoadError(
                fault.reason, path=winner, culprit=fault.culprit, cause=fault.cause, fix=fault.fix
            )
    except LibraryLoadError as refusal:
        error = refusal
    listed = [
        {
            "path": candidate.path,
            "origin": candidate.origin,
            "good": candidate.verdict.good and not (error and candidate.path == winner),
            "cause": _of(candidate.verdict, error, candidate.path == winner, "cause"),
            "reason": _of(candidate.verdict, error, candidate.path == winner, "reason"),
            "fix": _of(candidate.verdict, error, candidate.path == winner, "fix"),
        }
        for candidate in candidates("mlc_llm", host, environment, package=package)
    ]
    folder = winner and os.path.dirname(winner)
    stamp = (winner and read_stamp(os.path.dirname(os.path.dirname(winner)))) or read_stamp(package)
    runtime_folders = _runtime_folders(winner or os.path.join(package, "lib", ""), host)
    if not error and (old := old_runtime(runtime_folders, stamp)):
        notes.append(old)
    return {
        "schema_version": 1,
        "host": {"system": host.system, "machine": host.machine},
        "candidates": listed,
        "winner": None if error else winner,
        "adds_folder": None if error else folder,
        "error": error
        and {
            "cause": error.cause,
            "culprit": error.culprit,
            "reason": error.reason,
            "fix": error.fix,
        },
        "notes": notes,
        "installed": {"tvm": version("tvm"), "tvm_ffi": version("tvm_ffi")},
        "runtimes": runtime_copies(runtime_folders, []),
        "stamp": stamp or None,
    }


def _of(verdict: Verdict, error: LibraryLoadError | None, wins: bool, field: str) -> str | None:  # noqa: FBT001
    source: object = error if error is not None and wins else verdict
    return str(getattr(source, field)) or None


def _fault(path: str, host: Host) -> Verdict | None:
    """Judge what choosing leaves to the loader: all that the winner needs, and TVM's version."""
    require_version(version("tvm"), wanted_tvm(path), path, exact=True)
    folders = library_folders()
    if fault := first_fault(path, host, folders):
        return fault
    return judge_mutex(closure(path, host, folders), None) if host.system == "windows" else None


def _runtime_folders(path: str, host: Host) -> Sequence[str]:
    """List where the loader looks for Microsoft's C++ runtime, in its order."""
    if host.system != "windows":
        return []
    return search_order(path, library_folders(), host)


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
    lines += [f"note: {note}" for note in facts["notes"]]
    if facts["winner"]:
        lines.append(f"folder added to the search: {facts['adds_folder']}")
    if error := facts["error"]:
        lines += [f"nothing can be loaded: {error['reason']}", f"fix: {error['fix']}"]
    lines += facts["runtimes"]
    found = [f"{name} {number}" for name, number in facts["installed"].items() if number]
    lines.append(f"installed: {', '.join(found) or 'no distribution of tvm or tvm_ffi'}")
    lines.append(_built(facts["stamp"]))
    return "\n".join(lines)


def _built(stamp: Mapping[str, Any] | None) -> str:
    if not stamp:
        return "built: no stamp (_build.json) beside the package"
    sources = stamp.get("sources")
    pins = [
        f"{source.get('name')} {source.get('version') or str(source.get('commit'))[:12]}"
        for source in (sources if isinstance(sources, list) else ())
        if isinstance(source, dict)
    ]
    how = f"built: {stamp.get('configuration')}, {stamp.get('generator')}"
    return "; ".join([how, *([", ".join(pins)] if pins else [])])


def main(words: Sequence[str]) -> int:
    """Print the answer; exit 0 where a good library was found, 1 where none, 2 for wrong use."""
    import argparse  # noqa: PLC0415

    parser = argparse.ArgumentParser(
        allow_abbrev=False,
        prog="python -m mlc_llm.libinfo",
        description="Show which native library mlc_llm would load and why. Loads nothing.",
    )
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.add_argument(
        "--load",
        action="store_true",
        help="load the winner too, in a child process, and name the library that fails",
    )
    options = parser.parse_args(words)
    facts = answer(this_host(), os.environ)
    if options.load and facts["winner"]:
        from mlc_llm._locator.trial import try_load  # noqa: PLC0415

        facts["load"] = try_load(facts["winner"], this_host())
    text = as_json(facts) if options.json else as_text(facts)
    if "load" in facts and not options.json:
        text += "\n" + facts["load"]["text"]
    print(text.encode(errors="backslashreplace").decode())  # noqa: T201 - this is the answer
    return 0 if facts["winner"] and facts.get("load", {"good": True})["good"] else 1
