"""Reports: one result object, many forms."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.report.result import Report

#: Form -> module; imported on demand.
_FORMS: Final = {
    "text": "mlcbuild.report.as_text",
    "json": "mlcbuild.report.as_json",
    "sarif": "mlcbuild.report.as_sarif",
    "html": "mlcbuild.page.of_check",
    "markdown": "mlcbuild.report.as_markdown",
}

FORMATS: Final[tuple[str, ...]] = tuple(_FORMS)


def render(report: Report, form: str, *, verbose: bool = False) -> str:
    """Return a report in one of ``FORMATS``; ``verbose`` changes the text form only."""
    module = importlib.import_module(_FORMS[form])
    text: str = module.render(report, verbose=verbose) if form == "text" else module.render(report)
    return text
