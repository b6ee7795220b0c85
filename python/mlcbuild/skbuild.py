"""A build backend: scikit-build-core with the release policy.

    [build-system]
    requires = ["scikit-build-core>=1.1.2", "mlcbuild>=0.1"]
    build-backend = "mlcbuild.skbuild"

The same policy as by the provider's entry point, handed over as config settings; a user's own
settings of one build win. A project without a ``[tool.mlcbuild]`` table gets scikit-build-core as
it is; one that names a ``lock`` gets its pinned sources before CMake runs, one that says
``manylinux`` the platform tag that its libraries keep.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import scikit_build_core
from scikit_build_core import build as backend
from scikit_build_core.build import get_requires_for_build_sdist

from mlcbuild.builder.finished import TAGGERS, retag
from mlcbuild.builder.locked_sources import fetch_sources
from mlcbuild.builder.project import read_project
from mlcbuild.builder.provider import as_config_settings, policy_table, project_toolchain
from mlcbuild.builder.unchanged import keep_objects
from mlcbuild.errors import MlcbuildError
from mlcbuild.toolchain.activate import environment, environment_set

if TYPE_CHECKING:
    from mlcbuild.toolchain import Choice

    Settings = Mapping[str, Any] | None

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

#: Settings by which a wheel is not tagged here: its tag is given, or it is another system's.
_OTHER_TAG: Final = frozenset({"wheel.tags", "cmake.define.MLCBUILD_WINDOWS_MACHINE"})


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """PEP 517: what the build needs beside ``build-system.requires``."""
    needed = list(backend.get_requires_for_build_wheel(_with_policy(config_settings)))
    return [*needed, *TAGGERS] if _is_tagged(config_settings) else needed


def prepare_metadata_for_build_wheel(
    metadata_directory: str, config_settings: Settings = None
) -> str:
    """PEP 517: write the metadata."""
    settings = _with_policy(config_settings)
    return str(backend.prepare_metadata_for_build_wheel(metadata_directory, settings))


def build_wheel(
    wheel_directory: str,
    config_settings: Settings = None,
    metadata_directory: str | None = None,
) -> str:
    """PEP 517: build, judge and stamp a wheel."""
    with _toolchain(config_settings) as settings:
        if not _is_tagged(config_settings):
            return str(backend.build_wheel(wheel_directory, settings, metadata_directory))
        with tempfile.TemporaryDirectory(prefix=".mlcbuild-", dir=wheel_directory) as staged:
            name = backend.build_wheel(staged, settings, metadata_directory)
            made = _tagged(Path(staged, name))
            made.replace(Path(wheel_directory, made.name))
            return made.name


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """PEP 517: build an sdist; refused where what is compiled is above the project's folder."""
    try:
        lock = read_project(Path.cwd()).lock
    except MlcbuildError as error:
        raise SystemExit(f"mlcbuild: error: {error}") from error
    root = Path.cwd().resolve()
    if lock and not (root / lock).resolve().is_relative_to(root):
        raise SystemExit(
            f"mlcbuild: error: cannot make an sdist of {root.name}: "
            f"its sources are above its folder ({lock}); "
            "build the wheel from a checkout (pip wheel .)"
        )
    return str(backend.build_sdist(sdist_directory, dict(config_settings or {})))


def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    """PEP 660: what the build needs beside ``build-system.requires``."""
    return list(backend.get_requires_for_build_editable(_with_policy(config_settings)))


def prepare_metadata_for_build_editable(
    metadata_directory: str, config_settings: Settings = None
) -> str:
    """PEP 660: write the metadata."""
    settings = _with_policy(config_settings)
    return str(backend.prepare_metadata_for_build_editable(metadata_directory, settings))


def build_editable(
    wheel_directory: str,
    config_settings: Settings = None,
    metadata_directory: str | None = None,
) -> str:
    """PEP 660: build an editable install."""
    with _toolchain(config_settings) as settings:
        return str(backend.build_editable(wheel_directory, settings, metadata_directory))


def _with_policy(config_settings: Settings) -> dict[str, Any]:
    """Put the policy under the user's settings. Hooks run in the project's folder (PEP 517)."""
    return _decide(config_settings)[0]


@contextmanager
def _toolchain(config_settings: Settings) -> Iterator[dict[str, Any]]:
    """Set the compiler's environment around a build; gives its settings."""
    settings, choice = _decide(config_settings)
    try:
        settings = {**_sources(settings), **settings}
        changed = {} if choice is None else environment(choice, os.environ)
    except MlcbuildError as error:
        raise SystemExit(f"mlcbuild: error: {error}") from error
    with environment_set(changed):
        yield settings


def _decide(config_settings: Settings) -> tuple[dict[str, Any], Choice | None]:
    try:
        project = read_project(Path.cwd())
        if not project.opted_in:
            return dict(config_settings or {}), None
        choice = project_toolchain(project, env=os.environ, settings=config_settings)
        table = policy_table(
            Path.cwd(), project, env=os.environ, settings=config_settings, choice=choice
        )
    except MlcbuildError as error:
        raise SystemExit(f"mlcbuild: error: {error}") from error
    return {**as_config_settings(table), **(config_settings or {})}, choice


def _sources(settings: dict[str, Any]) -> dict[str, str]:
    """Fetch what the project pins, and return the settings that tell CMake of it."""
    project = read_project(Path.cwd())
    if not project.lock:
        return {}
    build_dir = settings.get("build-dir") or project.scikit_build.get("build-dir", "build")
    # Its headers lie where they lay: what pip's new environment changes is CMake's cache alone.
    keep_objects(Path(build_dir), Path(scikit_build_core.__file__).parent.resolve())
    target = settings.get("cmake.define.MLCBUILD_TARGET", "")
    return fetch_sources(Path.cwd(), project, Path(build_dir), target=target)


def _is_tagged(config_settings: Settings) -> bool:
    """Say whether auditwheel finds the tag: for this machine, where the caller names none."""
    named = not _OTHER_TAG.isdisjoint(config_settings or {})
    return sys.platform == "linux" and not named and read_project(Path.cwd()).manylinux


def _tagged(wheel: Path) -> Path:
    try:
        return retag(wheel, Path.cwd())
    except MlcbuildError as error:
        raise SystemExit(f"mlcbuild: error: {error}") from error
