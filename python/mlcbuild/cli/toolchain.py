"""``mlcbuild toolchain``: the compiler and generator of a build on this machine, and why."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import Exit, UsageError

if TYPE_CHECKING:
    import argparse

_EPILOG: Final = """\
examples:
  mlcbuild toolchain                  the generator, its compiler, the reasons
  mlcbuild toolchain --ninja --json   as JSON, of Ninja Multi-Config
  mlcbuild toolchain --ninja --export github
                                      MSVC's environment for later steps
"""
#: Ends a value in GITHUB_ENV; no environment value contains it.
_MARK: Final = "mlcbuild-end-of-value"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument("--ninja", action="store_true", help="as if CMAKE_GENERATOR were Ninja")
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.add_argument(
        "--export",
        choices=("github", "shell"),
        help="export the compiler's environment to $GITHUB_ENV, or as lines NAME=VALUE",
    )


def run(args: argparse.Namespace) -> int:
    """Print the choice, or export its environment."""
    from mlcbuild.toolchain import NINJA, choose, read_overrides  # noqa: PLC0415
    from mlcbuild.toolchain.activate import environment  # noqa: PLC0415
    from mlcbuild.toolchain.probe import read_machine  # noqa: PLC0415

    env = {**os.environ, **({"CMAKE_GENERATOR": NINJA} if args.ninja else {})}
    choice = choose(read_machine(env), read_overrides(env=env))
    if args.export is None:
        if args.json:
            import json  # noqa: PLC0415

            table = {"schema_version": 1, **choice.define, "toolchain": json.loads(choice.record)}
            print(json.dumps(table, indent=2))
        else:
            print(choice.text)
        return Exit.GOOD
    changed = environment(choice, env)
    print(f"{choice.text} ({len(changed)} variables)", file=sys.stderr)
    if args.export == "shell":
        from mlcbuild.streams import styled  # noqa: PLC0415 - its values are for machines

        styled(sys.stdout).write("".join(f"{k}={v}\n" for k, v in changed.items()))
        return Exit.GOOD
    target = os.environ.get("GITHUB_ENV")
    if not target:
        raise UsageError("GITHUB_ENV is not set", remedy="use --export shell outside a workflow")
    with Path(target).open("a", encoding="utf-8", newline="\n") as out:
        out.write(github_lines(changed))
    return Exit.GOOD


def github_lines(changed: Mapping[str, str]) -> str:
    """Return the lines for GITHUB_ENV: values may hold ``=`` and line ends."""
    return "".join(f"{name}<<{_MARK}\n{value}\n{_MARK}\n" for name, value in changed.items())
