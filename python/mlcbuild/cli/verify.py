"""``mlcbuild verify``: install and use a wheel in a clean environment."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

from mlcbuild.commandline import seconds
from mlcbuild.devices import CHATS
from mlcbuild.errors import Exit, UsageError
from mlcbuild.verify.result import Options, Step
from mlcbuild.verify.sequence import verify
from mlcbuild.verify.steps import Limits

_EPILOG: Final = """\
examples:
  mlcbuild verify dist/mlc_llm-*.whl --chat
  mlcbuild verify dist/mlc_llm-*.whl --chat --device cuda
  mlcbuild verify dist/ffi_hello-*.whl --run "import ffi_hello"
  mlcbuild verify dist/mlc_llm-*-win_amd64.whl --chat --lab
                            on Linux: Windows CPython compiles and chats

exit codes: 0 the wheel is good, 1 it is not, 2 wrong use, 3 it cannot be read,
the package index not reached, or Wine lacks what the wheel needs
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add = parser.add_argument
    add("wheel", type=Path, metavar="WHEEL")
    add("--chat", action="store_true", help="compile a tiny random Llama, chat with it, serve it")
    add(
        "--device",
        default="cpu",
        choices=CHATS,
        metavar="NAME",
        help=f"where to chat: {', '.join(CHATS)}",
    )
    add(
        "--with",
        dest="companions",
        action="append",
        default=[],
        metavar="WHEEL",
        help="also install a wheel or requirement (repeatable)",
    )
    add(
        "--import",
        dest="imports",
        action="append",
        default=[],
        metavar="NAME",
        help="instead of the wheel's own packages (repeatable)",
    )
    add(
        "--run",
        dest="code",
        action="append",
        default=[],
        metavar="CODE",
        help="run this Python code too (repeatable)",
    )
    add("--interpreter", metavar="EXE", help="the Python to use (default: this one)")
    # Without --lab an interpreter too: the older name of the option above.
    add("--python", metavar="VERSION", help="--lab: of Windows' CPython, as 3.12")
    add(
        "--find-links",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="wheels of the dependencies (repeatable)",
    )
    add("--no-index", action="store_true", help="dependencies only from --find-links")
    add(
        "--lab",
        action="store_true",
        help="a Windows wheel, on Linux (mlcbuild lab)",
    )
    # Scripts call it by this name.
    add("--wine", dest="lab", action="store_true", help=argparse.SUPPRESS)
    add(
        "--linux-wheel",
        type=Path,
        metavar="WHEEL",
        help="--chat --lab: the same sources', to compare",
    )
    add(
        "--repeat",
        type=int,
        default=1,
        metavar="N",
        help="--chat --lab: processes that must answer",
    )
    add("--timeout", metavar="TIME", help="of each step, as 10m")
    add("--keep", action="store_true", help="keep environment, model and log")
    add("--json", action="store_true", help="print the outcome as JSON")


def run(args: argparse.Namespace) -> int:
    """Verify, printing each step as it ends."""
    if args.repeat < 1:
        raise UsageError("--repeat must be 1 or more")
    if args.lab and args.interpreter:
        raise UsageError("--interpreter is not for --lab", remedy="name a version: --python 3.12")
    limits = Limits()
    if args.timeout is not None:
        limit = seconds(args.timeout, "--timeout")
        limits = Limits(install_s=limit, quick_s=limit, compile_s=limit)
    options = Options(
        wheel=args.wheel,
        imports=tuple(args.imports),
        code=tuple(args.code),
        chat=args.chat,
        device=args.device,
        python=args.interpreter or args.python,
        find_links=tuple(args.find_links),
        also=tuple(args.companions),
        no_index=args.no_index,
        wine=args.lab,
        linux_wheel=args.linux_wheel,
        repeat=args.repeat,
        keep=args.keep,
        limits=limits,
    )
    outcome = verify(options, (lambda _: None) if args.json else _print_step)
    if args.json:
        print(json.dumps(outcome.as_table(), indent=2))
    if outcome.error is not None:
        raise outcome.error
    if not args.json:
        spent = sum(step.seconds for step in outcome.steps)
        print(f"{options.wheel.name} works ({len(outcome.steps)} steps, {spent:.1f} s)")
        if outcome.folder:
            print(f"kept: {outcome.folder}, log {outcome.log}")
    return Exit.GOOD


def _print_step(step: Step) -> None:
    mark = "ok" if step.ok else "FAIL"
    print(f"{mark:4} {step.name:11} {step.seconds:7.1f} s  {step.detail}", flush=True)
