"""Make the stamp of a build from its record and from the images themselves."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild.build.elf import ElfImage
from mlcbuild.build.stamp import Compiler, Source, Stamp, Target
from mlcbuild.errors import InputError
from mlcbuild.pe.facts import Image

if TYPE_CHECKING:
    from mlcbuild.build.expectation import BuildRecord
    from mlcbuild.build.project import Project
    from mlcbuild.build.staged import Staged

__all__ = ["make_stamp"]


def make_stamp(record: BuildRecord, project: Project, staged: Staged) -> Stamp:
    """Write down what was built, from the record and from the images themselves."""
    toolsets = [n.toolset for n in staged.natives if isinstance(n, Image) and n.toolset]
    newest = max(toolsets, default=None)
    toolset = f"{newest[0]}.{newest[1]}" if newest else None
    return Stamp(
        configuration=record.configuration,
        generator=record.generator,
        compiler=Compiler(
            id=record.compiler_id,
            version=record.compiler_version,
            toolset=toolset if record.compiler_id == "MSVC" else None,
        ),
        crt=record.crt_policy,
        target=Target(system=record.system, machine=record.machine),
        devices=tuple(device for device in record.devices.split(";") if device),
        sources=_sources(record, project),
        minimum_msvcp140=toolset if _needs_msvcp140(staged) else None,
        minimum_glibc=_highest(staged, "GLIBC_"),
        minimum_glibcxx=_highest(staged, "GLIBCXX_"),
        files=staged.digests,
    )


def _needs_msvcp140(staged: Staged) -> bool:
    return any(
        dll.name.casefold().startswith("msvcp140")
        for native in staged.natives
        if isinstance(native, Image)
        for dll in native.imports
    )


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
    """Pins that the build passes, and the companions' versions that it was built against."""
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
                remedy='give a JSON list of {"name", "origin", "commit", "version", "sha256"}',
            ) from error
    return tuple(sources.values())
