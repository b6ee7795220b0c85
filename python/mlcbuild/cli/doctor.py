"""``mlcbuild doctor``: examine this machine: report problems, with a fix for each."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.errors import Exit, UsageError

if TYPE_CHECKING:
    from mlcbuild.doctor.check import Check, Examination
    from mlcbuild.doctor.repairs import Repaired
    from mlcbuild.doctor.system import System

_EPILOG: Final = """\
examples:
  mlcbuild doctor
  mlcbuild doctor --json > doctor.json
  mlcbuild doctor --only toolchain,long-paths
  mlcbuild doctor --trial
  mlcbuild doctor --fix --dry-run
  mlcbuild doctor -o bug.md

exit codes: 0 good, 1 a failure (with --strict a warning too), 2 wrong use,
3 a file that cannot be written
"""


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add = parser.add_argument
    add("--json", action="store_true", help="report as JSON")
    add("--list-checks", action="store_true", help="list the checks and exit")
    add("--only", type=_words, action="extend", metavar="ID,..", help="only these checks or groups")
    add("--skip", type=_words, action="extend", metavar="ID,..", help="skip these")
    add("--strict", action="store_true", help="treat warnings as failures")
    add("--network", action="store_true", help="also contact the package index and the Git host")
    add("--trial", action="store_true", help="build a small library, read it back and load it")
    add("--fix", action="store_true", help="apply safe, reversible fixes")
    add("--dry-run", action="store_true", help="with --fix: only print what would be done")
    add(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="FILE.md or FILE.html, without names",
    )
    # Scripts call it by this name.
    add("--report", dest="output", type=Path, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Examine this machine. Raises ``UsageError`` for invalid options."""
    only, skip = tuple(args.only or ()), tuple(args.skip or ())
    if args.list_checks:
        return _list(only, skip, as_json=args.json)
    if args.dry_run and not args.fix:
        raise UsageError("--dry-run requires --fix")
    form = _form(args.output)
    from mlcbuild.doctor.real import RealSystem  # noqa: PLC0415
    from mlcbuild.doctor.runner import examine  # noqa: PLC0415 - not for --list-checks

    def look() -> tuple[System, Examination]:
        system = RealSystem()
        found = examine(
            system, only=only, skip=skip, network=args.network, trial=args.trial, slow=_say_slow
        )
        return system, found

    system, examination = look()
    if not examination.results:
        raise UsageError("no checks selected", remedy="see mlcbuild doctor --list-checks")
    repaired: Sequence[Repaired] = ()
    if args.fix:
        from mlcbuild.doctor.repairs import repair  # noqa: PLC0415

        repaired = repair(examination.results, system, dry_run=args.dry_run)
        if any(one.outcome == "done" for one in repaired):
            system, examination = look()
    if form:
        _write_report(args.output, form, examination, system)
    _print(args, examination, repaired)
    return examination.exit_code(strict=args.strict)


def _print(
    args: argparse.Namespace, examination: Examination, repaired: Sequence[Repaired]
) -> None:
    if args.json:
        from mlcbuild.doctor import as_json  # noqa: PLC0415

        extra: dict[str, Any] = {}
        if args.fix:
            fields = ("id", "did", "undo", "outcome")
            extra["repairs"] = [{name: getattr(one, name) for name in fields} for one in repaired]
        sys.stdout.write(as_json.render(examination, extra=extra))
        return
    from mlcbuild.doctor import as_text  # noqa: PLC0415
    from mlcbuild.streams import styled  # noqa: PLC0415

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for one in repaired:
        sys.stdout.write(f"{one.outcome}: {one.did}\n        undo: {one.undo}\n")
    if args.fix and not repaired:
        sys.stdout.write("nothing can be fixed automatically\n")
    styled(sys.stdout).write(as_text.render(examination, verbose=args.verbose, colour=colour))


def _form(report: Path | None) -> str:
    if report is None:
        return ""
    from mlcbuild.doctor.as_page import FORMS  # noqa: PLC0415

    form = report.suffix.lower().removeprefix(".").replace("markdown", "md").replace("htm", "html")
    form = form.replace("htmll", "html")
    if form not in FORMS:
        raise UsageError(
            f"--output {report} has no known suffix", remedy="name it FILE.md or FILE.html"
        )
    return form


def _write_report(path: Path, form: str, examination: Examination, system: System) -> None:
    from mlcbuild.doctor.as_page import render  # noqa: PLC0415
    from mlcbuild.doctor.redact import redacted  # noqa: PLC0415
    from mlcbuild.report.write import write_output  # noqa: PLC0415

    write_output(path, render(redacted(examination, system), form), option="--output")
    print(f"{path} written, without names of users and hosts", file=sys.stderr)


def _say_slow(check: Check, seconds: float) -> None:
    if sys.stderr.isatty():
        print(f"{check.id} still running after {seconds:.0f} s ...", file=sys.stderr)


def _list(only: tuple[str, ...], skip: tuple[str, ...], *, as_json: bool) -> int:
    from mlcbuild.doctor.checks import choose, load_check  # noqa: PLC0415

    checks = [load_check(check_id) for check_id in choose(only=only, skip=skip)]
    if as_json:
        import json  # noqa: PLC0415

        fields = ("id", "title", "category", "why", "source")
        rows = [{field: getattr(check, field) for field in fields} for check in checks]
        print(json.dumps({"schema_version": 1, "checks": rows}, indent=2))
        return Exit.GOOD
    for check in checks:
        print(f"{check.category:13}{check.id:24}{check.title}")
    return Exit.GOOD
