"""The report to share: Markdown for a bug report, HTML for a mail. Redact it first."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Final

from mlcbuild import __version__
from mlcbuild.doctor.check import CATEGORIES, Examination, Result, worst
from mlcbuild.foreign import markdown_block, markdown_text, visible

_STYLE: Final = """\
:root{color-scheme:light dark;--page:#fff;--ink:#1f2328;--soft:#59636e;--line:#d1d9e0;
--block:#f6f8fa;--ok:#116329;--warn:#7a4d00;--bad:#a40e26}
@media screen and (prefers-color-scheme:dark){:root{--page:#0d1117;--ink:#f0f6fc;--soft:#9aa7b4;
--line:#323a44;--block:#151b23;--ok:#56d364;--warn:#e3b341;--bad:#ff8a84}}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
background:var(--page);color:var(--ink);overflow-wrap:anywhere}
table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;
border-bottom:1px solid var(--line);text-align:left}
pre{background:var(--block);padding:.6rem;margin:.4rem 0;white-space:pre-wrap}
.ok{color:var(--ok)}.warn{color:var(--warn)}.fail,.crash{color:var(--bad)}.skip{color:var(--soft)}
h2{font-size:1.1rem;margin:1.6rem 0 .2rem}p{margin:.4rem 0}
button{font:inherit;padding:.1rem .8rem;cursor:pointer}ul{padding-left:1.2rem}
"""
#: A button before each ``pre.copy``, in the paragraph that names it. What no clipboard takes is
#: left selected, ready for Ctrl+C.
COPY_SCRIPT: Final = """\
for (const text of document.querySelectorAll("pre.copy")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    let done = true;
    try { await navigator.clipboard.writeText(text.textContent); } catch {
      getSelection().selectAllChildren(text);
      done = document.execCommand("copy");
    }
    button.textContent = done ? "Copied" : "Selected: press Ctrl+C";
  });
  text.previousElementSibling.append(" ", button);
}
"""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


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
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>mlcbuild doctor</title><style>\n{_STYLE}</style></head>\n"
        "<body><main><h1>mlcbuild doctor</h1>"
        f"<p>mlcbuild {text(__version__)} on {text(examination.machine)}: "
        f'<b class="{examination.status}">{examination.status}</b></p>\n'
        "<table><thead><tr><th>group<th>status<th>checks<th>to look at</tr></thead>"
        f"<tbody>{rows}</tbody></table>\n{problems}\n"
        f"<details><summary>All checks</summary><ul>{checks}</ul></details></main>\n"
        f"<script>\n{COPY_SCRIPT}</script></body></html>\n"
    )


def _problem(result: Result) -> str:
    evidence = _escape("\n".join(result.evidence))
    return (
        f'<h2><span class="{result.status}">{result.status}</span> '
        f"<code>{_escape(result.id)}</code></h2><p>{_escape(result.finding)}</p>"
        + (f"<pre>{evidence}</pre>" if evidence else "")
        + f'<p>Fix:</p><pre class="copy">{_escape(result.fix)}</pre>\n'
    )


_FORMS: Final = {"md": _markdown, "html": _html}
#: Output file suffix -> form.
FORMS: Final[tuple[str, ...]] = tuple(_FORMS)
