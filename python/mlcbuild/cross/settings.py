"""The settings that CMake and scikit-build-core cannot detect themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.cross.windows_python import WindowsPython
    from mlcbuild.toolchain.clang_cl import ClangCl


def settings_for(cross: ClangCl, python: WindowsPython, *, build_dir: Path) -> dict[str, str]:
    """Return the config settings of one build."""
    define = {
        **cross.define,
        "MLCBUILD_TARGET_ROOT": python.folder.as_posix(),
        "MLCBUILD_FREE_THREADED": "ON" if python.target.free_threaded else "OFF",
        "MLCBUILD_TOOLCHAIN": cross.choice.record,
    }
    for prefix in ("Python", "Python3"):
        # FindPython cannot query the interpreter for these when it cross-compiles.
        define[f"{prefix}_SOABI"] = python.target.soabi
        if python.stable_library is not None:
            define[f"{prefix}_SABI_LIBRARY"] = python.stable_library.as_posix()
    return {
        "build-dir": build_dir.as_posix(),
        **{f"cmake.define.{name}": value for name, value in define.items()},
    }


def companion_settings(folder: Path | None) -> dict[str, str]:
    """Return the setting with the folder of unpacked companions, if there is one."""
    return {} if folder is None else {"cmake.define.MLCBUILD_COMPANIONS_DIR": folder.as_posix()}
