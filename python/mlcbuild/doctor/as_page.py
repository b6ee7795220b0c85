"""The report to share: Markdown for a bug report, HTML for a mail. Redact it first."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

from mlcbuild import __version__
from mlcbuild.doctor.check import CATEGORIES, worst
from mlcbuild.foreign import markdown_block, markdown_text, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.doctor.check import Examination, Result

__all__ = ["FORMS", "render"]

_STYLE: Final = """\
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;
padding:0 1rem;color:#1f2328}
table{border-collapse:collapse}td,th{padding:.2rem .8rem;
border-bottom:1px solid #d1d9e0;text-align:left}
pre{background:#f6f8fa;padding:.6rem;overflow:auto}.ok{color:#1a7f37}.warn{color:#9a6700}
.fail,.crash{color:#cf222e}.skip{color:#59636e}h3{margin-bottom:.2rem}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#f0f6fc}pre{background:#151b23}}
"""


def render(examination: Examination, form: str) -> str:
    """Return a page; ``form`` is ``md`` or ``html``."""
    return _FORMS[form](examination)


def _groups(examination: Examination) -> Iterator[tuple[str, str, int, int]]:
    """Yield group, status, number of checks and of problems."""
    for category in CATEGORIES:
        results = [r for r in examination.results if r.category == category and r.status != "skip"]
        if results:
            status = worst(result.status for result in results)
            yield category, status, len(results), sum(result.problem for result in results)


def _markdown(examination: Examination) -> str:
    lines = [
        "### mlcbuild doctor",
        "",
        f"mlcbuild {__version__} on {examination.machine}: **{examination.status}**",
        "",
        "| group | status | checks | to look at |",
        "| --- | --- | --- | --- |",
        *(f"| {' | '.join(map(str, row))} |" for row in _groups(examination)),
        "",
    ]
    for result in examination.results:
        if result.problem:
            lines += [f"#### {result.status}: `{result.id}`", "", markdown_text(result.finding), ""]
            if result.evidence:
                lines += markdown_block(list(result.evidence))
            lines += ["Fix:", "", *markdown_block(result.fix.splitlines())]
    lines += ["<details><summary>All checks</summary>", ""]
    lines += [
        f"- {r.status} `{r.id}`: {markdown_text(r.finding)}"
        for r in examination.results
        if r.applies
    ]
    return "\n".join([*lines, "", "</details>", ""])


def _escape(text: str) -> str:
    return html.escape(visible(text))


def _html(examination: Examination) -> str:
    text = _escape
    rows = "".join(
        f'<tr><td>{group}<td class="{status}">{status}<td>{number}<td>{problems}</tr>'
        for group, status, number, problems in _groups(examination)
    )
    problems = "".join(_problem(result) for result in examination.results if result.problem)
    checks = "".join(
        f'<li><span class="{r.status}">{r.status}</span> <code>{text(r.id)}</code>: '
        f"{text(r.finding)}</li>"
        for r in examination.results
        if r.applies
    )
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>mlcbuild doctor</title>'
        f"<style>\n{_STYLE}</style>\n<h1>mlcbuild doctor</h1>"
        f"<p>mlcbuild {text(__version__)} on {text(examination.machine)}: "
        f'<b class="{examination.status}">{examination.status}</b></p>\n'
        "<table><tr><th>group<th>status<th>checks<th>to look at</tr>"
        f"{rows}</table>\n{problems}\n"
        f"<details><summary>All checks</summary><ul>{checks}</ul></details></html>\n"
    )


def _problem(result: Result) -> str:
    evidence = _escape("\n".join(result.evidence))
    return (
        f'<h3><span class="{result.status}">{result.status}</span> '
        f"<code>{_escape(result.id)}</code></h3><p>{_escape(result.finding)}</p>"
        + (f"<pre>{evidence}</pre>" if evidence else "")
        + f"<p>Fix:</p><pre>{_escape(result.fix)}</pre>\n"
    )


_FORMS: Final = {"md": _markdown, "html": _html}
#: Output file suffix -> form.
FORMS: Final[tuple[str, ...]] = tuple(_FORMS)
