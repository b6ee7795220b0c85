"""What the gate expects of the images: the build's record and the project's declarations.

The record is ``mlcbuild-build.json``, written by the CMake policy into the build folder; the
project's part is ``[tool.mlcbuild.build]`` of its pyproject.toml.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from mlcbuild.builder.project import Project, read_project
from mlcbuild.errors import InputError
from mlcbuild.platforms import MACHINES

RECORD_NAME: Final = "mlcbuild-build.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildRecord:
    """CMake's record of the build, written by ``finish.cmake``."""

    configuration: str
    generator: str
    compiler_id: str
    compiler_version: str
    msvc_toolset: str
    crt: str
    system: str
    processor: str
    pointer_bytes: str
    #: scikit-build-core's state: ``wheel``, ``editable``, or empty outside it.
    state: str
    project: str
    stamp_dir: str
    pins: str
    devices: str
    #: The wheel's name and version as scikit-build-core passes them; empty outside it.
    distribution: str
    version: str
    #: Its other trees besides the target library; empty outside scikit-build-core.
    scripts: str
    data: str
    #: The toolchain's choice as JSON; empty where CMake was called without our backends.
    toolchain: str = ""
    #: Companions of this kind of build only: ``distribution=library,library;...``.
    companions: str = ""

    @property
    def machine(self) -> str:
        """The target machine, named as in the stamp and in check."""
        machine = MACHINES.get(self.processor.casefold(), self.processor)
        if machine == "x86_64" and self.pointer_bytes == "4":
            return "x86"
        return machine

    @property
    def crt_policy(self) -> Literal["dynamic", "debug"]:
        """The C runtime that every image must use."""
        return "debug" if "Debug" in self.crt else "dynamic"


@dataclass(frozen=True, kw_only=True, slots=True)
class Expectation:
    """What every staged image must satisfy."""

    system: str
    machine: str
    configuration: str
    editable: bool = False
    #: Distribution -> stems of the libraries it provides at run time (``tvm_ffi``).
    companions: dict[str, tuple[str, ...]]
    #: Names of the project's dependencies, normalised; None where they are dynamic.
    requires: frozenset[str] | None = None
    #: Stems of further libraries of the target system.
    system_libraries: frozenset[str] = frozenset()
    keep_debug_info: bool = False


def library_stem(name: str) -> str:
    """Reduce a library's file name to its system-independent stem.

    >>> [library_stem(n) for n in ("libtvm_ffi.so.1", "tvm_ffi.dll", "libtvm_ffi.dylib")]
    ['tvm_ffi', 'tvm_ffi', 'tvm_ffi']
    """
    stem = re.sub(r"(\.so(\.[0-9.]+)?|\.dll|\.pyd|\.dylib)$", "", name.casefold())
    return stem.removeprefix("lib")


def read_expectation(build: Path) -> tuple[BuildRecord, Project, Expectation]:
    """Read the record of a build folder and the project it names.

    Raises ``InputError`` where the record is absent or damaged, ``UsageError`` for a bad table.
    """
    path = build / RECORD_NAME
    try:
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        record = BuildRecord(**table)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"the build record {path} cannot be read ({error})",
            remedy="configure the project again with mlcbuild's policy",
        ) from error
    project = read_project(Path(record.project))
    return (
        record,
        project,
        Expectation(
            system=record.system,
            machine=record.machine,
            configuration=record.configuration,
            editable=record.state == "editable",
            companions={
                name: tuple(library_stem(library) for library in libraries)
                for name, libraries in {**project.companions, **_companions(record)}.items()
            },
            requires=project.requires,
            system_libraries=frozenset(library_stem(name) for name in project.system_libraries),
            keep_debug_info=project.keep_debug_info,
        ),
    )


def _companions(record: BuildRecord) -> dict[str, tuple[str, ...]]:
    """Read the record's own companions, which override the project's of the same name."""
    rows = (row.partition("=") for row in record.companions.split(";") if row)
    return {name: tuple(libraries.split(",")) for name, _, libraries in rows}
