"""``mlcbuild doctor``: what stands in the way on this machine, and what to type."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from mlcbuild.doctor.model import Check

__all__ = ["configure", "run"]

_EPILOG: Final = """\
examples:
  mlcbuild doctor
  mlcbuild doctor --json > doctor.json
  mlcbuild doctor --only toolchain,long-paths
  mlcbuild doctor --trial

exit codes: 0 good, 1 a failure (with --strict a warning too), 2 wrong use, 3 a file that cannot
be written.
"""


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add = parser.add_argument
    add("--json", action="store_true", help="report as JSON")
    add("--list-checks", action="store_true", help="list the checks and end")
    add("--only", type=_words, action="extend", metavar="ID,..", help="these checks or groups")
    add("--skip", type=_words, action="extend", metavar="ID,..", help="leave these out")
    add("--strict", action="store_true", help="warnings fail too")
    add("--network", action="store_true", help="ask the package index and the Git host too")


def run(args: argparse.Namespace) -> int:
    """Examine this machine. Raises ``UsageError`` for a check that there is not."""
    only, skip = tuple(args.only or ()), tuple(args.skip or ())
    if args.list_checks:
        return _list(only, skip, as_json=args.json)
    from mlcbuild.doctor.examine import examine  # noqa: PLC0415 - not for --list-checks
    from mlcbuild.doctor.real import RealSystem  # noqa: PLC0415

    examination = examine(RealSystem(), only=only, skip=skip, network=args.network, slow=_say_slow)
    if not examination.results:
        raise UsageError("no check is left", remedy="see mlcbuild doctor --list-checks")
    if args.json:
        from mlcbuild.doctor import as_json  # noqa: PLC0415

        sys.stdout.write(as_json.render(examination))
    else:
        from mlcbuild.doctor import as_text  # noqa: PLC0415

        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        sys.stdout.write(as_text.render(examination, verbose=args.verbose, colour=colour))
    return examination.exit_code(strict=args.strict)


def _say_slow(check: Check, seconds: float) -> None:
    if sys.stderr.isatty():
        print(f"{check.id} has taken {seconds:.0f} s and goes on ...", file=sys.stderr)


def _list(only: tuple[str, ...], skip: tuple[str, ...], *, as_json: bool) -> int:
    from mlcbuild.doctor.checks import choose, load_check  # noqa: PLC0415

    checks = [load_check(check_id) for check_id in choose(only=only, skip=skip)]
    if as_json:
        import json  # noqa: PLC0415

        fields = ("id", "title", "category", "why", "source")
        rows = [{field: getattr(check, field) for field in fields} for check in checks]
        print(json.dumps({"schema_version": 1, "checks": rows}, indent=2))
        return 0
    for check in checks:
        print(f"{check.category:13}{check.id:24}{check.title}")
    return 0
