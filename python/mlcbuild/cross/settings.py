"""What CMake and scikit-build-core are told beside what they find out by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.build.toolchain.clang_cl import ClangCl
    from mlcbuild.cross.windows_python import WindowsPython

__all__ = ["settings_for"]


def settings_for(
    cross: ClangCl, python: WindowsPython, *, build_dir: Path, companions: Path | None
) -> dict[str, str]:
    """Return the config settings of one build; ``companions`` is the folder of unpacked wheels."""
    define = {
        **cross.define,
        "MLCBUILD_TARGET_ROOT": python.folder.as_posix(),
        "MLCBUILD_TOOLCHAIN": cross.choice.record,
    }
    for prefix in ("Python", "Python3"):
        # What FindPython asks no interpreter for when it cross-compiles.
        define[f"{prefix}_SOABI"] = python.target.soabi
        define[f"{prefix}_SABI_LIBRARY"] = python.stable_library.as_posix()
    if companions is not None:
        define["MLCBUILD_COMPANIONS_DIR"] = companions.as_posix()
    return {
        "build-dir": build_dir.as_posix(),
        **{f"cmake.define.{name}": value for name, value in define.items()},
    }
