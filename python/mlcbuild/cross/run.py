"""Build the wheels of one project for each Python; a wheel that serves several is built once.

A finished wheel is judged by its tag, the gate's rules, and ``mlcbuild check``.
"""

from __future__ import annotations

import posixpath
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild.builder.restamp import judge_contents, wheel_contents
from mlcbuild.cross.backend import Backend, environment_for, install
from mlcbuild.cross.companions import fetch_companions, installed_in, replace_headers
from mlcbuild.cross.project import open_project
from mlcbuild.cross.windows_python import WindowsPython, fetch_python
from mlcbuild.errors import FailedError
from mlcbuild.package.metadata import tags_of_name

if TYPE_CHECKING:
    from mlcbuild.cross.target import Target
    from mlcbuild.report.result import Report
    from mlcbuild.toolchain.decision import ClangCl


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The request: project, Pythons, and the user's config settings."""

    project: Path
    targets: tuple[Target, ...]
    output: Path
    cache: Path
    jobs: str
    settings: Mapping[str, str]


def cross_build(
    asked: Asked,
    cross: Callable[[], ClangCl],
    *,
    run: Callable[[list[str], Mapping[str, str], Path], int],
    say: Callable[[str], None],
) -> Iterator[tuple[Path, Report]]:
    """Yield each wheel with the result of ``check``; good ones are already in ``asked.output``.

    ``cross`` finds the toolchain, ``run`` runs a command. Raises ``MlcbuildError`` with one line
    for the first problem.
    """
    with tempfile.TemporaryDirectory(prefix="mlcbuild-cross-") as name:
        folder = Path(name)
        project = open_project(asked.project, folder / "sdist")
        for target in asked.targets:
            project.refuse_other(target)
        toolchain = cross()
        say(f"toolchain: {toolchain.choice.text}")
        made: list[Path] = []
        with environment_for(project) as env:
            backend = Backend(project=project, env=env, folder=folder, jobs=asked.jobs, run=run)
            for target in asked.targets:
                if served := next((w for w in made if _serves(w, target)), None):
                    say(f"Windows Python {target.version}: {served.name} supports it too")
                    continue
                work = folder / target.version
                work.mkdir()
                python = fetch_python(target, asked.cache, say)
                given = settings_for(toolchain, python, build_dir=work / "build")
                install(env, backend.requires(python, {**given, **asked.settings}))
                installed = installed_in(env)
                replace_headers(installed, target)
                companions = fetch_companions(
                    project.folder, target, work / "companions", installed
                )
                say(f"building {project.folder.name} for Windows Python {target.version}")
                given |= companion_settings(companions)
                wheel = backend.wheel(work, python, {**given, **asked.settings})
                require_good(wheel, target)
                report = check_wheel(wheel)
                if not report.exit_code:
                    wheel = _keep(wheel, asked.output)
                    made.append(wheel)
                yield wheel, report


def _keep(wheel: Path, output: Path) -> Path:
    output.mkdir(parents=True, exist_ok=True)
    return Path(shutil.move(wheel, output / wheel.name))


def _serves(wheel: Path, target: Target) -> bool:
    """Return whether pip accepts the wheel on that Python."""
    from packaging.tags import compatible_tags, cpython_tags  # noqa: PLC0415

    version, platforms = (3, target.minor), [target.platform]
    taken = {
        str(tag)
        for tag in (
            *cpython_tags(version, [target.abi], platforms),
            *compatible_tags(version, f"cp3{target.minor}", platforms),
        )
    }
    return not taken.isdisjoint(tags_of_name(wheel.name) or ())


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


def require_good(wheel: Path, target: Target) -> None:
    """Judge the wheel's tag, names and images. Raises ``FailedError`` for the first fault."""
    platform = wheel.stem.rpartition("-")[2]
    if platform not in (target.platform, "any"):
        raise FailedError(
            f"{wheel.name} is tagged for {platform}, not for {target.platform}",
            remedy="remove wheel.tags from the project's [tool.scikit-build]",
        )
    staged = wheel_contents(wheel)
    if platform == "any" and staged.natives:
        raise FailedError(
            f"{wheel.name} contains {staged.natives[0].path} but is tagged for every system",
            remedy="remove wheel.platlib = false from the project's [tool.scikit-build]",
        )
    judge_contents(wheel, staged, system="Windows", machine=target.machine, configuration="Release")
    for native in staged.natives:
        name = posixpath.basename(native.path)
        if name.endswith(".so") or "-linux-" in name:
            raise FailedError(
                f"{wheel.name}: {native.path} has a name that Python on Windows does not import",
                remedy="its CMakeLists.txt takes the suffix from this machine's Python: "
                "use ${SKBUILD_SOABI} or python_add_library(... WITH_SOABI)",
            )


def check_wheel(wheel: Path) -> Report:
    """Predict its load with its requirements, as ``mlcbuild check --with-deps`` does."""
    from mlcbuild.check import check  # noqa: PLC0415 - the model and the rules
    from mlcbuild.check.settings import Settings  # noqa: PLC0415

    return check([str(wheel)], Settings(with_deps=True))
