"""Find the answer of ``python -m mlc_llm.libinfo``: the candidates, and what is loaded."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

from mlc_llm._locator import PACKAGE
from mlc_llm._locator.choose import candidates, choose
from mlc_llm._locator.errors import LibraryLoadError
from mlc_llm._locator.identity import is_ours, not_ours
from mlc_llm._locator.installed import require_packages, version
from mlc_llm._locator.left_out import VARIABLE
from mlc_llm._locator.mutex import old_runtime
from mlc_llm._locator.predict import predict
from mlc_llm._locator.records import forget, read_stamp
from mlc_llm._locator.runtimes import runtime_copies
from mlc_llm._locator.search import Search
from mlc_llm._locator.steps import added_folders
from mlc_llm._locator.trial import try_import
from mlc_llm._locator.unfit import lacking, missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlc_llm._locator import Host
    from mlc_llm._locator.judge import Verdict

#: Where nothing is known of an error but its words.
_SEE = 'python -c "import mlc_llm" shows the whole error'

__all__ = ["answer"]


def answer(
    host: Host,
    environment: Mapping[str, str],
    *,
    package: str = PACKAGE,
    try_it: bool = False,
) -> dict[str, Any]:
    """Judge every candidate, and what the import meets with the best; ``try_it``: in a child too.

    Nothing is loaded into this process.
    """
    package = os.fspath(package)
    forget()
    notes: list[str] = []
    winner, error = _chosen(host, environment, package, notes)
    used = ""
    if winner is not None:
        error, used = _met(winner, host, environment, notes)
    tried = _tried(winner, host, environment, notes) if try_it and winner else None
    if winner and tried is not None:
        error = _after(tried, winner, error, notes)
    refused = error is not None
    listed = [
        {
            "path": candidate.path,
            "origin": candidate.origin,
            "good": candidate.verdict.good and not (refused and candidate.path == winner),
            "cause": _of(candidate.verdict, error, candidate.path == winner, "cause"),
            "reason": _of(candidate.verdict, error, candidate.path == winner, "reason"),
            "fix": _of(candidate.verdict, error, candidate.path == winner, "fix"),
        }
        for candidate in candidates("mlc_llm", host, environment, package=package)
    ]
    folder = winner and os.path.dirname(winner)
    stamp = (winner and read_stamp(os.path.dirname(os.path.dirname(winner)))) or read_stamp(package)
    if not refused and (old := old_runtime(used, stamp)):
        notes.append(old)
    return {
        "schema_version": 1,
        "host": {"system": host.system, "machine": host.machine},
        "candidates": listed,
        "winner": None if refused else winner,
        "adds_folder": None if refused else folder,
        "error": error
        and {
            "cause": error.cause,
            "culprit": error.culprit,
            "reason": error.reason,
            "fix": error.fix,
        },
        "notes": notes,
        "installed": {"tvm": version("tvm"), "tvm_ffi": version("tvm_ffi")},
        "runtimes": _runtimes(winner or os.path.join(package, "lib", ""), host, used),
        "load": tried,
        "stamp": stamp or None,
    }


def _skips(environment: Mapping[str, str]) -> bool:
    return environment.get(VARIABLE, "0") != "0"


def _chosen(
    host: Host, environment: Mapping[str, str], package: str, notes: list[str]
) -> tuple[str | None, LibraryLoadError | None]:
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            winner = choose("mlc_llm", host, environment, package=package).path
    except LibraryLoadError as refusal:
        return None, refusal
    notes += [str(warning.message) for warning in said]
    return winner, None


def _met(
    winner: str, host: Host, environment: Mapping[str, str], notes: list[str]
) -> tuple[LibraryLoadError | None, str]:
    """Judge what the import meets, from the files; return the msvcp140.dll that wins too."""
    if _skips(environment):
        notes.append(f"{VARIABLE} is set: the import loads no library of mlc_llm")
        return None, ""
    try:
        require_packages(winner)
        if wanted := lacking():
            raise missing(wanted, winner)
        if not is_ours(winner):
            raise not_ours(winner)
    except LibraryLoadError as refusal:
        return refusal, ""
    found = predict(winner, host, environment)
    notes += [f"TVM goes on without its compiler: {fault.reason}" for fault in found.passed]
    if found.fault is None:
        return None, found.runtime()
    fault = found.fault
    error = LibraryLoadError(
        fault.reason, path=found.path, culprit=fault.culprit, cause=fault.cause, fix=fault.fix
    )
    return error, found.runtime()


def _tried(
    winner: str, host: Host, environment: Mapping[str, str], notes: list[str]
) -> dict[str, Any] | None:
    try:
        return try_import(winner, host, environment)
    except OSError as failure:
        notes.append(f"it could not be tried, the files alone are judged: {failure}")
        return None


def _after(
    tried: Mapping[str, Any],
    winner: str,
    error: LibraryLoadError | None,
    notes: list[str],
) -> LibraryLoadError | None:
    """Let the child's import have the last word: nothing is good that does not import."""
    if tried["good"]:
        notes += [f"it imports all the same: {error.reason}"] if error else []
        return None
    if error is not None and not tried["cause"]:
        return error
    return LibraryLoadError(
        tried["reason"],
        path=winner,
        culprit=tried["culprit"],
        cause=tried["cause"] or "import-failed",
        fix=tried["fix"] or _SEE,
    )


def _of(verdict: Verdict, error: LibraryLoadError | None, wins: bool, field: str) -> str | None:  # noqa: FBT001
    source: object = error if error is not None and wins else verdict
    return str(getattr(source, field)) or None


def _runtimes(path: str, host: Host, used: str) -> list[str]:
    """List the copies of Microsoft's C++ runtime, the one that is used first."""
    if host.system != "windows":
        return []
    return runtime_copies(Search.here(host, added_folders(host)), path, used)
