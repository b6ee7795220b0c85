"""The JSON form (schema: ``schemas/doctor-1.json``), a stable interface for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mlcbuild.jsontext import headed, written

if TYPE_CHECKING:
    from mlcbuild.doctor.check import Examination

_FIELDS: Final = ("id", "title", "category", "status", "finding", "evidence", "fix", "seconds")


def render(examination: Examination, *, extra: dict[str, Any] | None = None) -> str:
    """Return the examination as JSON."""
    return written({**table(examination), **(extra or {})})


def table(examination: Examination) -> dict[str, Any]:
    """Return the examination as plain dictionaries and lists."""
    checks = [
        {name: getattr(result, name) for name in _FIELDS}
        | {"evidence": list(result.evidence), "seconds": round(result.seconds, 3)}
        for result in examination.results
    ]
    summary = {"status": examination.status, **examination.summary}
    return headed({"machine": examination.machine, "checks": checks, "summary": summary})
