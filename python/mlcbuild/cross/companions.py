"""Windows wheels of a build's dependencies, for their headers and import libraries.

A build environment has this machine's wheels, whose libraries cannot be linked for Windows and
whose headers may only be right for this machine (numpy's: that a long has eight bytes).
"""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from mlcbuild.builder.project import read_project
from mlcbuild.errors import FailedError
from mlcbuild.programs import ask

if TYPE_CHECKING:
    from build.env import DefaultIsolatedEnv

    from mlcbuild.cross.target import Target

#: Headers of a pure wheel are the same everywhere; those of others are in an include folder.
_LIST: Final = """
import json
from importlib.metadata import distributions
found = []
for each in distributions():
    native = "Root-Is-Purelib: false" in (each.read_text("WHEEL") or "")
    paths = [str(path) for path in each.files or () if native]
    headers = [p for p in paths if "/include/" in p and p.endswith((".h", ".hpp"))]
    found.append((each.metadata["Name"], each.version, str(each.locate_file("")), bool(headers)))
print(json.dumps(found))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """One distribution below the folder ``root``; ``name`` is normalised."""

    name: str
    version: str
    root: str
    #: Whether it is platform-specific and has headers.
    has_headers: bool


def installed_in(env: DefaultIsolatedEnv) -> tuple[Installed, ...]:
    """Return the distributions of the environment."""
    done = ask([env.python_executable, "-c", _LIST])
    return tuple(
        Installed(name=canonicalize_name(name), version=version, root=root, has_headers=headers)
        for name, version, root, headers in json.loads(done.stdout if done else b"[]")
    )


_HEADERS: Final = (".h", ".hpp")


def fetch_companions(
    project: Path, target: Target, into: Path, installed: Iterable[Installed]
) -> Path | None:
    """Unpack the wheels of the project's companions into ``into``, in the build's versions.

    Returns None for a project without companions. Raises ``InputError`` where the index has no
    such wheel, ``FailedError`` for a companion that the build does not have.
    """
    companions = read_project(project).companions
    if not companions:
        return None
    versions = {each.name: each.version for each in installed}
    into.mkdir(parents=True, exist_ok=True)
    for name in companions:
        if name not in versions:
            raise FailedError(
                f"{name} is a companion but not a build requirement",
                remedy="add it to build-system.requires",
            )
        python = (3, target.minor)
        wheel = _fetch(f"{name}=={versions[name]}", into, python, target)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(into)
        wheel.unlink()
    return into


def replace_headers(installed: Iterable[Installed], target: Target) -> None:
    """Replace this machine's headers in the environment by those of the Windows wheels.

    Raises ``InputError`` where a distribution with platform headers has no Windows wheel.
    """
    for each in installed:
        if not each.has_headers:
            continue
        with tempfile.TemporaryDirectory(prefix="mlcbuild-headers-") as folder:
            # For the Python of this environment: headers are the same for all.
            python = sys.version_info[:2]
            wheel = _fetch(f"{each.name}=={each.version}", Path(folder), python, target)
            with zipfile.ZipFile(wheel) as archive:
                for name in archive.namelist():
                    if name.endswith(_HEADERS):
                        archive.extract(name, each.root)


def _fetch(wanted: str, into: Path, python: tuple[int, int], target: Target) -> Path:
    from mlcbuild.package.pypi import open_from_index  # noqa: PLC0415 - asks the index

    open_from_index(wanted, into, python=python, platform=target.platform).close()
    return next(into.glob("*.whl"))
