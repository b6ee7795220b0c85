"""``mlcbuild trace``: load a DLL or a module for real and name the image that fails."""

from __future__ import annotations

import argparse
import functools
import sys
from typing import TYPE_CHECKING, Final

from mlcbuild.commandline import seconds
from mlcbuild.errors import Exit, UsageError
from mlcbuild.progress import ticking

if TYPE_CHECKING:
    from mlcbuild.trace.hosts import Host

_EPILOG: Final = """\
TARGET is a .dll or .pyd, or a name to import. Each load happens in a child
process, leaf first. Windows only; on Linux --lab does it under Wine.

examples:
  mlcbuild trace C:\\venv\\Lib\\site-packages\\tvm\\tvm_runtime.dll
  mlcbuild trace mlc_llm --loader-log
  mlcbuild trace x.dll --add-dir C:\\tools\\bin --json
  mlcbuild trace --lab build/x.dll

exit codes: 0 loads, 1 fails, 2 wrong use (not on Windows), 3 no such file
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add = parser.add_argument
    add("target", metavar="TARGET")
    add("--add-dir", dest="add_dirs", action="append", default=[], metavar="DIR",
        help="treat DIR as added with os.add_dll_directory() (repeatable)")  # fmt: skip
    add("--loader-log", action="store_true", help="also watch the load in a small debugger")
    add("--timeout", default="60s", metavar="TIME", help="of each child process (default: 60s)")
    add("--interpreter", metavar="EXE", help="the python.exe that loads (default: this one)")
    # Its older name, which is that of a version elsewhere.
    add("--python", dest="interpreter", help=argparse.SUPPRESS)
    add("--lab", action="store_true", help="on Linux: load in the lab's Windows Python (Wine)")
    add("--env", default="default", metavar="NAME", help="with --lab: its Python environment")
    add("--json", action="store_true", help="report as JSON")


def run(args: argparse.Namespace) -> int:
    """Trace and print; 0 where it loads. Raises ``UsageError`` where nothing can be loaded."""
    limit_s = seconds(args.timeout, "--timeout")
    from mlcbuild.trace import Options, trace  # noqa: PLC0415 - --help needs none of it
    from mlcbuild.trace.report import lines, table  # noqa: PLC0415
    from mlcbuild.trace.run import require_kind  # noqa: PLC0415

    require_kind(args.target)
    host = _host(args)
    options = Options(
        add_dirs=tuple(args.add_dirs),
        limit_s=limit_s,
        loader_log=args.loader_log,
    )
    with ticking(f"loading what {args.target} needs, leaf first"):
        found = trace(args.target, host, options)
    if args.json:
        import json  # noqa: PLC0415 - only this form needs it

        print(json.dumps(table(found), indent=2))
    else:
        print("\n".join(lines(found, verbose=args.verbose)))
    return Exit.GOOD if found.loads else Exit.FINDINGS


def _host(args: argparse.Namespace) -> Host:
    from mlcbuild.trace.hosts import LabHost, ThisWindows  # noqa: PLC0415 - --help needs none

    if sys.platform == "win32":
        return ThisWindows(args.interpreter or sys.executable)
    if args.lab:
        from mlcbuild.lab import up  # noqa: PLC0415 - makes a lab

        say = functools.partial(print, file=sys.stderr)
        return LabHost(up(environment=args.env, notice=say))
    elsewhere = f"mlcbuild trace --lab {args.target} loads it under Wine, and "
    raise UsageError(
        "trace loads for real, which needs Windows",
        remedy=f"{elsewhere if sys.platform == 'linux' else ''}mlcbuild check {args.target} "
        "predicts it here",
    )
