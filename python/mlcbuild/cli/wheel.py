"""``mlcbuild wheel``: ``pip wheel .`` with the options of the build spelled out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.build.options import DEVICES, parse
from mlcbuild.errors import FailedError, UsageError
from mlcbuild.sources.lock import find_project

if TYPE_CHECKING:
    import argparse

__all__ = ["configure", "run"]

_EPILOG: Final = """\
examples:
  mlcbuild wheel -o dist                     for this machine, CPU only
  mlcbuild wheel -o dist --jobs 4 --offline  from the cache alone

The wheel is built by pip in an isolated environment; docs/superbuild.md lists what else can be
set with `pip wheel . -C NAME=VALUE`.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add = parser.add_argument
    add("-o", "--output", type=Path, default=Path("dist"), metavar="DIR", help="default: dist")
    add("--device", metavar="LIST", help=f"{', '.join(DEVICES)} (several with commas)")
    add("--jobs", metavar="N", help="compile jobs at a time (default: one a core)")
    add("--mirror", metavar="DIR", help="Git repositories as DIR/owner/name[.git]")
    add("--offline", action="store_true", help="use the cache alone")
    add("--cache", metavar="DIR", help="where fetched sources are kept")
    add("--project", type=Path, metavar="DIR", help="the project (default: found from here up)")


def run(args: argparse.Namespace) -> int:
    """Call pip; its exit code says only whether there is a wheel."""
    given = {"device": args.device, "jobs": args.jobs}
    for name in ("mirror", "cache"):
        folder = getattr(args, name)
        given[name] = None if folder is None else Path(folder).absolute()
    settings: dict[str, str | list[str]] = {k: str(v) for k, v in given.items() if v is not None}
    if args.offline:
        settings["offline"] = "true"
    parse(settings)  # a value that is not understood is said before pip makes its environment
    project = args.project or _find_project()
    command = [sys.executable, "-m", "pip", "wheel", str(project), "--no-deps"]
    command += ["--wheel-dir", str(args.output), *(["-v"] if args.verbose else [])]
    command += [word for name, value in settings.items() for word in ("-C", f"{name}={value}")]
    if _run(command, args) != 0:
        raise FailedError("there is no wheel", remedy="the line of mlcbuild above says why")
    return 0


def _run(command: list[str], args: argparse.Namespace) -> int:
    """Run pip: its output as it is, or one line of progress on a terminal, and all in a log."""
    from mlcbuild.build.watched import telling, watch  # noqa: PLC0415 - --help needs none of it
    from mlcbuild.progress import Line  # noqa: PLC0415

    line = Line(patience_s=0)
    if args.log is None and (args.verbose or not line.shown):
        return subprocess.run(command, check=False).returncode
    if args.verbose:
        return watch(command, line=line, say=lambda text: print(text, flush=True))[0]
    code, lines = watch([*command, "-v"], line=line)
    if code:
        print("\n".join(telling(lines)), file=sys.stderr)
    else:
        marks = ("*** mlcbuild:", "Saved ", "Successfully built")
        print("\n".join(text.strip() for text in lines if text.strip().startswith(marks)))
    return code


def _find_project() -> Path:
    project = find_project(Path.cwd())
    if project is not None:
        return project
    raise UsageError(
        "no mlcbuild project in this folder or above it",
        remedy="run it inside the checkout, or name the checkout with --project DIR",
    )
