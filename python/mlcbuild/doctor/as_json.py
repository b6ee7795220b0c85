"""The JSON form (schema: ``schemas/doctor-1.json``), a stable interface for scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from mlcbuild import __version__

if TYPE_CHECKING:
    from mlcbuild.doctor.check import Examination

SCHEMA_VERSION: Final = 1
_FIELDS: Final = ("id", "title", "category", "status", "finding", "evidence", "fix", "seconds")


def render(examination: Examination, *, extra: dict[str, Any] | None = None) -> str:
    """Return indented ASCII JSON, which any console can show, with a final newline."""
    return json.dumps({**table(examination), **(extra or {})}, indent=2) + "\n"


def table(examination: Examination) -> dict[str, Any]:
    """Return the examination as plain dictionaries and lists."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "mlcbuild", "version": __version__},
        "machine": examination.machine,
        "checks": [
            {name: getattr(result, name) for name in _FIELDS}
            | {"evidence": list(result.evidence), "seconds": round(result.seconds, 3)}
            for result in examination.results
        ],
        "summary": {"status": examination.status, **examination.summary},
    }
