"""The gate: the last install step of a build. It reads the staged tree back and stamps it.

Run by the CMake policy through ``cmake/run_gate.py --build DIR --stage DIR``. One line a
finding on standard error; exit 1 stops the install, and with it the wheel.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild.build.elf import MAGIC as ELF_MAGIC
from mlcbuild.build.elf import ElfImage, read_elf
from mlcbuild.build.expectation import read_expectation
from mlcbuild.build.judge import Native, judge
from mlcbuild.build.stamp import (
    STAMP_NAME,
    Compiler,
    FileDigest,
    Source,
    Stamp,
    Target,
    digest,
    write_stamp,
)
from mlcbuild.errors import FailedError, InputError, MlcbuildError
from mlcbuild.pe.facts import Image
from mlcbuild.rules.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlcbuild.build.expectation import BuildRecord
    from mlcbuild.build.project import Project

__all__ = ["Staged", "is_system_dll", "main", "make_stamp", "read_stage", "run_gate"]

_MACHO_MAGIC = {bytes.fromhex(text) for text in ("cffaedfe", "cefaedfe", "cafebabe", "cafebabf")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Staged:
    """The native files of a staged tree: facts of each, and the digests that the stamp lists."""

    natives: tuple[Native, ...]
    digests: tuple[FileDigest, ...]
    #: Native files of a format that is not judged.
    unjudged: tuple[str, ...] = ()


def read_stage(stage: Path) -> Staged:
    """Read every native file below ``stage``, recognised by content and not by name.

    Raises ``InputError`` where one cannot be read or is damaged.
    """
    natives: list[Native] = []
    digests: list[FileDigest] = []
    unjudged: list[str] = []
    for folder, folders, names in os.walk(stage):
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            data = _native_bytes(file)
            if data is None:
                continue
            path = file.relative_to(stage).as_posix()
            digests.append(digest(path, data))
            if data.startswith(ELF_MAGIC):
                natives.append(read_elf(path, data))
            elif data.startswith(b"MZ"):
                natives.append(_read_pe(path))
            else:
                unjudged.append(path)
    return Staged(natives=tuple(natives), digests=tuple(digests), unjudged=tuple(unjudged))


def _native_bytes(file: Path) -> bytes | None:
    try:
        with file.open("rb") as stream:
            head = stream.read(4)
            if head == ELF_MAGIC or head.startswith(b"MZ") or head in _MACHO_MAGIC:
                return head + stream.read()
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror})") from error
    return None


def _read_pe(path: str) -> Image:
    raise FailedError(f"{path} is a Windows image, which this gate does not read yet")


def is_system_dll(name: str) -> bool:
    """Whether every supported Windows has this DLL."""
    return name.casefold() == "kernel32.dll"


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


def run_gate(build: Path, stage: Path) -> tuple[Finding, ...]:
    """Judge ``stage`` and, where nothing is wrong, write the stamp. Returns the findings."""
    record, project, expected = read_expectation(build)
    staged = read_stage(stage)
    findings = [
        *judge(staged.natives, expected, is_system_dll=is_system_dll),
        *(
            Finding(
                rule="not-judged",
                severity="note",
                module=path,
                message="is a Mach-O image: stamped, its dependencies are not judged",
            )
            for path in staged.unjudged
        ),
    ]
    if not staged.digests:
        findings.append(
            Finding(
                rule="nothing-built",
                severity="error",
                message="the install holds no native file",
                fix="add install(TARGETS ...) to CMakeLists.txt",
            )
        )
    if not any(finding.severity == "error" for finding in findings):
        package = project.stamp_dir or record.stamp_dir
        _write_aside(stage / package / STAMP_NAME, write_stamp(make_stamp(record, project, staged)))
    return tuple(findings)


def _write_aside(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".part")
    aside.write_bytes(data)
    aside.replace(path)


def _line(finding: Finding) -> str:
    where = f" {finding.module}" if finding.module else ""
    fix = f"; {finding.fix}" if finding.fix else ""
    return f"mlcbuild gate: {finding.severity}[{finding.rule}]{where}: {finding.message}{fix}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the gate; returns 0, or 1 where something stops the wheel."""
    parser = argparse.ArgumentParser(prog="mlcbuild gate")
    parser.add_argument("--build", type=Path, required=True, help="CMake's build folder")
    parser.add_argument("--stage", type=Path, required=True, help="the installed tree")
    args = parser.parse_args(argv)
    try:
        findings = run_gate(args.build, args.stage)
    except MlcbuildError as error:
        print(f"mlcbuild gate: error: {error}", file=sys.stderr)  # noqa: T201 - its only output
        return error.exit_code
    _print_all(findings)
    return int(any(finding.severity == "error" for finding in findings))


def _print_all(findings: Iterable[Finding]) -> None:
    for finding in findings:
        print(_line(finding), file=sys.stderr)  # noqa: T201 - its only output


if __name__ == "__main__":
    sys.exit(main())
