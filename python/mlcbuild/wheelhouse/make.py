"""Make the wheelhouse: build, repack, gather, check, and only then put it in its place."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError, UsageError
from mlcbuild.sources.cache import sha256_of
from mlcbuild.wheelhouse import recipes
from mlcbuild.wheelhouse.closure import bring, require_uv, resolve
from mlcbuild.wheelhouse.plugins import plugin_variant
from mlcbuild.wheelhouse.repack import labelled
from mlcbuild.wheelhouse.runtime_licences import runtime_licences
from mlcbuild.wheelhouse.upstream import bring_upstream
from mlcbuild.wheelhouse.variants import Ingredients, relabel, stamp_of, variant
from mlcbuild.wheelhouse.wheelfile import WheelFile, read_wheel, write_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["MANIFEST", "Made", "Options", "build_folder", "describe"]
__all__ += ["make", "pinned", "require_place", "staged", "tally"]

MANIFEST: Final = "wheelhouse.json"
_TARGET: Final = "win_amd64"


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What to make and where. ``pythons`` are versions of Windows CPython, ``3.11``."""

    output: Path
    project: Path
    pythons: tuple[str, ...] = ("3.11",)
    constraints: tuple[Path, ...] = ()
    #: Devices beside the CPU, each a plug-in's wheel of the set.
    devices: tuple[str, ...] = ()
    cache: Path | None = None
    offline: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A finished wheelhouse: its folder, bytes of our wheels and of all, and their number."""

    folder: Path
    ours: tuple[Path, ...]
    ours_bytes: int
    all_bytes: int
    count: int


def build_folder(project: Path) -> Path:
    """Return where ``build`` leaves the libraries, in ``out``, and the licences."""
    return project / "build" / _TARGET


def require_place(output: Path) -> None:
    """Refuse a folder that holds something else, before minutes are spent.

    Raises ``UsageError``: a wheelhouse is one consistent set, and replaces an older one whole.
    """
    if not output.exists() or (output / MANIFEST).is_file():
        return
    if not output.is_dir() or any(output.iterdir()):
        raise UsageError(
            f"{output} holds something else than a wheelhouse", remedy="name a new folder with -o"
        )


@contextmanager
def staged(output: Path) -> Iterator[tuple[Path, Path]]:
    """Give two folders aside: for the set, which then takes the place of ``output``; for builds.

    Raises ``UsageError`` and ``InputError``, before anything is built, for what would end in vain.
    """
    require_place(output)
    require_uv()
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{output.name}-", dir=output.parent) as aside:
        folder, built = Path(aside, "wheelhouse"), Path(aside, "built")
        folder.mkdir()
        built.mkdir()
        yield folder, built
        _place(folder, output)


def make(
    options: Options,
    *,
    build: Callable[[Path], Path],
    build_plugin: Callable[[str, Path], Path],
    say: Callable[[str], None],
) -> Made:
    """Make the wheelhouse. ``build`` puts our own wheel into a folder and returns it.

    ``build_plugin`` does so with the plug-in of one device, after ``build``. Raises
    ``MlcbuildError``; the output folder is then as it was before.
    """
    with staged(options.output) as (folder, built):
        wheel = read_wheel(build(built))
        plugins = [read_wheel(build_plugin(device, built)) for device in options.devices]
        say("repacking apache-tvm and apache-tvm-ffi on our libraries")
        ours = _variants(wheel, plugins, options, folder)
        for python in options.pythons:
            say(f"resolving what else Windows needs, for Python {python}")
            pins = resolve(
                [_pin(each) for each in (wheel, *plugins)],
                python=python,
                links=folder,
                constraints=options.constraints,
                offline=options.offline,
            )
            bring(pins, folder, python=python, links=folder)
        _check(ours, say)
        describe(
            folder,
            ours,
            target=_TARGET,
            pythons=options.pythons,
            devices=("cpu", *options.devices),
            note=recipes.chat_only(pinned(wheel)["apache-tvm"]),
        )
    return tally(options.output, [path.name for path in ours])


def _pin(wheel: WheelFile) -> str:
    return f"{wheel.name.replace('_', '-')}=={labelled(wheel.version)}"


def _variants(
    wheel: WheelFile, plugins: Sequence[WheelFile], options: Options, folder: Path
) -> list[Path]:
    versions = pinned(wheel)
    own = {plugin.name.replace("_", "-"): plugin.version for plugin in plugins}
    build_dir = build_folder(options.project)
    libraries = {path.name: path.read_bytes() for path in sorted((build_dir / "out").glob("*.dll"))}
    ingredients = Ingredients(
        libraries=libraries,
        licences={**_licences(build_dir / "licences"), **runtime_licences()},
        stamp=stamp_of(wheel),
        pins={name: labelled(version) for name, version in {**versions, **own}.items()},
    )
    made = [write_wheel(relabel(wheel, ingredients), folder)]
    made += [write_wheel(plugin_variant(plugin, ingredients), folder) for plugin in plugins]
    repacked_names = set()
    for recipe in (
        recipes.tvm(versions["apache-tvm"]),
        recipes.tvm_ffi(versions["apache-tvm-ffi"]),
    ):
        for python in options.pythons:
            path = bring_upstream(
                recipe.project,
                recipe.version,
                python=python,
                cache=options.cache,
                offline=options.offline,
            )
            if path.name in repacked_names:
                continue  # one wheel for all versions of Python
            repacked_names.add(path.name)
            repacked = variant(read_wheel(path), path.read_bytes(), recipe, ingredients)
            made.append(write_wheel(repacked, folder))
    return made


def pinned(wheel: WheelFile) -> dict[str, str]:
    """Return the exact versions of TVM and tvm-ffi that our wheel requires."""
    text = wheel.info["METADATA"].decode()
    found = dict(re.findall(r"^Requires-Dist: (apache-tvm(?:-ffi)?)==([\w.]+)", text, re.MULTILINE))
    if found.keys() != {"apache-tvm", "apache-tvm-ffi"}:
        raise FailedError(
            f"{wheel.filename} does not pin apache-tvm and apache-tvm-ffi",
            remedy="pin both in pyproject.toml: their libraries are replaced",
        )
    return found


def _licences(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _check(ours: list[Path], say: Callable[[str], None]) -> None:
    """Predict that Windows loads every DLL of the set from the set alone."""
    from mlcbuild.check import check  # noqa: PLC0415 - the model and its data
    from mlcbuild.check.settings import Settings  # noqa: PLC0415

    say("checking that Windows will load the set")
    for wheel in ours:
        beside = tuple(str(other) for other in ours if other != wheel)
        report = check([str(wheel)], Settings(companions=beside))
        for target in report.targets:
            for finding in target.findings:
                if finding.severity == "error":
                    raise FailedError(
                        f"{wheel.name}: [{finding.rule}] {finding.module or ''} {finding.message}",
                        remedy=finding.fix or "",
                    )


def describe(
    folder: Path,
    ours: Sequence[Path],
    *,
    target: str,
    pythons: Sequence[str],
    devices: Sequence[str],
    note: str,
) -> None:
    """Write the manifest of a chat-only set; ``ours`` are those of its wheels that we made."""
    names = {path.name for path in ours}
    table: Mapping[str, object] = {
        "schema_version": 1,
        "target": target,
        "python": list(pythons),
        "devices": list(devices),
        "compiles_models": False,
        "note": note,
        "wheels": [
            {
                "file": path.name,
                "origin": "mlcbuild" if path.name in names else "index",
                "size": path.stat().st_size,
                "sha256": sha256_of(path),
            }
            for path in sorted(folder.glob("*.whl"))
        ],
    }
    text = json.dumps(table, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")


def _place(folder: Path, output: Path) -> None:
    """Put the finished folder in its place, the older one aside until then."""
    old = folder.with_name("old")
    if output.exists():
        output.rename(old)
    try:
        folder.rename(output)
    except OSError:
        if old.exists():
            old.rename(output)
        raise
    shutil.rmtree(old, ignore_errors=True)


def tally(output: Path, names: list[str]) -> Made:
    """Count a finished wheelhouse; ``names`` are our own wheels in it."""
    wheels = sorted(output.glob("*.whl"))
    ours = tuple(output / name for name in names)
    return Made(
        folder=output,
        ours=ours,
        ours_bytes=sum(path.stat().st_size for path in ours),
        all_bytes=sum(path.stat().st_size for path in wheels),
        count=len(wheels),
    )
