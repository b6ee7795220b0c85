"""The Windows wheels of what a project declares as companions: their import libraries.

The environment of a build holds this machine's wheels, whose libraries Windows cannot link.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from mlcbuild.build.project import read_project
from mlcbuild.errors import FailedError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mlcbuild.cross.target import Target

__all__ = ["bring_companions"]


def bring_companions(
    project: Path, target: Target, into: Path, installed: Iterable[tuple[str, str]]
) -> Path | None:
    """Unpack the companions' wheels into ``into``, in the versions that the build has.

    ``installed`` are the distributions of its environment, with normalised names. Returns None for
    a project without companions. Raises ``InputError`` where the index has no such wheel.
    """
    companions = read_project(project).companions
    if not companions:
        return None
    from mlcbuild.package.pypi import open_from_index  # noqa: PLC0415 - asks the index

    versions = dict(installed)
    for name in companions:
        if name not in versions:
            raise FailedError(
                f"{name} is a companion and not among what the build requires",
                remedy="add it to build-system.requires",
            )
        into.mkdir(parents=True, exist_ok=True)
        wanted = f"{name}=={versions[name]}"
        python = (3, target.minor)
        open_from_index(wanted, into, python=python, platform=target.platform).close()
        wheel = next(into.glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(into)
        wheel.unlink()
    return into
