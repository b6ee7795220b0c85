"""From the hooks of PEP 517 to a wheel: preflight, fetch, build, gate, stamp, tag.

Gate and stamp run inside ``cmake --install``, by the policy (``cmake/policy.cmake``): a refused
build never becomes a wheel. What is left for after scikit-build-core is the platform tag. The
wheel is made in a folder aside and moved when it is complete.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from mlcbuild.build.options import BuildOptions, parse
from mlcbuild.build.toolchain.cmake import NINJA
from mlcbuild.build.toolchain.mingw import RUST_TARGET, MingwChoice, choose_mingw
from mlcbuild.errors import FailedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlcbuild.build.toolchain import Choice
    from mlcbuild.sources.lock import Lock

__all__ = ["State", "build", "metadata", "requires", "sdist"]

State = Literal["wheel", "editable"]

_CRATES: Final = "crates.toml"
_TOOLCHAINS: Final = "cmake/toolchains"
#: Upstream's Python package, as laid out by fetch.
_PACKAGE: Final = "3rdparty/mlc-llm/python/mlc_llm/**"
#: The date of every file in a wheel where the user sets none: 1980-01-02, the first day that a zip
#: archive can hold in every time zone. Seconds since 1970.
_NO_DATE: Final = "315619200"
#: Below this the compiler's own message is about the disk, whatever it says. Bytes.
_DISK_IS_FULL: Final = 50_000_000
#: TVM 0.26 is C++20, which 2019's compilers have whole from 16.11 (MSVC 19.29) on.
_OLDEST_STUDIO: Final = (16, 11)


def requires(settings: Mapping[str, str | list[str]] | None, *, state: State) -> list[str]:
    """Name what this build needs beyond ``build-system.requires``."""
    from scikit_build_core import build as backend

    options = parse(settings)
    hook = (
        backend.get_requires_for_build_editable
        if state == "editable"
        else backend.get_requires_for_build_wheel
    )
    with _environment(options):
        # scikit-build-core asks for Ninja where the generator needs it.
        generator = NINJA if options.target != "host" else _toolchain(Path.cwd(), options).generator
        needed = list(hook({"cmake.define.CMAKE_GENERATOR": generator, **options.rest}))
    if sys.platform == "linux" and state == "wheel" and options.target == "host":
        from mlcbuild.build.linux_tag import TAGGERS

        needed += TAGGERS
    return needed


def metadata(
    directory: str, settings: Mapping[str, str | list[str]] | None, *, state: State
) -> str:
    """Write the metadata of the wheel into ``directory``; return the dist-info's name.

    Raises ``FailedError`` where CMake is too old: scikit-build-core asks for it even here.
    """
    from scikit_build_core import build as backend
    from scikit_build_core.errors import CMakeNotFoundError

    from mlcbuild.build.device_version import relabel_metadata

    options = parse(settings)
    hook = (
        backend.prepare_metadata_for_build_editable
        if state == "editable"
        else backend.prepare_metadata_for_build_wheel
    )
    with _environment(options):
        try:
            info = hook(directory, dict(options.rest))
        except CMakeNotFoundError as error:
            raise FailedError(str(error), remedy='pip install "cmake>=3.26"') from error
    if state == "editable":
        return info
    return relabel_metadata(Path(directory), info, options.devices)


def sdist(directory: str) -> str:
    """Pack the project; sources are fetched by whoever builds the sdist."""
    from scikit_build_core import build as backend

    with _environment(BuildOptions()):
        return backend.build_sdist(directory, {})


def build(directory: str, settings: Mapping[str, str | list[str]] | None, *, state: State) -> str:
    """Build a wheel into ``directory``; return its name.

    Raises ``MlcbuildError`` with one line for whatever stands in the way.
    """
    from mlcbuild.build.device_version import relabel
    from mlcbuild.build.preflight import SystemProbe, require
    from mlcbuild.build.symbols import keep_symbols
    from mlcbuild.build.toolchain.activate import environment, environment_set
    from mlcbuild.sources.cache import locked
    from mlcbuild.sources.crates import load_crates
    from mlcbuild.sources.lock import LOCK, load

    options = parse(settings)
    if state == "editable" and options.target != "host":
        raise UsageError(
            f"{options.target} cannot be installed here", remedy="mlcbuild wheel --target win_amd64"
        )
    if state == "wheel" and options.configuration != "Release":
        raise UsageError(
            f"a {options.configuration} build is never packaged",
            remedy="use it with: pip install -e . -C configuration=Debug",
        )
    root = Path.cwd()
    build_dir = root / "build" / _build_name(options)
    lock = load(root / LOCK)
    rust = load_crates(lock.path.parent / _CRATES).rust
    cross = _cross(options, rust)
    require(
        SystemProbe(),
        build_dir=build_dir,
        fetches=not options.offline,
        compiler=cross.compiler.cxx if cross else os.environ.get("CXX", ""),
        rust=rust,
    )
    build_dir.mkdir(parents=True, exist_ok=True)
    with (
        locked(build_dir / ".lock", notice=_say, stopped=threading.Event()),
        tempfile.TemporaryDirectory(prefix=".mlcbuild-", dir=directory) as aside,
        _environment(options, cross.rust_environment if cross else {}),
    ):
        # Before the fetch: a machine without a usable generator is told at once.
        choice = cross.choice if cross else _toolchain(root, options)
        settings_for = _scikit_build_settings(root, build_dir, lock, options, choice)
        if cross:
            settings_for |= _cross_settings(root, cross)
        changed = environment(choice, os.environ)
        _say(f"toolchain: {choice.text}")
        _bring_sources(lock, options, build_dir)
        with environment_set(changed):
            made = Path(aside, _run_scikit_build(aside, settings_for, build_dir, state=state))
        if state == "wheel":
            made = relabel(made, options.devices)
        if sys.platform == "linux" and state == "wheel" and not cross:
            from mlcbuild.build.linux_tag import retag

            made = retag(made, root)
        if options.symbols is not None and state == "wheel":
            kept = keep_symbols(build_dir / "out", made.name, options.symbols)
            _say(f"symbols: {kept or 'this compiler writes no PDBs'}")
        made.replace(Path(directory, made.name))
        return made.name


def _build_name(options: BuildOptions) -> str:
    """Name the build folder: short for Windows' path limit, apart for what must not mix."""
    import sysconfig

    host = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    parts = [host if options.target == "host" else options.target, *options.devices[1:]]
    if options.configuration != "Release":
        parts.append(options.configuration.lower())
    return "-".join(parts)


def _cross(options: BuildOptions, rust: str) -> MingwChoice | None:
    """Choose the cross compiler where one is asked for."""
    if options.target == "host":
        return None
    from mlcbuild.build.toolchain.mingw_probe import read_mingw

    oldest = tuple(int(part) for part in rust.split("."))
    return choose_mingw(read_mingw(os.environ), oldest_rust=oldest)


def _cross_settings(root: Path, cross: MingwChoice) -> dict[str, str | list[str]]:
    """Return the settings that make scikit-build-core build for Windows."""
    file = (root / _TOOLCHAINS / "mingw-w64.cmake").as_posix()
    define = {"CMAKE_TOOLCHAIN_FILE": file, **cross.define}
    return {
        **{f"cmake.define.{name}": value for name, value in define.items()},
        "wheel.tags": "py3-none-win_amd64",
    }


def _bring_sources(lock: Lock, options: BuildOptions, build_dir: Path) -> None:
    from mlcbuild.build import cargo
    from mlcbuild.build.licences import FOLDER, gather
    from mlcbuild.sources.fetch import Progress, bring

    class Said(Progress):
        def notice(self, text: str) -> None:
            _say(text)

    _say("fetching the pinned sources")
    bring(
        lock,
        cache=options.cache,
        mirror=options.mirror,
        offline=options.offline,
        progress=Said(),
    )
    rust = lock.path.parent / "tokenizers-cpp" / "rust"
    target = cargo.host_target() if options.target == "host" else RUST_TARGET
    cargo.bring_crates(rust, lock.path.parent / _CRATES, target=target, offline=options.offline)
    gather(lock, cargo.packages(rust, target=target), build_dir / FOLDER)


def _run_scikit_build(
    aside: str, settings: dict[str, str | list[str]], build_dir: Path, *, state: State
) -> str:
    import scikit_build_core
    from scikit_build_core import build as backend

    from mlcbuild.build.reuse import keep_objects

    hook = backend.build_editable if state == "editable" else backend.build_wheel
    keep_objects(build_dir, Path(scikit_build_core.__file__).parent.resolve())
    try:
        return hook(aside, settings)
    except SystemExit as error:
        # scikit-build-core has printed what failed; add what only we know.
        raise _build_failed(build_dir) from error


def _build_failed(build_dir: Path) -> FailedError:
    if shutil.disk_usage(build_dir).free < _DISK_IS_FULL:
        return FailedError(
            f"the disk of {build_dir} is full", remedy="make room and run the same command again"
        )
    return FailedError(
        "the build failed", remedy="the first error above says where; the next run goes on from it"
    )


def _toolchain(root: Path, options: BuildOptions) -> Choice:
    from mlcbuild.build.project import read_project
    from mlcbuild.build.provider import project_toolchain

    return project_toolchain(
        read_project(root), env=os.environ, settings=options.rest, oldest=_OLDEST_STUDIO
    )


def _scikit_build_settings(
    root: Path, build_dir: Path, lock: Lock, options: BuildOptions, choice: Choice
) -> dict[str, str | list[str]]:
    from mlcbuild.build.locked_sources import write_pins
    from mlcbuild.build.project import read_project
    from mlcbuild.build.provider import as_config_settings, policy_table

    table = policy_table(
        root,
        read_project(root),
        env=os.environ,
        configuration=options.configuration,
        choice=choice,
    )
    return {
        **as_config_settings(table),
        "build-dir": build_dir.as_posix(),
        "cmake.define.MLCBUILD_DEVICES": ";".join(options.devices),
        "cmake.define.MLCBUILD_PINS": write_pins(build_dir, lock).as_posix(),
        # Headers come from 3rdparty/ alone: pip's environment may move without a recompile.
        "cmake.define.MLCBUILD_MAP_PREFIXES": "OFF",
        # The build folder stays where it is, so PDBs cost no repeatability.
        "cmake.define.MLCBUILD_SYMBOLS": "OFF" if options.symbols is None else "ON",
        # Git ignores what is fetched and the sdist leaves it out; the wheel takes it.
        "sdist.include": _PACKAGE,
        **options.rest,
    }


@contextmanager
def _environment(
    options: BuildOptions, further: Mapping[str, str] = MappingProxyType({})
) -> Iterator[None]:
    """Set what CMake and Cargo read from the environment, for the time of one hook."""
    jobs = str(options.jobs or os.cpu_count() or 1)
    cargo_home = os.environ.get("CARGO_HOME") or os.fspath(Path.home() / ".cargo")
    ours = {
        # Where rustup puts Cargo, which the user's PATH may lack; behind it, so that theirs wins.
        "PATH": os.pathsep.join((os.environ.get("PATH", ""), str(Path(cargo_home, "bin")))),
        "CMAKE_BUILD_PARALLEL_LEVEL": jobs,
        "CARGO_BUILD_JOBS": jobs,
        "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", _NO_DATE),
        # The policy is passed by the settings; an installed mlcbuild must not pass it again.
        "SKBUILD_NO_ENTRYPOINT_CONFIG": "1",
        **further,
    }
    if options.offline:
        ours["CARGO_NET_OFFLINE"] = "true"
    from mlcbuild.build.toolchain.activate import environment_set

    with environment_set(ours):
        yield


def _say(text: str) -> None:
    print(f"*** mlcbuild: {text}", flush=True)
