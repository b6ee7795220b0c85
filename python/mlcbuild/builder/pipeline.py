"""From the hooks of PEP 517 to a wheel: preflight, fetch, build, gate, stamp, tag.

Gate and stamp run inside ``cmake --install``, through the policy (``cmake/policy.cmake``): a
refused build never becomes a wheel. Only the platform tag is set after scikit-build-core. The wheel
is made in a staging folder and moved when complete.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild.builder.options import BuildOptions, parse
from mlcbuild.builder.scikit import (
    State,
    cross_settings,
    hook_environment,
    run_scikit_build,
    scikit_build_settings,
)
from mlcbuild.errors import FailedError, UsageError
from mlcbuild.msvc import OLDEST
from mlcbuild.toolchain.machine import NINJA

if TYPE_CHECKING:
    from mlcbuild.sources.lock import Lock
    from mlcbuild.sources.stores import Progress
    from mlcbuild.toolchain import Choice
    from mlcbuild.toolchain.decision import ClangCl


def requires(settings: Mapping[str, str | list[str]] | None, *, state: State) -> list[str]:
    """Name what this build needs beyond ``build-system.requires``."""
    from scikit_build_core import build as backend

    from mlcbuild.builder import rust
    from mlcbuild.builder.probe import SystemProbe
    from mlcbuild.builder.unchanged import same_ninja

    options = parse(settings)
    hook = (
        backend.get_requires_for_build_editable
        if state == "editable"
        else backend.get_requires_for_build_wheel
    )
    with hook_environment(options):
        # scikit-build-core requires Ninja where the generator needs it.
        generator = NINJA if options.target != "host" else _toolchain(Path.cwd(), options).generator
        needed = list(hook({"cmake.define.CMAKE_GENERATOR": generator, **options.rest}))
    needed = same_ninja(needed, generator)
    needed += rust.requirements(SystemProbe(), options, _oldest_rust())
    if sys.platform == "linux" and state == "wheel" and options.target == "host":
        from mlcbuild.builder.finished import TAGGERS

        needed += TAGGERS
    return [line for line in needed if not _is_here(line)]


def _is_here(requirement: str) -> bool:
    """Say whether ``build-system.requires`` brought it: pip would install it a second time."""
    from importlib.metadata import PackageNotFoundError, version

    from packaging.requirements import Requirement

    wanted = Requirement(requirement)
    try:
        return wanted.specifier.contains(version(wanted.name), prereleases=True)
    except PackageNotFoundError:
        return False


def metadata(
    directory: str, settings: Mapping[str, str | list[str]] | None, *, state: State
) -> str:
    """Write the metadata of the wheel into ``directory``; return the dist-info's name.

    Raises ``FailedError`` where CMake is too old: scikit-build-core needs it even here.
    """
    from scikit_build_core import build as backend
    from scikit_build_core.errors import CMakeNotFoundError

    from mlcbuild.builder.finished import relabel_metadata

    options = parse(settings)
    hook = (
        backend.prepare_metadata_for_build_editable
        if state == "editable"
        else backend.prepare_metadata_for_build_wheel
    )
    with hook_environment(options):
        try:
            info = hook(directory, dict(options.rest))
        except CMakeNotFoundError as error:
            raise FailedError(str(error), remedy='pip install "cmake>=3.26"') from error
    if state == "editable":
        return info
    return relabel_metadata(Path(directory), info, options.devices)


def sdist(directory: str) -> str:
    """Pack the project; upstream's sources are fetched when the sdist is built."""
    from scikit_build_core import build as backend

    with hook_environment(BuildOptions()):
        return backend.build_sdist(directory, {})


def build(directory: str, settings: Mapping[str, str | list[str]] | None, *, state: State) -> str:
    """Build a wheel into ``directory``; return its name.

    Raises ``MlcbuildError`` with one line for the first problem.
    """
    from mlcbuild.builder import rust
    from mlcbuild.builder.probe import SystemProbe

    options = parse(settings)
    if state == "editable" and options.target != "host":
        raise UsageError(
            f"{options.target} cannot be installed here",
            remedy=f"mlcbuild wheel --target {options.target}",
        )
    if options.target != "host" and options.devices != ("cpu",):
        raise UsageError(
            "this wheel is cross-built for the CPU only; a device is a separate wheel",
            remedy=f"mlcbuild wheel --target {options.target} "
            f"--device {','.join(options.devices[1:])}",
        )
    if state == "wheel" and options.configuration != "Release":
        raise UsageError(
            f"a {options.configuration} build is never packaged",
            remedy="use it as: pip install -e . -C configuration=Debug",
        )
    with rust.at_hand(SystemProbe(), options, _oldest_rust(), _say):
        return _build(directory, options, state=state)


def _oldest_rust() -> str:
    from mlcbuild.sources.lock import LOCK, load

    return load(Path.cwd() / LOCK).rust


def _build(directory: str, options: BuildOptions, *, state: State) -> str:
    from mlcbuild.builder.cross import kinds
    from mlcbuild.builder.finished import keep_symbols, relabel
    from mlcbuild.builder.preflight import require
    from mlcbuild.builder.probe import SystemProbe
    from mlcbuild.builder.unchanged import launcher_environment
    from mlcbuild.sources.cache import locked
    from mlcbuild.sources.lock import LOCK, load
    from mlcbuild.toolchain.activate import environment, environment_set

    root = Path.cwd()
    build_dir = root / "build" / _build_name(options)
    whole = load(root / LOCK)
    cross = _cross(options, whole)
    lock = whole.needed_for(*options.devices, *(kinds(options.target, cross) if cross else ()))
    require(
        SystemProbe(),
        build_dir=build_dir,
        fetches=not options.offline,
        compiler=cross.llvm.clang_cl if cross else os.environ.get("CXX", ""),
        rust=whole.rust,
    )
    build_dir.mkdir(parents=True, exist_ok=True)
    with (
        locked(build_dir / ".lock", notice=_say, stopped=threading.Event()),
        tempfile.TemporaryDirectory(prefix=".mlcbuild-", dir=directory) as staged,
        hook_environment(
            options,
            {
                **launcher_environment(options.launcher, root, os.environ),
                **(cross.environment if cross else {}),
            },
        ),
    ):
        # Before the fetch, so that a missing generator is reported at once.
        choice = cross.choice if cross else _toolchain(root, options)
        settings_for = scikit_build_settings(root, build_dir, lock, options, choice)
        if cross:
            settings_for |= cross_settings(cross, options.target, whole.path.parent)
        changed = environment(choice, os.environ)
        _say(f"toolchain: {choice.text}")
        _fetch_sources(lock, options, build_dir, choice)
        with environment_set(changed):
            made = Path(staged, run_scikit_build(staged, settings_for, build_dir, state=state))
        if state == "wheel":
            made = relabel(made, options.devices)
        if sys.platform == "linux" and state == "wheel" and not cross:
            from mlcbuild.builder.finished import retag

            made = retag(made, root)
        if options.symbols is not None and state == "wheel":
            kept = keep_symbols(build_dir / "out", made.name, options.symbols)
            _say(f"symbols: {kept or 'this compiler writes no PDBs'}")
        made.replace(Path(directory, made.name))
        return made.name


def _build_name(options: BuildOptions) -> str:
    """Name the build folder: short for Windows' path limit, separate for incompatible builds."""
    import sysconfig

    host = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    parts = [host if options.target == "host" else options.target, *options.devices[1:]]
    if options.configuration != "Release":
        parts.append(options.configuration.lower())
    return "-".join(parts)


def _cross(options: BuildOptions, lock: Lock) -> ClangCl | None:
    """Find what a cross build needs, where one is requested."""
    if options.target == "host":
        return None
    from mlcbuild.builder.cross import find_cross

    return find_cross(options, lock, env=os.environ, progress=_progress(), notice=_say)


def _fetch_sources(lock: Lock, options: BuildOptions, build_dir: Path, choice: Choice) -> None:
    from mlcbuild.builder import cargo
    from mlcbuild.builder.locked_sources import FOLDER, gather
    from mlcbuild.sources.fetch import fetch

    _say("fetching the pinned sources")
    fetch(
        lock,
        cache=options.cache,
        mirror=options.mirror,
        offline=options.offline,
        progress=_progress(),
    )
    rust = lock.path.parent / "tokenizers-cpp" / "rust"
    target = cargo.target_for(choice)
    cargo.fetch_crates(rust, lock.crates, target=target, offline=options.offline)
    gather(lock, cargo.packages(rust, target=target), build_dir / FOLDER)


def _progress() -> Progress:
    from mlcbuild.sources.stores import Progress

    class Said(Progress):
        def notice(self, text: str) -> None:
            _say(text)

    return Said()


def _toolchain(root: Path, options: BuildOptions) -> Choice:
    from mlcbuild.builder.project import read_project
    from mlcbuild.builder.provider import project_toolchain
    from mlcbuild.builder.unchanged import launcher_generator

    asked = {**launcher_generator(options.launcher, os.environ, sys.platform), **options.rest}
    return project_toolchain(read_project(root), env=os.environ, settings=asked, oldest=OLDEST)


def _say(text: str) -> None:
    print(f"*** mlcbuild: {text}", flush=True)
