"""``mlcbuild repair``: bundle missing DLLs into a Windows wheel, and verify the result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.errors import Exit

if TYPE_CHECKING:
    import argparse

    from mlcbuild.repair import Repair
    from mlcbuild.rules.finding import Finding

_EPILOG: Final = """\
delvewheel bundles the missing DLLs. The tables of `mlcbuild check` decide what
it must exclude: drivers, DLLs of other wheels (--with, and well-known ones) and
of Python. A wheel with new errors is not written.

examples:
  mlcbuild repair dist/pkg-1.0-py3-none-win_amd64.whl --add-path C:/tools/bin
  mlcbuild repair mlc_llm.whl --with apache_tvm.whl -o wheelhouse
  mlcbuild repair pkg.whl --delvewheel=--no-mangle=zlib1.dll

exit codes: 0 repaired and good, 1 errors remain or the repair failed, 2 wrong
use, 3 a wheel cannot be read
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add = parser.add_argument
    add("wheels", nargs="+", type=Path, metavar="WHEEL", help="a Windows wheel")
    add("-o", "--output", type=Path, default=Path("wheelhouse"), metavar="DIR", help="output")
    add(
        "--with",
        dest="companions",
        action="append",
        metavar="TARGET",
        help="another installed package: its DLLs are excluded (repeatable)",
    )
    add(
        "--with-deps",
        action="store_true",
        default=None,
        help="download its requirements from the package index, as installed with it",
    )
    add(
        "--add-path",
        action="append",
        type=Path,
        default=[],
        metavar="DIR",
        help="where to find DLLs, before System32 and PATH (repeatable)",
    )
    add(
        "--exclude",
        action="append",
        default=[],
        metavar="DLL",
        help="exclude this DLL too (repeatable)",
    )
    add("--strict", action="store_true", help="treat remaining warnings as failures")
    add("--json", action="store_true", help="print what was done as JSON")
    add(
        "--delvewheel",
        action="append",
        default=[],
        metavar="OPTION",
        help="an option for delvewheel, written --delvewheel=--strip (repeatable)",
    )


def run(args: argparse.Namespace) -> int:
    """Repair every wheel; returns 1 where an error remains in one."""
    from mlcbuild.check.settings import settings_from  # noqa: PLC0415
    from mlcbuild.progress import counted  # noqa: PLC0415
    from mlcbuild.repair import repair  # noqa: PLC0415

    options: dict[str, Any] = {
        "companions": args.companions,
        "with_deps": args.with_deps,
        "strict": args.strict or None,
    }
    settings = settings_from(options, Path("pyproject.toml"))
    done = [
        repair(
            wheel,
            args.output,
            settings,
            folders=args.add_path,
            declared=args.exclude,
            extra=args.delvewheel,
        )
        for wheel in counted(args.wheels, "repairing wheel")
    ]
    if args.json:
        import json  # noqa: PLC0415

        table = {"schema_version": 1, "wheels": [_as_dict(each) for each in done]}
        print(json.dumps(table, indent=2))
    else:
        for each in done:
            _show(each, verbose=args.verbose)
    return max((each.after.exit_code for each in done), default=Exit.GOOD)


def _show(done: Repair, *, verbose: bool) -> None:
    if verbose:
        print(done.said.rstrip())
    print(f"{done.wheel}")
    for name in done.bundled:
        print(f"  bundled   {name}")
    for entry in done.excluded:
        print(f"  left out  {entry.dll}: {entry.reason}")
    for word, findings in (("mended", done.gone), ("new", done.new)):
        for finding in findings:
            print(f"  {word:9} {_line(finding)}")
    for finding in done.left:
        print(f"  left      {_line(finding)}")


def _line(finding: Finding) -> str:
    return f"{finding.severity}[{finding.rule}] {finding.module or ''}: {finding.message}"


def _as_dict(done: Repair) -> dict[str, Any]:
    def listed(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
        return [
            {"rule": f.rule, "severity": f.severity, "module": f.module, "message": f.message}
            for f in findings
        ]

    return {
        "wheel": str(done.wheel),
        "bundled": list(done.bundled),
        "excluded": [{"dll": entry.dll, "reason": entry.reason} for entry in done.excluded],
        "mended": listed(done.gone),
        "new": listed(done.new),
        "left": listed(done.left),
    }
