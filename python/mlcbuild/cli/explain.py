"""``mlcbuild explain``: what a code, a rule or pasted error lines mean, why, and what to run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError, UsageError

if TYPE_CHECKING:
    import argparse

    from mlcbuild.explain import Answer, Explanation

__all__ = ["configure", "run"]

_EPILOG: Final = """\
WHAT is a Win32 code, an HRESULT or an NTSTATUS (decimal, negative or 0x...), the name of a code,
the id of a rule (mlcbuild check) or of a check (mlcbuild doctor), or lines of an error: a
traceback, CMake, the linker, Cargo, pip.

examples:
  mlcbuild explain 1114
  mlcbuild explain -1073741795
  mlcbuild explain mutex-abi
  mlcbuild explain "OSError: [WinError 126] The specified module could not be found"
  mlcbuild explain - < build.log

exit codes: 0 explained, 1 nothing known of it, 2 nothing was given, 3 cannot be read
"""
_WIDTH: Final = 96
_LABEL: Final = 10
#: In the text form; a pasted log can hold many. --json has all.
_MOST: Final = 4
#: Bytes of a pasted log that are looked at: its end, where a build says why it stopped.
_LONGEST: Final = 1_000_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "what", nargs="*", metavar="WHAT", help="a code, a rule, an error text; - reads stdin"
    )
    parser.add_argument("--json", action="store_true", help="report as JSON")


def run(args: argparse.Namespace) -> int:
    """Explain; return 1 where nothing is known. Raises ``UsageError`` where nothing was given."""
    text = _stdin() if args.what in (["-"], []) else " ".join(args.what)
    if not text.strip():
        raise UsageError(
            "nothing to explain", remedy="give a code or an error text, or - for stdin"
        )
    from mlcbuild.explain import explain  # noqa: PLC0415 - --help needs none of it

    answer = explain(text)
    if args.json:
        import json  # noqa: PLC0415 - only this form needs it

        print(json.dumps(answer.table(), indent=2))
    else:
        _print(answer, everything=args.verbose)
    if not answer.explanations:
        _say_unknown(text)
        return 1
    return 0


def _stdin() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    try:
        data = sys.stdin.buffer.read()
    except OSError as error:
        raise InputError(
            f"stdin: {error.strerror}", remedy="give the text as an argument"
        ) from error
    # PowerShell's > writes UTF-16; everything else is close enough to UTF-8 for the words we know.
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return data[-_LONGEST:].decode(encoding, errors="replace")


def _print(answer: Answer, *, everything: bool) -> None:
    shown = answer.explanations if everything else answer.explanations[:_MOST]
    for index, each in enumerate(shown):
        if index:
            print()
        _print_one(each)
    left = len(answer.explanations) - len(shown)
    if left:
        print(f"\n{left} more: -v shows them")


def _print_one(each: Explanation) -> None:
    from textwrap import fill  # noqa: PLC0415 - not for --json

    rows = [("", f"{each.id}: {each.title}")]
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
        if label == "run":  # a command stays on one line, to be copied
            print(first + line)
        else:
            print(fill(line, _WIDTH, initial_indent=first, subsequent_indent=later,
                       break_long_words=False, break_on_hyphens=False))  # fmt: skip


def _say_unknown(text: str) -> None:
    words = " ".join(text.split())
    short = words if len(words) <= 60 else words[:57] + "..."  # noqa: PLR2004 - one line
    print(
        f"mlcbuild explain: nothing known of: {short}\n"
        "Give the whole line that holds the error, or the whole log: mlcbuild explain - < LOG.\n"
        "A DLL or wheel can be examined itself: mlcbuild check PATH; the machine: mlcbuild doctor.",
        file=sys.stderr,
    )
