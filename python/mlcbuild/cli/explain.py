"""``mlcbuild explain``: what a code, a rule or pasted error lines mean, why, and what to run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import Exit, InputError, UsageError

if TYPE_CHECKING:
    import argparse

    from mlcbuild.explain import Answer, Explanation

_EPILOG: Final = """\
WHAT is a Win32 code, an HRESULT or an NTSTATUS (decimal, negative or 0x...),
the name of a code, the id of a rule or of a check, or lines of an error: a
traceback, CMake, the linker, Cargo, pip.

examples:
  mlcbuild explain 1114
  mlcbuild explain -1073741795
  mlcbuild explain mutex-abi
  mlcbuild explain "[WinError 126] The specified module could not be found"
  mlcbuild explain build.log
  pip wheel . 2>&1 | mlcbuild explain -

exit codes: 0 explained, 1 nothing known about it, 2 wrong use, 3 cannot be read
"""
_WIDTH: Final = 96
_LABEL: Final = 10
#: Characters shown of a log line.
_LINE: Final = 76
#: Explanations in the text form; a log can have many. --json has all.
_MOST: Final = 4
#: Bytes of a log that are read, from its beginning, where a build's first error is.
_LONGEST: Final = 200_000_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "what",
        nargs="*",
        metavar="WHAT",
        help="a code, a rule, an error text, or the file of a log; - reads stdin",
    )
    parser.add_argument("--json", action="store_true", help="report as JSON")


def run(args: argparse.Namespace) -> int:
    """Explain; return 1 where nothing is known. Raises ``UsageError`` without input."""
    text = _text(args.what)
    if not text.strip():
        raise UsageError(
            "nothing to explain", remedy="pass a code or an error text, or - for stdin"
        )
    from mlcbuild.explain import explain  # noqa: PLC0415 - --help needs none of it

    answer = explain(text)
    if args.json:
        import json  # noqa: PLC0415 - only this form needs it

        print(json.dumps(answer.table(), indent=2))
    else:
        _print(answer, lines=text.strip().count("\n") + 1, everything=args.verbose)
    if not answer.explanations:
        _say_unknown(text, answer)
        return Exit.FINDINGS
    return Exit.GOOD


def _text(what: list[str]) -> str:
    if what in (["-"], []):
        return _stdin()
    if len(what) == 1 and (log := _log(what[0])) is not None:
        return log
    return " ".join(what)


def _stdin() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    try:
        return _decoded(sys.stdin.buffer.read(_LONGEST))
    except OSError as error:
        raise InputError(
            f"stdin: {error.strerror}", remedy="pass the text as an argument"
        ) from error


def _log(name: str) -> str | None:
    """Return the contents of a file with a log's suffix; None for another argument."""
    from pathlib import Path  # noqa: PLC0415 - only where one argument was given

    if not name.lower().endswith((".log", ".txt", ".out", ".yaml")) or "\n" in name:
        return None
    try:
        with Path(name).open("rb") as file:
            return _decoded(file.read(_LONGEST))
    except OSError as error:
        raise InputError(f"{name}: {error.strerror}", remedy="name the file of a log") from error


def _decoded(data: bytes) -> str:
    """Decode a log: UTF-16 from PowerShell's >, else UTF-8 or a compiler's code page."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        from mlcbuild.explain.wordings import decoded  # noqa: PLC0415 - reads TOML

        return "\n".join(decoded(data.splitlines()))


def _print(answer: Answer, *, lines: int, everything: bool) -> None:
    shown = answer.explanations if everything else answer.explanations[:_MOST]
    for index, each in enumerate(shown):
        if index:
            print()
        _print_one(each, lines=lines)
    left = len(answer.explanations) - len(shown)
    if left:
        print(f"\n{left} more: -v shows them")


def _print_one(each: Explanation, *, lines: int) -> None:
    from textwrap import fill  # noqa: PLC0415 - not for --json

    rows = [("", f"{each.id}: {each.title}")]
    if each.line and lines > 1:
        rows.append((f"line {each.line.number}", _short(each.line.text)))
    if each.also_written:
        rows.append(("also", ", ".join(each.also_written)))
    rows.append(("means", each.meaning))
    for number, cause in enumerate(each.causes, 1):
        label = ("fix" if each.kind == "rule" else "causes") if number == 1 else ""
        rows.append((label, cause if len(each.causes) == 1 else f"{number}. {cause}"))
    rows.append(("sources", "; ".join(each.sources)))
    rows.append(("run", each.run))
    for position, (label, line) in enumerate(rows):
        first = "" if position == 0 else f"  {label:{_LABEL}}"
        later = " " * (_LABEL + 2)
        if label == "run":  # commands stay on one line, for copying
            print(first + line.replace("\n", "\n" + later))
        else:
            print(fill(line, _WIDTH, initial_indent=first, subsequent_indent=later,
                       break_long_words=False, break_on_hyphens=False))  # fmt: skip


def _say_unknown(text: str, answer: Answer) -> None:
    first = answer.first_error
    where = f"line {first.number}: " if first and text.strip().count("\n") else ""
    words = first.text if first else text
    print(
        f"mlcbuild explain: not known: {where}{_short(words)}\n"
        "This is the first error line: search for its words without paths and names.\n"
        if first
        else f"mlcbuild explain: nothing known about: {_short(words)}\n"
        "Look for the first line with error, fatal or failed, and pass the whole log: "
        "mlcbuild explain build.log.\n",
        "To examine a DLL or wheel: mlcbuild check PATH; the machine: mlcbuild doctor.",
        sep="",
        file=sys.stderr,
    )


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LINE else words[: _LINE - 3] + "..."
