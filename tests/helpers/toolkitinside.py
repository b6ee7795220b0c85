"""Run mlcbuild itself in the lab's Windows Python, from this source tree."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import mlcbuild
import packaging

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlcbuild.lab import Completed, Lab

__all__ = ["bring_needs", "run_inside"]


def bring_needs(lab: Lab) -> None:
    """Copy what mlcbuild reads files with, in pure Python, into the lab's environment."""
    packages = lab.environment / "Lib" / "site-packages"
    shutil.copytree(Path(packaging.__file__).parent, packages / "packaging")


def run_inside(lab: Lab, *arguments: str, env: Mapping[str, str] | None = None) -> Completed:
    """Run ``mlcbuild ARGUMENT...`` under Windows.

    ``env`` is set inside: Wine hands no variable that begins with VK_ to a Windows program.
    """
    toolkit = Path(mlcbuild.__file__).parents[1]
    code = (
        f"import os, sys; os.environ.update({dict(env or {})!r})\n"
        f"sys.argv = ['mlcbuild', *{arguments!r}]\n"
        "from mlcbuild.cli import main; sys.exit(main())"
    )
    return lab.run(["python", "-c", code], env={"PYTHONPATH": lab.path(toolkit)}, timeout=180)
