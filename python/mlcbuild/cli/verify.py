"""``mlcbuild verify``: use a wheel for real, in a clean environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import Exit, UsageError
from mlcbuild.verify.sequence import Options, Step, verify
from mlcbuild.verify.steps import Limits

if TYPE_CHECKING:
    import argparse

__all__ = ["configure", "run"]

_EPILOG: Final = """\
examples:
  mlcbuild verify dist/mlc_llm-*.whl --chat      install, import, compile a tiny model, chat, serve
  mlcbuild verify dist/mlc_llm-*.whl --chat --device vulkan --also dist/tvm_vulkan-*.whl
  mlcbuild verify dist/mlc_llm-*.whl --chat --device cuda   on a machine with an NVIDIA GPU
  mlcbuild verify dist/ffi_hello-*.whl           any wheel: install, import, what was loaded
  mlcbuild verify x.whl --run "import x; assert x.f(1) == 2"
  mlcbuild verify x-win_amd64.whl --wine         a Windows wheel, on Linux
  mlcbuild verify dist/mlc_llm-*-win_amd64.whl --chat --wine      Windows CPython compiles and chats

exit code: 0 the wheel is good, 1 it is not, 3 it cannot be read, the package index not reached, or
(--wine) nothing can be said here because Wine lacks what the wheel needs.
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
        choices=["cpu", "vulkan", "cuda"],
        help="where to chat (default: cpu); the answer must match the CPU's",
    )
    add(
        "--also",
        action="append",
        default=[],
        metavar="WHEEL",
        help="install this beside it, a wheel or a requirement: a device's plug-in (repeatable); "
        "with --wine a Linux wheel goes to the side that compiles",
    )
    add(
        "--import",
        dest="imports",
        action="append",
        default=[],
        metavar="NAME",
        help="import this instead of the wheel's own packages (repeatable)",
    )
    add(
        "--run",
        dest="code",
        action="append",
        default=[],
        metavar="CODE",
        help="run this Python code too (repeatable)",
    )
    add(
        "--python",
        metavar="EXE",
        help="make the environment with this interpreter (--wine: its version, as 3.12)",
    )
    add(
        "--find-links",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a folder with wheels of the dependencies (repeatable)",
    )
    add("--no-index", action="store_true", help="take dependencies from --find-links alone")
    add(
        "--wine",
        action="store_true",
        help="a Windows wheel, on Linux: real Windows CPython in the lab (mlcbuild lab)",
    )
    add(
        "--linux-wheel",
        type=Path,
        metavar="WHEEL",
        help="for --chat with --wine: this machine's wheel of the same sources, to compare with",
    )
    add(
        "--repeat",
        type=int,
        default=1,
        metavar="N",
        help="for --chat with --wine: processes that must answer and end by themselves",
    )
    add("--time-limit", type=float, metavar="S", help="seconds a step may take")
    add("--keep", action="store_true", help="keep the environment, the model and the log")
    add("--json", action="store_true", help="print the outcome as JSON")


def run(args: argparse.Namespace) -> int:
    """Verify, printing each step as it ends."""
    if args.time_limit is not None and args.time_limit <= 0:
        raise UsageError("--time-limit must be more than 0 seconds")
    if args.repeat < 1:
        raise UsageError("--repeat must be 1 or more")
    limits = (
        Limits()
        if args.time_limit is None
        else Limits(install_s=args.time_limit, quick_s=args.time_limit, compile_s=args.time_limit)
    )
    options = Options(
        wheel=args.wheel,
        imports=tuple(args.imports),
        code=tuple(args.code),
        chat=args.chat,
        device=args.device,
        python=args.python,
        find_links=tuple(args.find_links),
        also=tuple(args.also),
        no_index=args.no_index,
        wine=args.wine,
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
