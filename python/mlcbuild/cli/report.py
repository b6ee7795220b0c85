"""``mlcbuild report``: write results as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import argparse

_EPILOG: Final = """\
TARGET is what mlcbuild check takes (a wheel, a folder, installed:NAME,
pypi:NAME), or a file that mlcbuild check, doctor or bench wrote with --json.
Several make one page.

examples:
  mlcbuild report dist/pkg-1.0-cp311-cp311-win_amd64.whl -o pkg.html
  mlcbuild report C:/venv/Lib/site-packages -o site.html
  mlcbuild report mlc_llm.whl doctor.json bench.json -o all.html

exit codes: 0 good, 1 one is not good, 2 wrong use, 3 a target cannot be read
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options. Those of a check are the ones of ``mlcbuild check``."""
    parser.epilog = _EPILOG
    add = parser.add_argument
    add("targets", nargs="+", metavar="TARGET")
    add("-o", "--output", type=Path, default=Path("mlcbuild-report.html"), metavar="FILE",
        help="default: mlcbuild-report.html")  # fmt: skip
    add("--with", dest="companions", action="append", metavar="TARGET",
        help="installed beside it (repeatable)")  # fmt: skip
    add(
        "--with-deps",
        action="store_true",
        default=None,
        help="download its requirements, as installed with it",
    )
    add("--add-dir", dest="add_dirs", action="append", metavar="DIR",
        help="as if given to os.add_dll_directory()")  # fmt: skip
    add("--msvcp140", metavar="VERSION", help="of the machine's msvcp140.dll, or none")


def run(args: argparse.Namespace) -> int:
    """Write the page and print the verdicts. Returns the exit code of the worst."""
    from mlcbuild.check.settings import settings_from  # noqa: PLC0415 - --help needs none of it
    from mlcbuild.page.read import sections_of  # noqa: PLC0415
    from mlcbuild.page.render import render  # noqa: PLC0415
    from mlcbuild.page.verdict import verdict_of, worst_code  # noqa: PLC0415
    from mlcbuild.report.write import write_output  # noqa: PLC0415

    sections = sections_of(args.targets, settings_from(vars(args), Path("pyproject.toml")))
    write_output(args.output, render(sections))
    verdicts = [verdict_of(section) for section in sections]
    for section, verdict in zip(sections, verdicts, strict=True):
        print(f"{verdict.word}: {section.title}: {verdict.line}")
    print(f"written: {args.output}")
    return worst_code(verdicts)
