"""Markdown for a CI job's summary or an issue: a verdict and a table of findings per target."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlcbuild.foreign import markdown_code, markdown_text
from mlcbuild.report.groups import conditions, grouped, names, summary_line, verdict_line

if TYPE_CHECKING:
    from mlcbuild.report.result import Report, Target

_MODULES_SHOWN = 3

_code = functools.partial(markdown_code, cell=True)
_text = functools.partial(markdown_text, cell=True)


def render(report: Report) -> str:
    """Return the report as GitHub-flavoured Markdown."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield "## mlcbuild check"
    for target in report.targets:
        yield ""
        yield from _target(target)
    yield ""
    yield f"{summary_line(report)}."


def _target(target: Target) -> Iterator[str]:
    word, detail = verdict_line(target)
    yield f"### {word}: {markdown_code(target.name)}"
    yield ""
    for text in (detail, *conditions(target)):
        yield f"{markdown_text(text)}."
    if target.remedy:
        yield f"{markdown_text(target.remedy)}."
    troubled = [module for module in target.modules if module.load.verdict != "loads"]
    if troubled:
        yield ""
        yield "| image | verdict | chain |"
        yield "| --- | --- | --- |"
        for module in troubled:
            load = module.load
            chain = " → ".join(map(_code, load.chain)) or _text(load.reason)
            verdict = f"{load.verdict}, WinError {load.winerror}"
            yield f"| {_code(module.path)} | {verdict} | {chain} |"
    if target.findings:
        yield ""
        yield "| severity | rule | modules | finding | fix |"
        yield "| --- | --- | --- | --- | --- |"
        for group in grouped(target.findings):
            where = names(tuple(map(_code, group.modules)), at_most=_MODULES_SHOWN)
            yield (
                f"| {group.severity} | {group.rule} | {where} "
                f"| {_text(group.message)} | {_text(group.fix)} |"
            )
