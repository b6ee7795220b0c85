"""Judge a finished Windows wheel: by its own tag, by the gate's rules, by ``mlcbuild check``."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from mlcbuild.builder.restamp import judge_contents, wheel_contents
from mlcbuild.errors import FailedError

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.cross.target import Target
    from mlcbuild.report.result import Report

__all__ = ["check_wheel", "require_good"]


def require_good(wheel: Path, target: Target) -> None:
    """Judge the wheel's tag, names and images. Raises ``FailedError`` for the first fault."""
    platform = wheel.stem.rpartition("-")[2]
    if platform not in (target.platform, "any"):
        raise FailedError(
            f"{wheel.name} is tagged for {platform}, not for {target.platform}",
            remedy="remove wheel.tags from the project's [tool.scikit-build]",
        )
    staged = wheel_contents(wheel)
    if platform == "any" and staged.natives:
        raise FailedError(
            f"{wheel.name} holds {staged.natives[0].path} and is tagged for every system",
            remedy="remove wheel.platlib = false from the project's [tool.scikit-build]",
        )
    judge_contents(wheel, staged, system="Windows", machine=target.machine, configuration="Release")
    for native in staged.natives:
        name = posixpath.basename(native.path)
        if name.endswith(".so") or "-linux-" in name:
            raise FailedError(
                f"{wheel.name}: {native.path} has a name that Windows Python does not look for",
                remedy="its CMakeLists.txt asks this machine's Python for the ending: "
                "take ${SKBUILD_SOABI} or python_add_library(... WITH_SOABI)",
            )


def check_wheel(wheel: Path) -> Report:
    """Predict its load beside what it requires, as ``mlcbuild check --with-deps`` does."""
    from mlcbuild.check import check  # noqa: PLC0415 - the model and the rules
    from mlcbuild.check.settings import Settings  # noqa: PLC0415

    return check([str(wheel)], Settings(with_deps=True))
