"""Judge a finished Windows wheel: by its tag, the gate's rules, and ``mlcbuild check``."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from mlcbuild.builder.restamp import judge_contents, wheel_contents
from mlcbuild.errors import FailedError

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.cross.target import Target
    from mlcbuild.report.result import Report


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
            f"{wheel.name} contains {staged.natives[0].path} but is tagged for every system",
            remedy="remove wheel.platlib = false from the project's [tool.scikit-build]",
        )
    judge_contents(wheel, staged, system="Windows", machine=target.machine, configuration="Release")
    for native in staged.natives:
        name = posixpath.basename(native.path)
        if name.endswith(".so") or "-linux-" in name:
            raise FailedError(
                f"{wheel.name}: {native.path} has a name that Python on Windows does not import",
                remedy="its CMakeLists.txt takes the suffix from this machine's Python: "
                "use ${SKBUILD_SOABI} or python_add_library(... WITH_SOABI)",
            )


def check_wheel(wheel: Path) -> Report:
    """Predict its load with its requirements, as ``mlcbuild check --with-deps`` does."""
    from mlcbuild.check import check  # noqa: PLC0415 - the model and the rules
    from mlcbuild.check.settings import Settings  # noqa: PLC0415

    return check([str(wheel)], Settings(with_deps=True))
