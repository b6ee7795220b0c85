"""A trace as text and as JSON, from one object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.jsontext import headed
from mlcbuild.trace.words import fault_words

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Load
    from mlcbuild.trace.result import Trace

_STAGES: Final = {
    "not-found": "a DLL is not found",
    "image": "the file is not an image for this process",
    "export": "a symbol is not exported",
    "init": "an initialiser failed",
    "access": "the file may not be mapped",
    "search": "it is not found by its name",
    "python": "the import failed in Python",
}


def table(found: Trace) -> dict[str, Any]:
    """Return the JSON form, as ``schemas/trace-1.json`` describes it."""
    fault = found.fault
    end = found.exit
    facts = {
        "target": found.target,
        "host": {"system": found.host, "python": found.python},
        "verdict": "loads" if found.loads else "fails",
        "stage": found.stage,
        "culprit": found.culprit or None,
        "importer": found.importer or None,
        "missing": list(found.missing),
        "winerror": found.winerror,
        "cause": found.cause or None,
        "reason": found.reason,
        "fix": found.fix,
        "observed": {
            "winerror": found.observed,
            "exception": None
            if fault is None
            else {
                "code": f"0x{fault.code:08X}",
                "module": fault.module,
                "rva": fault.rva,
                "says": fault.says or None,
            },
            "exit": None if end is None else asdict(end) | {"seconds": round(end.seconds, 1)},
            "loaded": list(found.loaded),
        },
        "predicted": _prediction(found.prediction),
        "not_observed": list(found.predicted),
        "notes": list(found.notes),
        "log": [asdict(line) for line in found.log],
    }
    return headed(facts)


def _prediction(prediction: Load | None) -> dict[str, Any] | None:
    if prediction is None:
        return None
    facts = {name: getattr(prediction, name) for name in ("verdict", "winerror", "reason")}
    return facts | {"chain": list(prediction.chain)}


def lines(found: Trace, *, verbose: bool) -> Iterator[str]:
    """Yield the text form."""
    yield f"{'LOADS' if found.loads else 'FAILS'}  {found.target}"
    yield f"  on       {found.host}, Python {found.python}"
    if not found.loads:
        yield f"  why      {found.reason}"
        if found.stage is not None:
            yield f"  stage    {found.stage}: {_STAGES[found.stage]}"
        if found.culprit:
            yield f"  at fault {found.culprit}"
        if found.importer:
            yield f"  for      {found.importer}"
        yield f"  code     {_code(found)}"
        if found.fault is not None:
            yield f"  raised   {fault_words(found.fault)}"
        if found.cause:
            yield f"  rule     {found.cause}"
        if found.predicted:
            yield f"  not seen here, but follows from the files: {', '.join(found.predicted)}"
        if found.fix:
            yield f"  fix      {found.fix}"
    for note in found.notes:
        yield f"  note     {note}"
    if verbose:
        for path in found.loaded:
            yield f"  loaded   {path}"
    for line in found.log:
        yield f"  log      {line.kind:9} {line.text}"


def _code(found: Trace) -> str:
    """Return Windows' number and what this loader said where that differs."""
    parts = [f"WinError {found.winerror}" if found.winerror else ""]
    if found.exit is not None:
        said = "time limit" if found.exit.timed_out else f"exit code 0x{found.exit.code:X}"
        parts.append(f"the process ended ({said})")
    elif found.observed is not None and found.observed != found.winerror:
        parts.append("this loader loads it" if found.observed == 0 else f"here {found.observed}")
    return ", ".join(part for part in parts if part) or "none"
