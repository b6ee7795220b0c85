"""The text form: a line per group, then each problem with its evidence and its fix.

The wording is ASCII only, so that any console can show it; paths may contain other characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from mlcbuild.doctor.check import CATEGORIES, Examination, Result, worst
from mlcbuild.doctor.runner import SLOW_S
from mlcbuild.foreign import one_line
from mlcbuild.redaction import redacted

_COLOURS: Final = {"ok": "32", "warn": "33", "fail": "31", "crash": "35", "skip": "2"}
_NAMES: Final = {"runtime-dlls": "runtime DLLs", "gpu": "GPU"}
#: Lines of evidence shown; ``-v`` shows all.
_EVIDENCE: Final = 6


def render(examination: Examination, *, verbose: bool = False, colour: bool = False) -> str:
    """Return the text of an examination, with a final newline."""
    paint = _painted if colour else _plain
    lines = []
    for category in CATEGORIES:
        results = [r for r in examination.results if r.category == category and r.applies]
        lines += [
            (paint(status, text), rest)
            for status, text, rest in _group(category, results, verbose=verbose)
        ]
    problems = [result for result in examination.results if result.problem]
    if len(problems) > 1:
        lines.append(("", "fix these in this order; earlier fixes may resolve later problems"))
    for result in problems:
        lines += [(paint(s, text), rest) for s, text, rest in _result(result, verbose=verbose)]
    body = "".join(f"{head}{redacted(one_line(rest))}".rstrip() + "\n" for head, rest in lines)
    return body + paint(examination.status, _last_line(examination)) + "\n"


def _plain(_status: str, text: str) -> str:
    return text


def _painted(status: str, text: str) -> str:
    return f"\x1b[{_COLOURS[status]}m{text}\x1b[0m" if status and text.strip() else text


def _group(
    category: str, results: Sequence[Result], *, verbose: bool
) -> Iterator[tuple[str, str, str]]:
    """Yield (status for the colour, coloured text, plain text) of each line."""
    looked = [result for result in results if result.status != "skip"]
    if not looked:
        return
    status = worst(result.status for result in results)
    name = _NAMES.get(category, category)
    problems = [result for result in looked if result.problem]
    number = f"{len(looked)} {'check' if len(looked) == 1 else 'checks'}"
    tail = f", {len(problems)} to look at" if problems else ""
    yield status, f"{status:6}", f"{name}: {number}{tail}"
    for result in results:
        if verbose and not result.problem:
            yield from _result(result, verbose=verbose)
        elif result.seconds > SLOW_S and not result.problem:
            yield "", "", f"        {result.id} took {result.seconds:.0f} s"


def _result(result: Result, *, verbose: bool) -> Iterator[tuple[str, str, str]]:
    slow = f" (took {result.seconds:.0f} s)" if result.seconds > SLOW_S else ""
    yield result.status, f"  {result.status:6}", f"{result.id}: {result.finding}{slow}"
    shown = result.evidence if verbose else result.evidence[:_EVIDENCE]
    for line in shown:
        yield "", "", f"          {line}"
    if len(result.evidence) > len(shown):
        yield "", "", f"          ... {len(result.evidence) - len(shown)} more (-v shows all)"
    if result.fix:
        for index, line in enumerate(result.fix.splitlines()):
            yield "", "", f"          {'fix: ' if index == 0 else '     '}{line}"


def _last_line(examination: Examination) -> str:
    counts = examination.summary
    if examination.status in ("ok", "skip"):
        return f"ready to {examination.purpose}"
    bad = counts["fail"] + counts["crash"]
    warnings = f"{counts['warn']} {'warning' if counts['warn'] == 1 else 'warnings'}"
    if not bad:
        return f"ready to {examination.purpose}, with {warnings}"
    return f"not ready: {bad} {'problem' if bad == 1 else 'problems'}" + (
        f", {warnings}" if counts["warn"] else ""
    )
