"""The command line: find the command, import only it, print errors as one line.

Each command is a module of this package with two functions: ``configure(parser)`` declares its
options and ``run(args)`` returns the exit code. Nothing else is imported before a command is
chosen, so that start-up stays short.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import TYPE_CHECKING, Final

from mlcbuild import __version__
from mlcbuild.errors import MlcbuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS", "main"]

#: Command name -> one-line help. The module is ``mlcbuild.cli.<name>``.
COMMANDS: Final[dict[str, str]] = {
    "check": "predict whether Windows will load a wheel, folder or DLL, and judge it",
    "explain": "say what a rule or an error code means, and what to do",
    "fetch": "bring and verify the pinned sources",
    "verify": "install a wheel in a clean environment and use it: import, tensor, chat, serve",
    "wheel": "build the mlc-llm wheel from pinned source",
}

EXIT_INTERRUPTED: Final = 130


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Build the parser, with the options of the one command that ``argv`` names."""
    parser = argparse.ArgumentParser(
        prog="mlcbuild",
        description="Build, check and diagnose Windows wheels of MLC-LLM and TVM.",
    )
    parser.add_argument("--version", action="version", version=f"mlcbuild {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = next((a for a in argv if not a.startswith("-")), None)
    for name, summary in COMMANDS.items():
        sub = subparsers.add_parser(
            name,
            help=summary,
            description=summary,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == chosen:
            sub.add_argument(
                "-v", "--verbose", action="store_true", help="show tracebacks and details"
            )
            module = importlib.import_module(f"mlcbuild.cli.{name}")
            module.configure(sub)
            sub.set_defaults(run=module.run)
    return parser


def _use_utf8_or_escape() -> None:
    """Never die of a console that cannot show a character (cp1252, cp437, C locale)."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _use_utf8_or_escape()
    args = _parser(arguments).parse_args(arguments)
    try:
        code = int(args.run(args))
        sys.stdout.flush()
    except MlcbuildError as error:
        if args.verbose:
            raise
        print(f"mlcbuild {args.command}: error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"mlcbuild {args.command}: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) went away: not an error of ours. Keep Python from
        # complaining again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code
