"""``mlcbuild cross``: Windows wheels of any scikit-build-core project, made on another system."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import Exit, FailedError, InputError, UsageError

if TYPE_CHECKING:
    import argparse

    from mlcbuild.toolchain.decision import ClangCl

_EPILOG: Final = """\
PROJECT is a folder or an sdist whose build backend is scikit-build-core. Each
wheel is judged by the gate and by `mlcbuild check`; refused ones are not kept.

examples:
  mlcbuild cross . --python 3.11,3.13 --accept-license -o dist
                      xwin downloads Microsoft's SDK; one wheel per Python
  mlcbuild cross awkward_cpp-57.tar.gz --python 3.11 --sdk free
                      an sdist, with the free SDK, for CI and tests
  mlcbuild cross . --target win_arm64 --python 3.13 --sdk DIR
                      for Windows on ARM64, with an SDK that xwin laid out
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from mlcbuild.cross.target import PLATFORMS  # noqa: PLC0415 - the pinned Pythons
    from mlcbuild.lab.downloads import DEFAULT_VERSION, PYTHONS  # noqa: PLC0415

    parser.epilog = _EPILOG
    add = parser.add_argument
    add("project", type=Path, metavar="PROJECT")
    add(
        "--python",
        dest="pythons",
        action="append",
        metavar="LIST",
        help=f"{', '.join(PYTHONS)} (default: {DEFAULT_VERSION})",
    )
    add("--target", default=PLATFORMS[0], choices=PLATFORMS, help=f"default: {PLATFORMS[0]}")
    add("-o", "--output", type=Path, default=Path("dist"), metavar="DIR", help="default: dist")
    add("--sdk", default="", metavar="DIR", help="the Windows SDK, or: free")
    add(
        "--accept-license",
        action="store_true",
        help="accept Microsoft's; xwin downloads its SDK",
    )
    add(
        "-C",
        "--config-setting",
        dest="settings",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="for the project's backend (repeatable)",
    )
    add("-j", "--jobs", default="", metavar="N", help="compile jobs (default: one a core)")
    add("--cache", type=Path, metavar="DIR", help="folder for downloads")
    add("-e", "--editable", action="store_true", help="not supported")


def run(args: argparse.Namespace) -> int:
    """Build, printing each wheel as it is done."""
    if args.editable:
        raise UsageError(
            "an editable install for Windows is not possible on this system",
            remedy="build a wheel here, or run pip install -e . on Windows",
        )
    if args.jobs and not (args.jobs.isdecimal() and int(args.jobs)):
        raise UsageError(f"--jobs {args.jobs}: must be 1 or more")
    from mlcbuild.cross.run import Asked, cross_build  # noqa: PLC0415 - --help needs none of it
    from mlcbuild.cross.target import read_targets  # noqa: PLC0415
    from mlcbuild.cross.toolchain import find_toolchain  # noqa: PLC0415
    from mlcbuild.lab.downloads import DEFAULT_VERSION  # noqa: PLC0415
    from mlcbuild.report import render  # noqa: PLC0415
    from mlcbuild.sources.cache import cache_folder  # noqa: PLC0415

    targets = read_targets(args.pythons or [DEFAULT_VERSION], args.target)
    cache = cache_folder(args.cache)

    def toolchain() -> ClangCl:
        if sys.platform == "win32":
            raise UsageError(
                "mlcbuild cross runs on systems other than Windows", remedy="pip wheel . -w dist"
            )
        return find_toolchain(
            args.sdk if args.sdk in ("", "free") else os.fspath(Path(args.sdk).absolute()),
            accepted=args.accept_license,
            machine=targets[0].machine,
            cache=cache,
            env=os.environ,
            notice=_say,
        )

    asked = Asked(
        project=args.project,
        targets=targets,
        output=args.output,
        cache=cache,
        jobs=args.jobs,
        settings=_settings(args.settings),
    )
    built = cross_build(asked, toolchain, run=partial(_run, args.verbose), say=_say)
    for wheel, report in built:
        print(render(report, "text", verbose=args.verbose), end="")
        if error := next((target for target in report.targets if target.error), None):
            raise InputError(f"{wheel.name} is not kept: {error.error}", remedy=error.remedy)
        if report.exit_code:
            raise FailedError(f"{wheel.name} is not kept", remedy="see the findings above")
        print(f"{wheel.stat().st_size / 1e6:6.2f} MB  {wheel}", flush=True)
    return Exit.GOOD


def _settings(words: list[str]) -> dict[str, str]:
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise UsageError(f"-C {word} is not valid", remedy="write it as NAME=VALUE")
        found[name] = value
    return found


def _say(text: str) -> None:
    print(f"*** mlcbuild: {text}", flush=True)


def _run(verbose: bool, command: list[str], env: Mapping[str, str], folder: Path) -> int:  # noqa: FBT001 - bound by run
    """Run a step of the build: print all output with -v, else only the errors."""
    from mlcbuild.builder.watched import telling, watch  # noqa: PLC0415 - --help needs none of it
    from mlcbuild.progress import Line  # noqa: PLC0415

    say = (lambda text: print(text, flush=True)) if verbose else None
    code, lines = watch(command, line=Line(patience_s=0), say=say, env=env, cwd=folder)
    if code and not verbose:
        print("\n".join(telling(lines)), file=sys.stderr)
    return code
