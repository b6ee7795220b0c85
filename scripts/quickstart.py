"""Do all set-up and run the main job: the wheel from pinned source, checked, installed and run.

Where the Git sources or Cargo are not at hand it says so in one line and builds
examples/ffi-hello instead, a small project that goes through the same policy, gate, stamp and
verify with nothing but a package index and a C++ compiler.

examples:
  python scripts/quickstart.py               the wheel, or the example where that cannot be
  python scripts/quickstart.py --full        the wheel, or fail
  python scripts/quickstart.py --example     the example, in under two minutes
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from setup_env import ROOT, StepError, environment, main_of, on_path, run, say

if TYPE_CHECKING:
    from pathlib import Path

DIST = ROOT / "dist"
UNREACHABLE = 3


def sources_are_here(python: Path, env: dict[str, str], *, must: bool) -> bool:
    """Look at the tools, bring the pinned sources; say in one line where that cannot be."""
    say("looking at this machine")
    if run(python, "-m", "mlcbuild.build.preflight", ok=(0, 1), **env) != 0:
        reason = "a tool is missing (above)"
    else:
        say("bringing the pinned sources")
        code = run(python, "-m", "mlcbuild", "fetch", ok=(0, UNREACHABLE), **env)
        if code == 0:
            return True
        reason = "the Git sources cannot be reached"
    if must:
        raise StepError(f"{reason}: the full wheel cannot be built here", UNREACHABLE)
    print(f"   {reason}: building examples/ffi-hello instead of the full wheel")
    return False


def newest(pattern: str) -> Path:
    """Return the wheel just built."""
    return max(DIST.glob(pattern), key=lambda path: path.stat().st_mtime)


def full(python: Path, env: dict[str, str], *, chat: bool) -> None:
    """Build the mlc-llm wheel and run it."""
    say("building the wheel (about three minutes on two cores; the second time, seconds)")
    run(python, "-m", "pip", "wheel", ".", "--no-deps", "-w", DIST, **env)
    wheel = newest("mlc_llm-*.whl")
    judge(python, env, wheel)
    say(f"verifying {wheel.name}: clean environment, import{', chat' if chat else ''}")
    run(python, "-m", "mlcbuild", "verify", wheel, *(["--chat"] if chat else []), **env)


def example(python: Path, env: dict[str, str]) -> None:
    """Build examples/ffi-hello like a stranger's project: mlcbuild comes as a wheel."""
    say("building examples/ffi-hello through the same policy, gate and stamp")
    run(python, "-m", "pip", "wheel", "./python", "--no-deps", "-q", "-w", DIST, **env)
    links = {
        **env,
        "PIP_FIND_LINKS": f"{os.environ.get('PIP_FIND_LINKS', '')} {DIST.as_uri()}".strip(),
    }
    run(python, "-m", "pip", "wheel", "./examples/ffi-hello", "--no-deps", "-w", DIST, **links)
    wheel = newest("ffi_hello-*.whl")
    judge(python, env, wheel)
    say(f"verifying {wheel.name}")
    run(python, "-m", "mlcbuild", "verify", wheel, **env)


def judge(python: Path, env: dict[str, str], wheel: Path) -> None:
    """Run `mlcbuild check` on a Windows wheel; the gate has judged the others while building."""
    if "win" in wheel.stem.rsplit("-", 1)[-1]:
        say(f"checking {wheel.name}")
        run(python, "-m", "mlcbuild", "check", wheel, **env)


def work(options: argparse.Namespace) -> None:
    """Set up and build."""
    python = environment("quickstart", "./python[all]", "cmake>=3.26", "ninja>=1.11")
    env = {"PATH": on_path(python), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    DIST.mkdir(exist_ok=True)
    if options.example or not sources_are_here(python, env, must=options.full):
        example(python, env)
    else:
        full(python, env, chat=not options.no_chat)
    say(f"done: the wheels are in {DIST.relative_to(ROOT)}")


def main() -> int:
    """Parse the options and work."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--full", action="store_true", help="the wheel from source, or fail")
    what.add_argument("--example", action="store_true", help="examples/ffi-hello, in two minutes")
    parser.add_argument("--no-chat", action="store_true", help="verify only that it imports")
    options = parser.parse_args()
    return main_of(lambda: work(options))


if __name__ == "__main__":
    sys.exit(main())
