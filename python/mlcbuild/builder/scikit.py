"""Call scikit-build-core: a hook's environment, its settings, its error message.

pipeline.py has the order of the steps; this module only passes decisions on.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from mlcbuild.errors import FailedError
from mlcbuild.toolchain.activate import environment_set

if TYPE_CHECKING:
    from mlcbuild.builder.options import BuildOptions
    from mlcbuild.sources.lock import Lock
    from mlcbuild.toolchain import Choice
    from mlcbuild.toolchain.decision import ClangCl

State = Literal["wheel", "editable"]

#: The import library of PyPI's tvm_ffi.dll, below the folder of the extracted sources.
_TVM_FFI: Final = "tvm-ffi-windows/tvm_ffi/lib/tvm_ffi.lib"
#: Upstream's Python package, as extracted by fetch.
_PACKAGE: Final = "3rdparty/mlc-llm/python/mlc_llm/**"
#: Default date of every file in a wheel, in seconds since 1970: 1980-01-02, the first day a zip
#: archive can store in every time zone.
_NO_DATE: Final = "315619200"
#: Free bytes below which a compiler's error is taken as a full disk.
_DISK_IS_FULL: Final = 50_000_000


@contextmanager
def hook_environment(
    options: BuildOptions, further: Mapping[str, str] = MappingProxyType({})
) -> Iterator[None]:
    """Set what CMake and Cargo read from the environment, for the duration of one hook."""
    jobs = str(options.jobs or os.cpu_count() or 1)
    cargo_home = os.environ.get("CARGO_HOME") or os.fspath(Path.home() / ".cargo")
    ours = {
        # rustup's folder, which may be missing from PATH; appended, so that the user's Cargo wins.
        "PATH": os.pathsep.join((os.environ.get("PATH", ""), str(Path(cargo_home, "bin")))),
        "CMAKE_BUILD_PARALLEL_LEVEL": jobs,
        "CL_MPCount": jobs,  # MSBuild's: compilers at a time in one project, for /MP
        "CARGO_BUILD_JOBS": jobs,
        "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", _NO_DATE),
        # The settings carry the policy; an installed mlcbuild must not apply it again.
        "SKBUILD_NO_ENTRYPOINT_CONFIG": "1",
        **further,
    }
    if options.offline:
        ours["CARGO_NET_OFFLINE"] = "true"
    with environment_set(ours):
        yield


def scikit_build_settings(
    root: Path, build_dir: Path, lock: Lock, options: BuildOptions, choice: Choice
) -> dict[str, str | list[str]]:
    """Return this build's settings: policy, toolchain and devices, then the user's."""
    from mlcbuild.builder.locked_sources import write_pins
    from mlcbuild.builder.project import read_project
    from mlcbuild.builder.provider import as_config_settings, policy_table
    from mlcbuild.builder.unchanged import crates_folder, launcher_define
    from mlcbuild.sources.cache import cache_folder

    table = policy_table(
        root,
        read_project(root),
        env=os.environ,
        configuration=options.configuration,
        choice=choice,
    )
    launcher = launcher_define(options.launcher, os.environ)
    crates = crates_folder(options.launcher, cache_folder(options.cache))
    return {
        **as_config_settings(table),
        **{f"cmake.define.{name}": value for name, value in launcher.items()},
        "cmake.define.MLCBUILD_CRATES_FOLDER": crates,
        "build-dir": build_dir.as_posix(),
        "cmake.define.MLCBUILD_DEVICES": ";".join(options.devices),
        "cmake.define.MLCBUILD_PINS": write_pins(build_dir, lock).as_posix(),
        # Headers come only from 3rdparty/: pip's environment may move without a recompile.
        "cmake.define.MLCBUILD_MAP_PREFIXES": "OFF",
        # The build folder stays in place, so PDBs do not break reproducibility.
        "cmake.define.MLCBUILD_SYMBOLS": "OFF" if options.symbols is None else "ON",
        # Git ignores fetched files and the sdist omits them; the wheel includes them.
        "sdist.include": _PACKAGE,
        **options.rest,
    }


def cross_settings(cross: ClangCl, target: str, sources: Path) -> dict[str, str | list[str]]:
    """Return the settings that make scikit-build-core build for Windows."""
    define = {**cross.define, "MLCBUILD_TVM_FFI_LIBRARY": (sources / _TVM_FFI).as_posix()}
    return {
        **{f"cmake.define.{name}": value for name, value in define.items()},
        "wheel.tags": f"py3-none-{target}",
    }


def run_scikit_build(
    staged: str, settings: dict[str, str | list[str]], build_dir: Path, *, state: State
) -> str:
    """Make the wheel in ``staged``; return its name. Raises ``FailedError``."""
    import scikit_build_core
    from scikit_build_core import build as backend

    from mlcbuild.builder.unchanged import keep_objects

    hook = backend.build_editable if state == "editable" else backend.build_wheel
    keep_objects(build_dir, Path(scikit_build_core.__file__).parent.resolve())
    try:
        return hook(staged, settings)
    except SystemExit as error:
        # scikit-build-core has printed the failure; add what only we know.
        raise _build_failed(build_dir) from error


def _build_failed(build_dir: Path) -> FailedError:
    if shutil.disk_usage(build_dir).free < _DISK_IS_FULL:
        return FailedError(
            f"the disk of {build_dir} is full",
            remedy="free some space and run the command again",
        )
    return FailedError(
        "the build failed", remedy="see the first error above; the next run continues from there"
    )
