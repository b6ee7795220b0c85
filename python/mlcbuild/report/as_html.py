"""One HTML file without scripts or network: findings, the dependency graph, every image."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from mlcbuild import __version__
from mlcbuild.errors import UsageError
from mlcbuild.report.graph import BOX_HEIGHT, BOX_WIDTH, layout
from mlcbuild.report.groups import grouped, summary_line, verdict_line

if TYPE_CHECKING:
    from mlcbuild.report.model import Report, Target

__all__ = ["render"]

_WORST = ("fails", "may-fail", "loads")


def render(report: Report) -> str:
    """Return the report as one HTML page; ASCII, with references for all other characters.

    Raises ``UsageError`` where jinja2 is not installed (it is the extra ``report``).
    """
    try:
        from jinja2 import Environment  # noqa: PLC0415 - an extra, needed by this form only
    except ImportError as error:
        raise UsageError(
            "the HTML form needs jinja2", remedy='pip install "mlcbuild[report]"'
        ) from error

    source = files("mlcbuild.report").joinpath("templates/check.html").read_text(encoding="utf-8")
    # Names of files come from strangers: everything is escaped.
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page = environment.from_string(source).render(
        title=", ".join(target.name for target in report.targets),
        summary=summary_line(report),
        version=__version__,
        targets=[_target(target) for target in report.targets],
        box_width=BOX_WIDTH,
        box_height=BOX_HEIGHT,
    )
    return page.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _target(target: Target) -> dict[str, object]:
    word, detail = verdict_line(target)
    return {
        "name": target.name,
        "outcome": target.outcome,
        "word": word,
        "detail": detail,
        "remedy": target.remedy,
        "groups": grouped(target.findings),
        "graph": layout(target),
        "modules": sorted(target.modules, key=lambda module: _WORST.index(module.load.verdict)),
    }
