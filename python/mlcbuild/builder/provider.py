"""Apply the release policy to any scikit-build-core project that opts in.

scikit-build-core calls ``overrides`` in every build of an environment where mlcbuild is installed
(entry-point group ``scikit-build-core.config.override``). It answers ``{}`` unless the project's
pyproject.toml has a ``[tool.mlcbuild]`` table.

The policy is in the *override* table and in ``cmake.define``: tables are merged key by key, while a
project's list (``cmake.args``) would replace ours entirely, policy included. So is the minimum
CMake version: an older one silently ignores the policy.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mlcbuild.builder.project import Project, read_project
from mlcbuild.errors import MlcbuildError, UsageError
from mlcbuild.toolchain import Choice, choose, read_overrides
from mlcbuild.toolchain.activate import environment
from mlcbuild.toolchain.overrides import cmake_args
from mlcbuild.toolchain.probe import read_machine

POLICY: Final = Path(__file__).parents[1] / "cmake" / "policy.cmake"

#: The policy's minimum CMake.
_CMAKE_FLOOR: Final = ">=3.25"

_INCLUDES: Final = "CMAKE_PROJECT_TOP_LEVEL_INCLUDES"

#: How a config setting may name CMake's configuration.
_BUILD_TYPE: Final = ("cmake.build-type", "skbuild.cmake.build-type")


def overrides(*, state: str, env: Mapping[str, str]) -> dict[str, Any]:
    """Return the policy: it overrides pyproject.toml, and a build's own settings override it."""
    project = _project()
    if not project.opted_in or state not in ("wheel", "editable"):
        return {}
    try:
        choice = project_toolchain(project, env=env)
        table = policy_table(Path.cwd(), project, env=env, choice=choice)
        changed = environment(choice, env)
    except MlcbuildError as error:
        raise SystemExit(f"mlcbuild: error: {error}") from error
    if changed:
        table["env"] = {name: {"default": text, "force": True} for name, text in changed.items()}
    return table


def project_toolchain(
    project: Project,
    *,
    env: Mapping[str, str],
    settings: Mapping[str, str | list[str]] | None = None,
    oldest: tuple[int, int] = (15, 0),
) -> Choice:
    """Choose the toolchain for one build of a project. ``settings`` are this build's.

    ``oldest`` is the first Visual Studio that compiles the sources. Raises ``UsageError`` where the
    request cannot be met.
    """
    cmake = project.scikit_build.get("cmake", {})
    prefix = "cmake.define."
    ours = {
        name.removeprefix(prefix): value
        for name, value in (settings or {}).items()
        if name.startswith(prefix)
    }
    args = (settings or {}).get("cmake.args", cmake.get("args", []))
    requested = read_overrides(
        env=env,
        define={**cmake.get("define", {}), **ours},
        args=args.split(";") if isinstance(args, str) else [str(arg) for arg in args],
    )
    return choose(read_machine(env), requested, oldest=oldest)


def policy_table(
    folder: Path,
    project: Project,
    *,
    env: Mapping[str, str],
    configuration: str = "",
    settings: Mapping[str, str | list[str]] | None = None,
    choice: Choice | None = None,
) -> dict[str, Any]:
    """Return the ``tool.scikit-build`` table that applies the policy to the project in ``folder``.

    ``configuration`` is Release unless it, or MLCBUILD_CONFIGURATION in ``env``, says Debug.
    ``settings`` are this build's. ``choice`` is the toolchain's; it is made here where
    none is given.
    Raises ``UsageError`` where the project or the environment would bypass the policy.
    """
    named = configuration or env.get("MLCBUILD_CONFIGURATION") or "Release"
    if named not in ("Release", "Debug"):
        raise UsageError(
            f"MLCBUILD_CONFIGURATION={named} is not valid", remedy="use Release or Debug"
        )
    cmake = project.scikit_build.get("cmake", {})
    _refuse_other_configuration(
        {
            "[tool.scikit-build] cmake.build-type": cmake.get("build-type"),
            "SKBUILD_CMAKE_BUILD_TYPE": env.get("SKBUILD_CMAKE_BUILD_TYPE"),
            **{f"-C {name}": (settings or {}).get(name) for name in _BUILD_TYPE},
        },
        named,
    )
    for origin, args in (
        ("[tool.scikit-build] cmake.args", cmake.get("args", [])),
        ("CMAKE_ARGS", cmake_args(env)),
    ):
        if any(_INCLUDES in str(arg) for arg in args):
            raise UsageError(
                f"{origin} sets {_INCLUDES}, which mlcbuild's policy uses",
                remedy="set it in [tool.scikit-build.cmake.define], where both are kept",
            )
    theirs = cmake.get("define", {}).get(_INCLUDES, "")
    includes = [POLICY.as_posix(), *([theirs] if isinstance(theirs, str) and theirs else [])]
    components = project.scikit_build.get("install", {}).get("components", [])
    choice = choice or project_toolchain(project, env=env)
    define = {
        _INCLUDES: ";".join(includes),
        **choice.define,
        "MLCBUILD_TOOLCHAIN": choice.record,
        "MLCBUILD_CONFIGURATION": named,
        "MLCBUILD_PYTHON": Path(sys.executable).as_posix(),
        "MLCBUILD_PROJECT": folder.resolve().as_posix(),
        "MLCBUILD_LAST_COMPONENT": str(components[-1]) if components else "",
    }
    return {
        "cmake": {"version": _cmake_version(folder, cmake), "build-type": named, "define": define},
        "wheel": {"reproducible": True},
    }


def as_config_settings(table: Mapping[str, Any]) -> dict[str, str]:
    """Flatten a table for a backend that calls scikit-build-core with config settings."""
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{rest}": text for rest, text in as_config_settings(value).items()}
        else:
            flat[key] = str(value)
    return flat


def _refuse_other_configuration(asked: Mapping[str, object], named: str) -> None:
    """Raise ``UsageError`` where another configuration than the policy's is requested."""
    for origin, value in asked.items():
        if value is not None and str(value).casefold() != named.casefold():
            raise UsageError(
                f"{origin}={value}: the policy builds {named}",
                remedy="remove it (an editable debug build: MLCBUILD_CONFIGURATION=Debug)",
            )


def _project() -> Project:
    """Read the project being built: PEP 517 hooks run in its folder."""
    try:
        return read_project(Path.cwd())
    except MlcbuildError as error:
        raise SystemExit(f"mlcbuild: error: {error}") from error


def _cmake_version(folder: Path, cmake: Mapping[str, Any]) -> str:
    """Combine the policy's minimum CMake with the project's.

    scikit-build-core reads ``cmake_minimum_required`` only if no version is set.
    """
    wanted = cmake.get("version", "CMakeLists.txt")
    if wanted != "CMakeLists.txt":
        return f"{wanted},{_CMAKE_FLOOR}"
    try:
        lists = folder / cmake.get("source-dir", ".") / "CMakeLists.txt"
        text = lists.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _CMAKE_FLOOR
    pattern = r"cmake_minimum_required\s*\(\s*VERSION\s+(\d+(?:\.\d+)*)"
    match = re.search(pattern, text, re.IGNORECASE)
    return f">={match[1]},{_CMAKE_FLOOR}" if match else _CMAKE_FLOOR
