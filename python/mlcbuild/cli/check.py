"""``mlcbuild check``: predict whether Windows will load it, judge it, report it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import Exit, UsageError
from mlcbuild.report import FORMATS, render

if TYPE_CHECKING:
    import argparse

    from mlcbuild.report.result import Report

_EPILOG: Final = """\
TARGET is a .whl, a .dll, .pyd or .exe, a folder (a site-packages too),
installed:NAME, or pypi:NAME[==VERSION] for a wheel of the package index.
Defaults come from [tool.mlcbuild.check] in ./pyproject.toml.

examples:
  mlcbuild check dist/pkg-1.0-cp311-cp311-win_amd64.whl
  mlcbuild check user.dll --add-dir C:/tools/bin --msvcp140 14.29
  mlcbuild check mlc_llm.whl --with apache_tvm.whl --with pypi:apache-tvm-ffi

exit codes: 0 good, 1 findings (errors; with --strict warnings too), 2 wrong
use, 3 a target cannot be read
"""
_HELP: Final = {
    "with": "also installed, a TARGET (repeatable)",
    "with-deps": "with what it requires of the package index",
    "add-dir": "as if given to os.add_dll_directory()",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options. Defaults are None: only given options override pyproject.toml."""
    parser.epilog = _EPILOG
    add = parser.add_argument
    add("targets", nargs="*", metavar="TARGET")
    add("--with", dest="companions", action="append", metavar="TARGET", help=_HELP["with"])
    add("--with-deps", action="store_true", default=None, help=_HELP["with-deps"])
    add("--add-dir", dest="add_dirs", action="append", metavar="DIR", help=_HELP["add-dir"])
    add("--python", metavar="VERSION", help="of the Python that loads it, as 3.12")
    add(
        "--python-dir",
        metavar="DIR",
        help="model this Python installation",
    )
    add("--system-dir", metavar="DIR", help="a real System32 (default: Windows 10's)")
    add("--conda", action="store_true", default=None, help="use conda's search order")
    add("--msvcp140", metavar="VERSION", help="of the machine's msvcp140.dll, or none")
    add("--ignore", action="append", metavar="RULE[:PATH]", help="skip a rule (repeatable)")
    add("--strict", action="store_true", default=None, help="treat warnings as failures")
    add("--format", choices=FORMATS, metavar="FORM", help=", ".join(FORMATS))
    add("--json", dest="format", action="store_const", const="json", help="same as --format json")
    add("-o", "--output", type=Path, metavar="FILE", help="write the report to FILE")
    add("--list-rules", action="store_true", help="list the rules and stop")


def run(args: argparse.Namespace) -> int:
    """Check every target and print one report. Returns the exit code of the report."""
    if args.list_rules:
        return _list_rules(as_json=args.format == "json")
    from mlcbuild.check import check  # noqa: PLC0415 - --help and --list-rules need none of it
    from mlcbuild.check.settings import settings_from  # noqa: PLC0415

    settings = settings_from(vars(args), Path("pyproject.toml"))
    if not args.targets:
        raise UsageError("nothing to check", remedy="name a wheel, a DLL, a folder or pypi:NAME")
    report = check(args.targets, settings)
    for target in report.targets:
        if target.error:
            remedy = f": {target.remedy}" if target.remedy else ""
            from mlcbuild.foreign import one_line  # noqa: PLC0415

            line = one_line(f"mlcbuild check: error: {target.error}{remedy}")
            print(line, file=sys.stderr)
    if args.output is not None:
        from mlcbuild.report.write import write_output  # noqa: PLC0415

        write_output(args.output, render(report, settings.format, verbose=True))
        _show(report, "text", verbose=args.verbose)
    else:
        _show(report, settings.format, verbose=args.verbose)
    return report.exit_code


def _show(report: Report, form: str, *, verbose: bool) -> None:
    """Print the report; the text form is coloured on a terminal."""
    if form == "text" and sys.stdout.isatty():
        from mlcbuild.report.as_text import print_rich  # noqa: PLC0415
        from mlcbuild.streams import styled  # noqa: PLC0415

        print_rich(report, styled(sys.stdout), verbose=verbose)
        return
    sys.stdout.write(render(report, form, verbose=verbose))


def _list_rules(*, as_json: bool) -> int:
    from mlcbuild.rules import all_rules  # noqa: PLC0415

    if as_json:
        import json  # noqa: PLC0415

        fields = ("id", "severity", "title", "why", "source", "fix")
        rules = [{field: getattr(rule, field) for field in fields} for rule in all_rules()]
        print(json.dumps({"schema_version": 1, "rules": rules}, indent=2))
        return Exit.GOOD
    for rule in all_rules():
        print(f"{rule.id:27}{rule.title}\n{'':27}{rule.severity}")
    return Exit.GOOD
