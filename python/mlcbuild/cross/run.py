"""Build the wheels of one project for each Python; a wheel that serves several is built once."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild.cross.backend import Backend, environment_for, install
from mlcbuild.cross.companions import fetch_companions, replace_headers
from mlcbuild.cross.installed import installed_in
from mlcbuild.cross.project import open_project
from mlcbuild.cross.settings import companion_settings, settings_for
from mlcbuild.cross.verdict import check_wheel, require_good
from mlcbuild.cross.windows_python import fetch_python
from mlcbuild.package.metadata import tags_of_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlcbuild.cross.target import Target
    from mlcbuild.report.result import Report
    from mlcbuild.toolchain.clang_cl import ClangCl


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
