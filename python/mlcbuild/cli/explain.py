"""``mlcbuild explain``: what a rule or an error code means, why, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mlcbuild.codes import find_code, signed
from mlcbuild.errors import UsageError
from mlcbuild.rules import RULE_IDS, load_rule

if TYPE_CHECKING:
    import argparse

    from mlcbuild.codes import Code
    from mlcbuild.rules.model import Rule

__all__ = ["configure", "run"]

_EPILOG: Final = """\
examples:
  mlcbuild explain mutex-abi
  mlcbuild explain 1114
  mlcbuild explain 0xC0000142
  mlcbuild explain -- -1073741795
  mlcbuild explain "OSError: [WinError 126] The specified module could not be found"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "what", nargs="+", metavar="WHAT", help="a rule, a code in any notation, or an error text"
    )
    parser.add_argument("--json", action="store_true", help="report as JSON")


def run(args: argparse.Namespace) -> int:
    """Explain a rule or a code. Raises ``UsageError`` for what is neither."""
    text = " ".join(args.what)
    if text in RULE_IDS:
        table = _rule(load_rule(text))
    elif (code := find_code(text)) is not None:
        table = _code(code)
    else:
        raise UsageError(
            f"neither a rule nor a known code: {text}", remedy="see mlcbuild check --list-rules"
        )
    if args.json:
        import json  # noqa: PLC0415 - only this form needs it

        print(json.dumps({"schema_version": 1, **table}, indent=2, ensure_ascii=False))
        return 0
    _print(table)
    return 0


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "title": rule.title,
        "severity": rule.severity,
        "why": rule.why,
        "fix": rule.fix,
        "source": rule.source,
    }


def _code(code: Code) -> dict[str, Any]:
    notations = [str(code.number)]
    if code.kind == "NTSTATUS":
        notations = [f"0x{code.number:08X}", *notations, str(signed(code.number))]
    return {
        "code": f"{code.kind} {notations[0]}",
        "name": code.name,
        "also written": notations[1:],
        "meaning": code.meaning,
        "causes": list(code.causes),
        "run": code.run,
    }


def _print(table: dict[str, Any]) -> None:
    import textwrap  # noqa: PLC0415

    for key, value in table.items():
        lines = value if isinstance(value, list) else [value]
        if key == "causes":
            lines = [f"{number}. {line}" for number, line in enumerate(lines, 1)]
        elif isinstance(value, list):
            lines = [", ".join(value)] if value else []
        for index, line in enumerate(lines):
            label = key if index == 0 else ""
            print(textwrap.fill(line, 96, initial_indent=f"{label:14}", subsequent_indent=" " * 14))
