"""Markdown for a CI job's summary or an issue: a verdict, then a table of findings, a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.report.groups import grouped, names, summary_line, verdict_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.report.model import Report, Target

__all__ = ["render"]

_MODULES_SHOWN = 3


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
    yield f"### {word}: {_code(target.name)}"
    yield ""
    yield f"{_cell(detail)}."
    if target.remedy:
        yield f"{_cell(target.remedy)}."
    troubled = [module for module in target.modules if module.load.verdict != "loads"]
    if troubled:
        yield ""
        yield "| image | verdict | chain |"
        yield "| --- | --- | --- |"
        for module in troubled:
            load = module.load
            chain = " → ".join(_code(link) for link in load.chain) or _cell(load.reason)
            yield (f"| {_code(module.path)} | {load.verdict}, WinError {load.winerror} | {chain} |")
    if target.findings:
        yield ""
        yield "| severity | rule | modules | finding | fix |"
        yield "| --- | --- | --- | --- | --- |"
        for group in grouped(target.findings):
            where = names(tuple(_code(m) for m in group.modules), at_most=_MODULES_SHOWN)
            yield (
                f"| {group.severity} | {group.rule} | {where} "
                f"| {_cell(group.message)} | {_cell(group.fix)} |"
            )


def _cell(text: str) -> str:
    """Escape what would end a cell or start markup; file names come from strangers."""
    for mark in "\\|`*_<>[]":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def _code(text: str) -> str:
    """Return a code span that no back-tick or bar inside can break."""
    clean = " ".join(text.split()).replace("|", "\\|")
    fence = "``" if "`" in clean else "`"
    space = " " if "`" in clean else ""
    return f"{fence}{space}{clean}{space}{fence}"
