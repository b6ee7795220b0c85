"""The part of a project's pyproject.toml that mlcbuild reads: ``[tool.mlcbuild.build]``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import commonpath, dirname
from typing import Any, Final

from packaging.utils import canonicalize_name

from mlcbuild.errors import InputError, UsageError
from mlcbuild.tables import field_values

_WHERE: Final = "tool.mlcbuild.build"
#: Key of the table -> field.
_KEYS: Final = {
    "companions": "companions",
    "components": "components",
    "keep-debug-info": "keep_debug_info",
    "lock": "lock",
    "manylinux": "manylinux",
    "stamp-dir": "stamp_dir",
    "system-libraries": "system_libraries",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A project's declarations. The table's keys are the field names with ``-`` for ``_``."""

    name: str
    #: True where the project has a ``[tool.mlcbuild]`` table: only then does the policy apply.
    opted_in: bool = False
    #: Package that carries ``_build.json`` (a path inside the wheel); default: see stamp_place.
    stamp_dir: str = ""
    #: Distribution -> libraries it provides, which this wheel does not contain.
    companions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: Libraries the user's system provides beyond the platform's policy (such as drivers).
    system_libraries: tuple[str, ...] = ()
    #: Path of the lock, relative to the project, whose components are fetched before a build.
    lock: str = ""
    #: Which of the lock's components are compiled in; none means all.
    components: tuple[str, ...] = ()
    #: Whether a Linux wheel gets the platform tag that auditwheel determines.
    manylinux: bool = False
    #: Whether images may keep debug information.
    keep_debug_info: bool = False
    #: Normalised names of ``project.dependencies``; None where they are dynamic.
    requires: frozenset[str] | None = None
    #: ``[tool.scikit-build]``, as written.
    scikit_build: dict[str, Any] = field(default_factory=dict)


def read_project(folder: Path) -> Project:
    """Read ``pyproject.toml`` of ``folder``; a folder without one has not opted in.

    Raises ``InputError`` for a file that is not TOML, ``UsageError`` for a key that is unknown or
    of the wrong type.
    """
    path = folder / "pyproject.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Project(name="")
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error})", remedy="correct the file") from error
    tool = _table(table, "tool")
    if "mlcbuild" not in tool:
        return Project(name="")  # nothing else of the file is used
    about = _table(table, "project")
    return Project(
        name=str(about.get("name", "")),
        opted_in=True,
        requires=_requires(about),
        scikit_build=_table(tool, "scikit-build"),
        **_declared(_table(_table(tool, "mlcbuild"), "build")),
    )


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise UsageError(
            f"{key} = {value!r} in pyproject.toml is not a table", remedy="correct the file"
        )
    return value


def _requires(about: dict[str, Any]) -> frozenset[str] | None:
    if "dependencies" in about.get("dynamic", ()) or not about:
        return None
    names = (re.match(r"\s*([A-Za-z0-9._-]+)", str(line)) for line in about.get("dependencies", ()))
    return frozenset(canonicalize_name(match[1]) for match in names if match)


def _declared(own: dict[str, Any]) -> dict[str, Any]:
    """Check ``[tool.mlcbuild.build]``: a misspelt key is an error."""
    found = field_values(Project, own, _WHERE, _KEYS)
    if "companions" in found:
        provided = found["companions"].items()
        found["companions"] = {canonicalize_name(name): each for name, each in provided}
    if "stamp_dir" in found:
        said = f"[{_WHERE}] stamp-dir = {found['stamp_dir']!r}"
        found["stamp_dir"] = package_folder(found["stamp_dir"], said)
    return found


def package_folder(text: str, said: str) -> str:
    """Return a package's path inside the wheel: ``acme.fast`` and ``acme/fast`` are the same.

    ``said`` is what the user wrote, for the message. Raises ``UsageError`` for a path that leaves
    the wheel (``..``, absolute, a drive) or that no package can have.
    """
    folder = text if ".." in text else text.replace(".", "/")
    parts = folder.removesuffix("/").split("/")
    if not all(re.fullmatch(r"\w[\w-]*", part) for part in parts):
        raise UsageError(
            f"{said} is not a package of the wheel",
            remedy='name the package that carries the stamp, such as "acme" or "acme/fast"',
        )
    return "/".join(parts)


def default_stamp_folder(
    natives: Iterable[str], packages: Mapping[str, Path], distribution: str
) -> str:
    """Return the folder for a project that names none.

    It is the package of ``wheel.packages`` where that is one with an ``__init__.py`` (a namespace
    belongs to several distributions); else the deepest folder that holds all ``natives``, paths
    inside the wheel. Modules that lie beside each other in site-packages share no folder of their
    own: they get ``<distribution>.stamp``, a name that cannot be imported.
    """
    regular = [path for path, source in packages.items() if (source / "__init__.py").is_file()]
    if len(packages) == 1 and regular:
        return regular[0]
    folders = [dirname(path) for path in natives if ".data/" not in path]
    shared = commonpath(folders) if folders and all(folders) else ""
    name = re.sub(r"[-_.]+", "_", distribution)
    return shared or (f"{name}.stamp" if name else "")
