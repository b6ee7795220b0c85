"""The command line: find the command, import only it, print errors as one line.

Each command is a module of this package with two functions: ``configure(parser)`` declares its
options and ``run(args)`` returns the exit code. Nothing else is imported before a command is
chosen, so that start-up stays short.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild import __version__
from mlcbuild.commandline import Parser
from mlcbuild.errors import Exit, InputError, MlcbuildError
from mlcbuild.foreign import one_line
from mlcbuild.redaction import hide_arguments
from mlcbuild.streams import inert

if TYPE_CHECKING:
    import argparse

#: Command name -> one-line help. The module is ``mlcbuild.cli.<name>``.
COMMANDS: Final[dict[str, str]] = {
    "bench": "load a server and measure it; only successes count",
    "check": "predict whether Windows will load a wheel, folder or DLL, and judge it",
    "completion": "print a completion script for bash, zsh, fish or PowerShell",
    "cross": "cross-build Windows wheels of a scikit-build-core project",
    "doctor": "examine this machine: report problems, with a fix for each",
    "explain": "explain an error code, a rule or pasted error lines, and how to fix it",
    "fetch": "download and verify the pinned sources",
    "lab": "run Windows programs on Linux: real Windows CPython under Wine",
    "matrix": "print the CI build matrix for GitHub Actions",
    "model": "compile a model library for another machine: system, device, no GPU needed",
    "release": "make a folder to publish: SBOM, hashes, a static package index",
    "repair": "bundle missing DLLs into a Windows wheel with delvewheel, and verify the result",
    "report": "write results of check, doctor or bench as one HTML page",
    "trace": "load a DLL or module for real, leaf first, and name the image that fails",
    "toolchain": "show which compiler a build would use and why; export its environment",
    "verify": "install a wheel in a clean environment and use it: import, tensor, chat, serve",
    "wheel": "build the mlc-llm wheel from pinned source",
}


def _parser(
    argv: Sequence[str],
) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser | None]:
    """Build the parser, with the options of the command in ``argv``, which is also returned."""
    parser = Parser(
        prog="mlcbuild",
        description="Build, check and diagnose Windows wheels of MLC-LLM and TVM.",
    )
    parser.add_argument("--version", action="version", version=f"mlcbuild {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = next((a for a in argv if not a.startswith("-")), None)
    found = None
    for name, summary in COMMANDS.items():
        sub = subparsers.add_parser(
            name,
            help=summary,
            description=summary,
        )
        if name == chosen:
            found = sub
            sub.add_argument("-v", "--verbose", action="store_true", help="show more")
            sub.add_argument(
                "--log", type=Path, metavar="FILE", help="also write all output to FILE"
            )
            module = importlib.import_module(f"mlcbuild.cli.{name}")
            module.configure(sub)
            sub.set_defaults(run=module.run)
    return parser, found


def _expanded(argv: Sequence[str]) -> list[str]:
    """Expand ``dist/*.whl`` to the matching files, which Windows shells do not."""
    if sys.platform != "win32" or not any("*" in word for word in argv):
        return list(argv)
    import glob  # noqa: PLC0415 - for such an argument alone

    found: list[str] = []
    for word in argv:
        option = word.startswith("-") or "*" not in word
        found += [word] if option else sorted(glob.glob(word)) or [word]  # noqa: PTH207 - relative, absolute
    return found


def _use_any_console() -> None:
    """Survive a missing console (``>&-``, pythonw) or one that is not UTF-8 (cp1252, cp437)."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  until the end
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = _expanded(sys.argv[1:] if argv is None else argv)
    _use_any_console()
    if "_ARGCOMPLETE" in os.environ:  # called by a shell for completion
        from mlcbuild import completion  # noqa: PLC0415

        completion.answer(*_parser(completion.words()))
    hide_arguments(arguments)
    with inert():
        return _started(arguments) if arguments else _next()


def _started(arguments: list[str]) -> int:
    """Parse and run, with a log if requested."""
    args = _parser(arguments)[0].parse_args(arguments)
    if args.log is None:
        return _run(args)
    from mlcbuild.logfile import kept  # noqa: PLC0415 - rarely asked for

    try:
        with kept(args.log, arguments), inert():
            return _run(args)
    except InputError as error:
        return _complain(args, error)


def _next() -> int:
    """Print suggestions for this folder: the output of plain ``mlcbuild``."""
    from mlcbuild.nextstep import look, suggest  # noqa: PLC0415 - for this answer alone

    found = list(suggest(look(Path.cwd())))
    width = max(len(each.command) for each in found)
    print("Next, in this folder:")
    for each in found:
        print(f"  {each.command:{width}}  {each.why}")
    print("All commands: mlcbuild --help")
    return Exit.GOOD


def _run(args: argparse.Namespace) -> int:
    """Run the chosen command; every error becomes one line and an exit code."""
    try:
        code = int(args.run(args))
        sys.stdout.flush()
    except MlcbuildError as error:
        return _complain(args, error)
    except KeyboardInterrupt:
        print(f"mlcbuild {args.command}: interrupted", file=sys.stderr)
        return Exit.INTERRUPTED
    except OSError as error:
        if _reader_left(error):  # the reader (head, less) has exited: not our error
            _drop_output()
            return Exit.UNREAD
        _complain(args, error)
        _drop_output()
        return Exit.UNREADABLE
    return code


def _complain(args: argparse.Namespace, error: Exception) -> int:
    """Print the error, as a traceback with ``-v``; return its exit code."""
    if args.verbose:
        import traceback  # noqa: PLC0415 - for whoever asks

        print("".join(traceback.format_exception(error)), file=sys.stderr, end="")
    else:
        print(f"mlcbuild {args.command}: error: {one_line(str(error))}", file=sys.stderr)
    return getattr(error, "exit_code", Exit.UNREADABLE)


def _reader_left(error: OSError) -> bool:
    """Return whether the reader of our output has exited. Windows' C runtime reports EINVAL."""
    windows = sys.platform == "win32" and error.errno == errno.EINVAL and error.filename is None
    return isinstance(error, BrokenPipeError) or windows


def _drop_output() -> None:
    """Keep Python from reporting the failed output again at its final flush."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
