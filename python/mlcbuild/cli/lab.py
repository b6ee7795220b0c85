"""``mlcbuild lab``: real Windows CPython under Wine, on Linux."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from mlcbuild.commandline import seconds
from mlcbuild.errors import Exit, FailedError, UsageError
from mlcbuild.lab import Completed, Lab, down, up
from mlcbuild.lab.downloads import DEFAULT_VERSION, PYTHONS
from mlcbuild.lab.hosttools import build_variables, fetch_pinned_sources

if TYPE_CHECKING:
    from mlcbuild.lab.visual_studio import VisualStudioStandIn

_EPILOG: Final = """\
examples:
  mlcbuild lab up                            create it (once) and start it
  mlcbuild lab run -- python -c "import sys; print(sys.version)"
  mlcbuild lab run --timeout 60 -- build/thing.exe a "b c"
  mlcbuild lab pip --env chat install numpy==1.26.4
  mlcbuild lab pip --clang-cl wheel ./project
  mlcbuild lab down --purge                  end everything in it, and delete it

exit code of run and pip: the program's own; 1 where it is over 255 (said on
stderr) or the time limit ended it. Else 2 wrong use, 3 a missing Debian package
or an unreachable package index.
"""
_LARGEST_CODE: Final = 255


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the actions and their options."""
    parser.epilog = _EPILOG
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, summary in _ACTIONS.items():
        action = actions.add_parser(name, help=summary, description=summary)
        action.add_argument(
            "--python",
            default=DEFAULT_VERSION,
            choices=list(PYTHONS),
            help="of Windows",
        )
        action.add_argument(
            "--env", default="default", metavar="NAME", help="the Python environment to use"
        )
        if name == "up":
            continue
        if name == "down":
            action.add_argument("--purge", action="store_true", help="delete the lab's folder too")
            continue
        action.add_argument("--timeout", metavar="TIME", help="end it then, as 60 or 5m")
        compilers = action.add_mutually_exclusive_group()
        compilers.add_argument(
            "--compiler",
            action="store_true",
            help="put this machine's MinGW-w64 (also as CC and CXX) and Cargo on Windows' PATH",
        )
        if name == "pip":
            compilers.add_argument(
                "--clang-cl",
                action="store_true",
                help="build as with the clang-cl of Visual Studio: this machine's, and its Cargo",
            )
        action.add_argument("words", nargs=argparse.REMAINDER, metavar="PROGRAM [ARGUMENT...]")


_ACTIONS: Final = {
    "up": "create the lab (once) and start it",
    "run": "run a Windows program; python is the environment's",
    "pip": "run Windows' pip in the environment",
    "down": "end everything that runs in the lab",
}


def run(args: argparse.Namespace) -> int:
    """Do the action."""
    # When ended from outside (a CI job's limit), programs in the lab must end too: see run_program.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(Exit.TERMINATED))
    if args.action == "down":
        down(purge=args.purge)
        return Exit.GOOD
    lab = up(args.python, environment=args.env, notice=_notice)
    if args.action == "up":
        print(f"Windows Python {lab.version}, {lab.prefix.programs.version}: {lab.root}")
        return Exit.GOOD
    words = args.words[1:] if args.words[:1] == ["--"] else args.words
    if not words:
        raise UsageError("no program given", remedy="mlcbuild lab run -- python ...")
    env = build_variables(lab) if args.compiler else {}
    timeout = seconds(args.timeout, "--timeout") if args.timeout else None
    if args.action == "run":
        return _exit(words[0], _run(lab, words, timeout, env))
    if args.compiler or args.clang_cl:
        fetch_pinned_sources(words, notice=_notice)
    command = ["pip", *words]
    if args.clang_cl:
        visual_studio = _visual_studio(lab)
        env = visual_studio.variables()
        command = visual_studio.command("pip", *words)
    return _exit("pip", _run(lab, command, timeout, env))


def _visual_studio(lab: Lab) -> VisualStudioStandIn:
    from mlcbuild.cross.toolchain import find_toolchain  # noqa: PLC0415 - for builds alone
    from mlcbuild.lab.visual_studio import VisualStudioStandIn  # noqa: PLC0415
    from mlcbuild.sdk.choose import FREE, SDK_VARIABLE  # noqa: PLC0415
    from mlcbuild.sources.cache import cache_folder  # noqa: PLC0415

    clang_cl = find_toolchain(
        os.environ.get(SDK_VARIABLE, FREE),
        accepted=False,
        machine="x86_64",
        cache=cache_folder(None),
        env=os.environ,
        notice=_notice,
    )
    return VisualStudioStandIn(lab=lab, clang_cl=clang_cl)


def _run(lab: Lab, words: list[str], timeout: float | None, env: Mapping[str, str]) -> Completed:
    return lab.run(
        words,
        env=env,
        timeout=timeout,
        stdin=None if sys.stdin is None else sys.stdin.buffer,
        sinks=(_write_out, _write_err),
    )


def _exit(program: str, done: Completed) -> int:
    if done.timed_out:
        raise FailedError(f"{program} did not finish in {done.seconds:.0f} s and was ended")
    if done.code <= _LARGEST_CODE:
        return done.code
    from mlcbuild.supervised import describe_exit  # noqa: PLC0415 - only for a crash

    raise FailedError(f"{program} {describe_exit(done.code)}")


def _notice(text: str) -> None:
    print(f"mlcbuild lab: {text}", file=sys.stderr, flush=True)


def _write_out(block: bytes) -> None:
    sys.stdout.buffer.write(block)
    sys.stdout.buffer.flush()


def _write_err(block: bytes) -> None:
    sys.stderr.buffer.write(block)
    sys.stderr.buffer.flush()
