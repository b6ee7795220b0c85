"""Reports: one result object, many forms."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.report.model import Report

__all__ = ["FORMATS", "render"]

#: Form -> module; a form is imported when it is asked for.
_FORMS: Final = {
    "text": "as_text",
    "json": "as_json",
    "sarif": "as_sarif",
    "html": "as_html",
    "markdown": "as_markdown",
}

FORMATS: Final[tuple[str, ...]] = tuple(_FORMS)


def render(report: Report, form: str, *, verbose: bool = False) -> str:
    """Return a report in one of ``FORMATS``; ``verbose`` changes the text form only."""
    module = importlib.import_module(f"mlcbuild.report.{_FORMS[form]}")
    text: str = module.render(report, verbose=verbose) if form == "text" else module.render(report)
    return text
