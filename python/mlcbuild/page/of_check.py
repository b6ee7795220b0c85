"""``mlcbuild check --format html``: that result as a page, one section per target."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from mlcbuild.page.read import Section
from mlcbuild.page.render import render as render_page
from mlcbuild.report.as_json import table

if TYPE_CHECKING:
    from mlcbuild.report.result import Report


def render(report: Report) -> str:
    """Return the report as one page, as ``mlcbuild report`` makes from the same JSON.

    Raises ``UsageError`` where jinja2 is not installed (it is the extra ``report``).
    """
    parts = [dataclasses.replace(report, targets=(target,)) for target in report.targets]
    return render_page(
        [Section(kind="check", title=part.targets[0].name, table=table(part)) for part in parts]
    )
