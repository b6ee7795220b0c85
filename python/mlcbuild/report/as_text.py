"""The text form: the verdict first, then each fault once, on one screen.

Lines are made of (style, text) pieces. Plain output joins the texts; a terminal colours them. The
wording is ASCII, so that any console can show it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, TextIO

from mlcbuild.errors import Exit
from mlcbuild.foreign import one_line
from mlcbuild.redaction import redacted
from mlcbuild.report.groups import (
    Group,
    conditions,
    count,
    grouped,
    names,
    summary_line,
    verdict_line,
)

if TYPE_CHECKING:
    from mlcbuild.report.result import Module, Report, Target

#: Pieces of one line: (rich style or empty, text).
Line = tuple[tuple[str, str], ...]

_STYLES: Final = {
    "good": "bold green",
    "warnings": "bold yellow",
    "may-fail": "bold yellow",
    "fails": "bold red",
    "unreadable": "bold red",
    "error": "red",
    "warning": "yellow",
    "note": "cyan",
}

_SCREEN_GROUPS: Final = 6
_SCREEN_CHAINS: Final = 4


def render(report: Report, *, verbose: bool = False) -> str:
    """Return the plain text of a report."""
    return "".join(
        "".join(text for _, text in line).rstrip() + "\n" for line in lines(report, verbose=verbose)
    )


def print_rich(report: Report, stream: TextIO, *, verbose: bool = False) -> None:
    """Print the lines in colour; long ones wrap at the terminal's width."""
    from rich.console import Console  # noqa: PLC0415 - a piped run must not pay for it
    from rich.text import Text  # noqa: PLC0415

    console = Console(file=stream, highlight=False, soft_wrap=True)
    for line in lines(report, verbose=verbose):
        console.print(Text.assemble(*((text, style) for style, text in line)))


def lines(report: Report, *, verbose: bool = False) -> Iterator[Line]:
    """Yield the lines of a report, without line ends or control sequences.

    File and DLL names come from strangers: escape sequences in them must not reach a terminal.
    """
    for line in _lines(report, verbose=verbose):
        yield tuple((style, redacted(one_line(text))) for style, text in line)


def _lines(report: Report, *, verbose: bool) -> Iterator[Line]:
    for target in report.targets:
        if not target.error:
            yield from _target(target, verbose=verbose)
            yield ()
    text = summary_line(report)
    unreadable = sum(1 for target in report.targets if target.error)
    if unreadable:
        text += f"; {count(unreadable, 'target')} could not be read"
    if report.strict and report.exit_code == Exit.FINDINGS and not report.summary["errors"]:
        text += "; warnings fail because of --strict"
    yield (("bold", text),)


def _target(target: Target, *, verbose: bool) -> Iterator[Line]:
    word, detail = verdict_line(target)
    yield ((_STYLES[target.outcome], word), ("bold", f"  {target.name}"))
    yield (("", f"  {detail}"),)
    for condition in conditions(target):
        yield (("yellow", f"  {condition}"),)
    troubled = [module for module in target.modules if module.load.verdict != "loads"]
    troubled.sort(key=lambda module: module.optional)
    shown = troubled if verbose else troubled[:_SCREEN_CHAINS]
    for module in shown:
        yield from _module(module)
    yield from _more(len(troubled) - len(shown), "image that does not load", "images that do not")
    if verbose:
        for module in target.modules:
            yield from _needs(module)
    groups = grouped(target.findings)
    shown_groups = groups if verbose else groups[:_SCREEN_GROUPS]
    for group in shown_groups:
        yield from _group(group, verbose=verbose)
    left = sum(group.count for group in groups[len(shown_groups) :])
    yield from _more(left, "finding", "findings")


def _module(module: Module) -> Iterator[Line]:
    load = module.load
    style = "red" if load.verdict == "fails" else "yellow"
    verb = "WinError" if load.verdict == "fails" else "may fail, WinError"
    if module.optional:
        style, verb = "dim", f"optional, {verb}"
    yield (("", f"  {module.path}  "), (style, f"{verb} {load.winerror}"))
    if len(load.chain) > 1:
        yield (("dim", f"    {' -> '.join(load.chain)}"),)
    elif load.reason:
        yield (("dim", f"    {load.reason}"),)


def _needs(module: Module) -> Iterator[Line]:
    toolset = f", toolset {module.toolset}" if module.toolset else ""
    machine = "any machine" if module.managed else module.machine
    yield (("", f"  {module.path}: {machine}, {module.crt} C runtime{toolset}"),)
    for need in module.load.needs:
        if need.direct:
            late = " (delay-loaded)" if need.delayed else ""
            place = f" {need.path}" if need.path else ""
            yield (("dim", f"    {need.name} <- {need.origin}{place}{late}"),)


def _group(group: Group, *, verbose: bool) -> Iterator[Line]:
    where = names(group.modules, at_most=len(group.modules) if verbose else 2)
    yield (
        (_STYLES[group.severity], f"  {group.severity}"),
        ("bold", f" {group.rule}" + (f" ({group.count})" if group.count > 1 else "")),
        ("", f"  {where}"),
    )
    yield (("", f"    {group.message}"),)
    if group.fix:
        yield (("dim", f"    fix: {group.fix}"),)


def _more(number: int, one: str, many: str) -> Iterator[Line]:
    if number > 0:
        yield (("dim", f"  ... {number} more {one if number == 1 else many} (-v shows all)"),)
