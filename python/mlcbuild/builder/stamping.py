"""Make the stamp of a build from its record and from the images themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.elf import ElfImage
from mlcbuild.errors import InputError
from mlcbuild.pe.facts import Image
from mlcbuild.rules.cpp_runtime import mutex_use, needed_redist
from mlcbuild.stamp import Compiler, Source, Stamp, Target, Toolchain
from mlcbuild.versions import dotted

if TYPE_CHECKING:
    from mlcbuild.builder.expectation import BuildRecord
    from mlcbuild.builder.project import Project
    from mlcbuild.builder.staged import Staged

#: The C++ standard library and its satellite DLLs; any of them may have the new symbols.
_CPP_RUNTIME: Final = frozenset(
    f"msvcp140{part}.dll" for part in ("", "_1", "_2", "_atomic_wait", "_codecvt_ids")
)


def make_stamp(record: BuildRecord, project: Project, staged: Staged) -> Stamp:
    """Return the stamp, from the build's record and the images."""
    images = [native for native in staged.natives if isinstance(native, Image)]
    return Stamp(
        configuration=record.configuration,
        generator=record.generator,
        compiler=Compiler(
            id=record.compiler_id,
            version=record.compiler_version,
            toolset=_newest(images) if record.compiler_id == "MSVC" else None,
        ),
        crt=record.crt_policy,
        target=Target(system=record.system, machine=record.machine),
        devices=tuple(device for device in record.devices.split(";") if device),
        sources=_sources(record, project),
        toolchain=_toolchain(record.toolchain),
        **_from_images(staged, toolset=_parsed(record.msvc_toolset)),
    )


def with_new_files(stamp: Stamp, staged: Staged) -> Stamp:
    """Return the stamp with the given native files; the build facts stay the same."""
    return replace(stamp, **_from_images(staged, toolset=_parsed(stamp.minimum_msvcp140 or "")))


def _parsed(text: str) -> tuple[int, int] | None:
    """Read ``14.44`` or ``14.44.35207``; other texts say nothing of the C++ library."""
    match = re.fullmatch(r"(14)\.(\d+)(\.\d+)?", text)
    return (int(match[1]), int(match[2])) if match else None


def _from_images(staged: Staged, *, toolset: tuple[int, int] | None) -> dict[str, Any]:
    """Read the images; ``toolset`` is their C++ library's, where they do not contain it."""
    images = [native for native in staged.natives if isinstance(native, Image)]
    return {
        "minimum_msvcp140": _redist([i for i in images if _needs_msvcp140(i)], toolset),
        "constexpr_mutex": _constexpr_mutex(images),
        "minimum_glibc": _highest(staged, "GLIBC_"),
        "minimum_glibcxx": _highest(staged, "GLIBCXX_"),
        "files": staged.digests,
    }


def _toolchain(text: str) -> Toolchain | None:
    """Read the toolchain choice that the backend passed."""
    try:
        table = json.loads(text) if text else None
        return None if table is None else Toolchain(**{**table, "reasons": tuple(table["reasons"])})
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"MLCBUILD_TOOLCHAIN cannot be read ({error})",
            remedy="unset it: mlcbuild's backends set it",
        ) from error


def _newest(images: Iterable[Image]) -> str | None:
    """Return the newest MSVC toolset of any object in these images, e.g. ``14.44``."""
    newest = max((image.toolset for image in images if image.toolset), default=None)
    return f"{newest[0]}.{newest[1]}" if newest else None


def _redist(images: Sequence[Image], toolset: tuple[int, int] | None) -> str | None:
    """Return the oldest redistributable for these images, e.g. ``14.44``."""
    said = [image.toolset for image in images if image.toolset]
    newest = max(said, default=toolset if images else None)
    return dotted(needed_redist(newest)) if newest else None


def _constexpr_mutex(images: Iterable[Image]) -> bool | None:
    uses = {mutex_use(image) for image in images if _needs_msvcp140(image)}
    return not uses.isdisjoint({"certain", "unknown"}) if uses else None


def _needs_msvcp140(image: Image) -> bool:
    """Return whether it uses the system's copy, not a renamed one in the wheel."""
    return any(dll.name.casefold() in _CPP_RUNTIME for dll in image.imports)


def _highest(staged: Staged, prefix: str) -> str | None:
    versions = [
        tuple(int(part) for part in text.removeprefix(prefix).split("."))
        for native in staged.natives
        if isinstance(native, ElfImage)
        for names in native.versions.values()
        for text in names
        if text.startswith(prefix) and text.removeprefix(prefix).replace(".", "").isdigit()
    ]
    return ".".join(map(str, max(versions))) if versions else None


def _sources(record: BuildRecord, project: Project) -> tuple[Source, ...]:
    """Return the build's pins, and the versions of the companions built against."""
    sources = {}
    for name in project.companions:
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        sources[name] = Source(name=name, origin="pypi", version=version)
    if record.pins:
        try:
            for pin in json.loads(Path(record.pins).read_text(encoding="utf-8")):
                sources[pin["name"]] = Source(**pin)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise InputError(
                f"the pins {record.pins} cannot be read ({error})",
                remedy='pass a JSON list of {"name", "origin", "commit", "version", "sha256"}',
            ) from error
    return tuple(sources.values())
