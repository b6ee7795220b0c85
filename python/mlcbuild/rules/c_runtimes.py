"""Which C and C++ runtime an image uses: a debug one, several, one that is too old."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlcbuild.loader.policy import provider_of
from mlcbuild.rules.cpp_runtime import (
    CONSTEXPR_MUTEX,
    MutexUse,
    RuntimeCopy,
    crashing_neighbours,
    judge_mutex,
)
from mlcbuild.rules.finding import Finding, Severity, Subject, rule
from mlcbuild.rules.names import base_name, is_debug_runtime, original_name
from mlcbuild.versions import dotted

if TYPE_CHECKING:
    from mlcbuild.pe.facts import Image, ImportedDll


@rule(
    severity="error; warning if the release build is beside it",
    title="An image needs the debug runtime",
    why=(
        "Debug builds import msvcp140d, vcruntime140d or ucrtbased. These come with Visual "
        "Studio only and may not be redistributed, so the image loads on the developer's "
        "machine and fails with WinError 126 everywhere else. A multi-config generator builds"
        " Debug if --config is not given, whatever CMAKE_BUILD_TYPE says."
    ),
    source="Microsoft, Preparing a test machine to run a debug executable; mlc-ai/mlc-llm#999",
    fix="Build and install with --config Release.",
)
def debug_crt(subject: Subject) -> Iterator[Finding]:
    for path, image in subject.images.items():
        imported = sorted(dll.name for dll in image.imports if is_debug_runtime(dll.name))
        if imported:
            yield Finding(
                severity="warning" if path in subject.optional else "error",
                module=path,
                message=f"built in the Debug configuration: imports {', '.join(imported)}",
                evidence={"imports": imported},
                fix="build and install with --config Release",
            )
        elif is_debug_runtime(path):
            yield Finding(
                severity="error",
                module=path,
                message="a debug runtime is bundled; its licence forbids redistribution",
                evidence={"runtime": original_name(path)},
                fix="build with --config Release and leave this file out",
            )


_MSVC_CRTS = frozenset({"dynamic", "static"})


@rule(
    severity="warning if C++ library objects are passed between modules; otherwise note",
    title="Modules that call each other use different C runtimes (/MT and /MD)",
    why=(
        "A module built with /MT has its own heap, locale and file table. Memory that one "
        "runtime allocates and the other frees corrupts the heap (0xC0000374). Each static "
        "runtime also uses one of a limited number of thread-local slots."
    ),
    source="Microsoft, Potential errors passing CRT objects across DLL boundaries",
    fix="Build every module of the package with /MD.",
)
def static_crt_mix(subject: Subject) -> Iterator[Finding]:
    for path, load in subject.loads.items():
        image = subject.images.get(path)
        if image is None or image.crt not in _MSVC_CRTS:
            continue
        providers = {base_name(need.name): need.path for need in load.needs if need.path}
        for dll in image.imports:
            provider_path = providers.get(base_name(dll.name))
            provider = subject.images.get(provider_path) if provider_path else None
            # Microsoft's own runtimes (vcomp140, mfc140) are made to be called from either side.
            if provider is None or provider_of(dll.name) or not _mixes(image, provider):
                continue
            crosses = _passes_objects(dll)
            yield Finding(
                severity="warning" if crosses else "note",
                module=path,
                message=(
                    f"{image.crt} C runtime here, {provider.crt} in {dll.name}: two heaps"
                    + (", and C++ objects of the standard library pass between" if crosses else "")
                ),
                evidence={"module_crt": image.crt, "provider": provider_path, "crosses": crosses},
                fix="build both with the same runtime (/MD)",
            )


def _mixes(image: Image, provider: Image) -> bool:
    return provider.crt in _MSVC_CRTS and provider.crt != image.crt


def _passes_objects(dll: ImportedDll) -> bool:
    """Return whether an imported C++ name has a ``std`` type, which the other module may free."""
    return any(
        symbol.name is not None and symbol.name.startswith("?") and "@std@@" in symbol.name
        for symbol in dll.symbols
    )


_MUTEX_FIX = (
    "bundle msvcp140 14.40 or newer (delvewheel repair mangles it), require that redistributable, "
    "or define _DISABLE_CONSTEXPR_MUTEX_CONSTRUCTOR for every object"
)


@rule(
    severity="error if every copy that can win is older than 14.38; else warning, note if unsure",
    title="std::mutex is newer than an msvcp140.dll that can be loaded",
    why=(
        "Toolset 14.40 (Visual Studio 2022 17.10) made the constructor of std::mutex constexpr. "
        "An older msvcp140.dll dereferences null when it locks such a mutex; inside a static "
        "initialiser Windows reports that as WinError 1114. Code is affected when it imports "
        "_Mtx_lock but not _Mtx_init_in_situ and was linked by 14.40 or newer. 14.38 and 14.39 "
        "are tolerated in practice, against the documented rule."
    ),
    source="microsoft/STL#4730; microsoft/onnxruntime#21005; onnx/onnx#6267",
    fix=f"{_MUTEX_FIX[0].upper()}{_MUTEX_FIX[1:]}.",
)
def mutex_abi(subject: Subject) -> Iterator[Finding]:
    for path in subject.images:
        use, copies, fatal = judge_mutex(subject, path)
        old = tuple(c for c in copies if c.version is not None and c.version < CONSTEXPR_MUTEX)
        unknown = tuple(c for c in copies if c.version is None)
        if use == "safe" or not (old or unknown):
            continue
        yield Finding(
            severity=_mutex_severity(use, copies, fatal, old),
            module=path,
            message=_mutex_message(use, copies, fatal, old),
            evidence={
                "use": use,
                "toolset": dotted(subject.images[path].toolset),
                "minimum_msvcp140": dotted(CONSTEXPR_MUTEX),
                "copies": [{"where": c.where, "version": dotted(c.version)} for c in copies],
            },
            fix=_MUTEX_FIX,
        )
    for path, (copies, fatal) in crashing_neighbours(subject).items():
        yield Finding(
            severity=_mutex_severity("certain", copies, fatal, fatal),
            message=f"{path}: {_mutex_message('certain', copies, fatal, fatal)}",
            evidence={
                "use": "certain",
                "minimum_msvcp140": dotted(CONSTEXPR_MUTEX),
                "copies": [{"where": c.where, "version": dotted(c.version)} for c in copies],
            },
            fix=_MUTEX_FIX,
        )


def _mutex_severity(
    use: MutexUse,
    copies: tuple[RuntimeCopy, ...],
    fatal: tuple[RuntimeCopy, ...],
    old: tuple[RuntimeCopy, ...],
) -> Severity:
    """Grade: an error only for certain code if every copy is known to crash, as in the verdict."""
    if use == "certain":
        return "error" if fatal and len(fatal) == len(copies) else "warning"
    return "warning" if old else "note"


def _mutex_message(
    use: MutexUse,
    copies: tuple[RuntimeCopy, ...],
    fatal: tuple[RuntimeCopy, ...],
    old: tuple[RuntimeCopy, ...],
) -> str:
    needed = f"msvcp140.dll {dotted(CONSTEXPR_MUTEX)} or newer"
    if use == "unknown":
        return f"locks std::mutex; which toolset built it is unknown: may need {needed}"
    if use == "at-risk":
        return f"mixes objects with old and new std::mutex: may need {needed}"
    if fatal:
        certain = "crashes (WinError 1114)" if len(fatal) == len(copies) else "can crash"
        return f"needs {needed}; {certain} with {fatal[0]}"
    if old:
        return f"needs {needed}; {old[0]} is older and only tolerated in practice"
    return f"needs {needed}; WinError 1114 on a machine with an older one"
