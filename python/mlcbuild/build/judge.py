"""Judge what came out of the compiler: facts of the images in, findings out. Pure.

The rules that ``mlcbuild check`` has too carry its names. An ``error`` stops the wheel.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final, TypeAlias

from mlcbuild.build.elf import ElfImage
from mlcbuild.build.expectation import library_stem
from mlcbuild.loader.policy import provider_of
from mlcbuild.pe.crt import is_debug_crt, unmangled
from mlcbuild.pe.facts import Image
from mlcbuild.rules.model import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mlcbuild.build.expectation import Expectation
    from mlcbuild.pe.facts import Machine

    SystemDlls = Callable[[str, Machine], bool]

__all__ = ["Native", "judge"]

Native: TypeAlias = ElfImage | Image

#: What every Linux that can run manylinux wheels has (PEP 513 and its successors' policies).
_LINUX_SYSTEM: Final = re.compile(
    r"lib(c|m|dl|rt|util|pthread|resolv|nsl|gcc_s|stdc\+\+|z|expat|GL|X11|Xext|Xrender|ICE|SM"
    r"|glib-2\.0|gobject-2\.0|gthread-2\.0)\.so(\.\d+)*"
    r"|ld-linux[\w-]*\.so(\.\d+)*|ld64\.so(\.\d+)*|libc\.musl-\w+\.so\.1"
)


def judge(
    natives: Sequence[Native], expected: Expectation, *, is_system_dll: SystemDlls
) -> tuple[Finding, ...]:
    """Return every finding, errors first. ``is_system_dll`` answers for Windows."""
    found = [
        *_packaging(expected),
        *_machines(natives, expected),
        *_debug(natives, expected),
        *_asserts(natives, expected),
        *_one_crt(natives, expected),
        *_needs(natives, expected, is_system_dll),
        *_runpaths(natives),
        *_companions(expected),
    ]
    return tuple(sorted(found, key=lambda f: (f.severity != "error", f.module or "", f.rule)))


def _packaging(expected: Expectation) -> Iterator[Finding]:
    if expected.configuration != "Release" and not expected.editable:
        yield Finding(
            rule="not-release",
            severity="error",
            message=f"a {expected.configuration} build cannot be packaged",
            fix="build Release, or use an editable install: pip install -e .",
        )


def _machines(natives: Sequence[Native], expected: Expectation) -> Iterator[Finding]:
    windows = expected.system == "Windows"
    good = {expected.machine} | ({"arm64x"} if expected.machine.startswith("arm64") else set())
    for native in natives:
        if isinstance(native, Image) != windows:
            kind = "a Windows" if isinstance(native, Image) else "an ELF"
            message = f"is {kind} image in a build for {expected.system}"
        elif isinstance(native, Image) and native.invalid:
            message = f"cannot be mapped by Windows: {native.invalid}"
        elif native.machine not in good and not (isinstance(native, Image) and native.managed):
            message = f"is built for {native.machine}, the wheel is for {expected.machine}"
        else:
            continue
        yield Finding(
            rule="wrong-machine",
            severity="error",
            module=native.path,
            message=message,
            evidence={"machine": native.machine, "expected": expected.machine},
            fix="build it with this build's compiler, or remove it from the install rules",
        )


def _debug(natives: Sequence[Native], expected: Expectation) -> Iterator[Finding]:
    if expected.configuration == "Debug":
        return
    for native in natives:
        if isinstance(native, Image):
            if native.crt == "debug":
                yield Finding(
                    rule="debug-crt",
                    severity="error",
                    module=native.path,
                    message=f"needs the debug C runtime ({', '.join(_debug_dlls(native))}), "
                    "which no user has and nobody may ship",
                    fix="build every library with --config Release and /MD",
                )
            continue
        if native.has_debug_stl:
            yield Finding(
                rule="debug-crt",
                severity="error",
                module=native.path,
                message="is built with libstdc++'s debug containers, whose layout differs",
                fix="remove _GLIBCXX_DEBUG from the compile definitions",
            )
        if native.has_debug_info and not (expected.keep_debug_info or expected.editable):
            yield Finding(
                rule="debug-info",
                severity="error",
                module=native.path,
                message="still holds debug information",
                fix="strip it (scikit-build-core: install.strip = true), or declare "
                "keep-debug-info = true in [tool.mlcbuild.build]",
            )


def _debug_dlls(image: Image) -> list[str]:
    return [dll.name for dll in image.imports if is_debug_crt(dll.name)]


def _asserts(natives: Sequence[Native], expected: Expectation) -> Iterator[Finding]:
    if expected.configuration == "Debug":
        return
    for native in natives:
        if isinstance(native, ElfImage):
            asserts = native.has_asserts
        else:
            called = {symbol.name for dll in native.imports for symbol in dll.symbols}
            asserts = not called.isdisjoint({"_wassert", "_assert"})
        if asserts:
            yield Finding(
                rule="asserts-enabled",
                severity="warning",
                module=native.path,
                message="has assertions compiled in: some of it was built without NDEBUG",
                fix="build every part in Release, which defines NDEBUG",
            )


def _one_crt(natives: Sequence[Native], expected: Expectation) -> Iterator[Finding]:
    """One C runtime a process: a buffer or FILE* of one runtime is garbage to another."""
    if expected.system != "Windows":
        return
    images = [
        native
        for native in natives
        if isinstance(native, Image)
        and native.crt not in ("none", "unknown")
        and not _is_redistributed(native.path)
    ]
    kinds = sorted({image.crt for image in images if image.crt != "debug"})
    for image in images:
        if image.crt == "static":
            message = "carries a C runtime of its own (/MT)"
        elif len(kinds) > 1 and "static" not in kinds and image.crt == "msvcrt":
            message = (
                f"uses the old msvcrt, other libraries use {', '.join(set(kinds) - {'msvcrt'})}"
            )
        else:
            continue
        yield Finding(
            rule="static-crt-mix",
            severity="error",
            module=image.path,
            message=message,
            evidence={"crt": kinds},
            fix="link it with /MD (CMAKE_MSVC_RUNTIME_LIBRARY=MultiThreadedDLL)",
        )


def _is_redistributed(path: str) -> bool:
    """Say whether it is a DLL of Microsoft's runtime, which is as Microsoft built it."""
    provider = provider_of(unmangled(posixpath.basename(path)))
    return provider is not None and provider.kind == "redist"


def _needs(
    natives: Sequence[Native], expected: Expectation, is_system_dll: SystemDlls
) -> Iterator[Finding]:
    declared = {library for libraries in expected.companions.values() for library in libraries}
    declared |= expected.system_libraries
    for native in natives:
        if isinstance(native, Image):
            names = [(dll.name, dll.delayed) for dll in native.imports]
        else:
            names = [(name, False) for name in native.needed]
        for name, delayed in names:
            if library_stem(name) in declared:
                continue
            problem = (
                _dll_problem(name, native, natives, is_system_dll)
                if isinstance(native, Image)
                else _elf_problem(name, native, natives)
            )
            if problem:
                message, fix = problem
                yield Finding(
                    rule="missing-dll" if isinstance(native, Image) else "missing-library",
                    severity="warning" if delayed else "error",
                    module=native.path,
                    message=f"needs {name}, {message}",
                    evidence={"name": name},
                    fix=fix,
                )


_DECLARE: Final = (
    "install it into the wheel, link it statically, or declare the distribution that brings it: "
    "[tool.mlcbuild.build] companions"
)
_DECLARE_SYSTEM: Final = (
    "load it when it is needed, or declare that the user's system brings it: "
    "[tool.mlcbuild.build] system-libraries"
)


def _dll_problem(
    name: str, image: Image, natives: Sequence[Native], is_system_dll: SystemDlls
) -> tuple[str, str] | None:
    inside = {posixpath.basename(native.path).casefold() for native in natives}
    if name.casefold() in inside or is_system_dll(name, image.machine):
        return None
    provider = provider_of(name)
    if provider is not None and provider.kind == "debug":
        return None  # the rule debug-crt has said it
    if provider is not None:
        return f"which comes with {provider.brought_by}", _DECLARE_SYSTEM
    return "which neither the wheel, a companion nor Windows has", _DECLARE


def _elf_problem(name: str, image: ElfImage, natives: Sequence[Native]) -> tuple[str, str] | None:
    if _LINUX_SYSTEM.fullmatch(name):
        return None
    inside = [n.path for n in natives if posixpath.basename(n.path) == name]
    if not inside:
        return "which neither the wheel, a companion nor the platform's policy has", _DECLARE
    here = posixpath.dirname(image.path)
    reached = {
        posixpath.normpath(
            posixpath.join(
                here,
                entry.replace("${ORIGIN}", "$ORIGIN").removeprefix("$ORIGIN").lstrip("/"),
                name,
            )
        )
        for entry in image.runpath
        if entry.startswith(("$ORIGIN", "${ORIGIN}"))
    }
    if reached & set(inside):
        return None
    relative = posixpath.relpath(posixpath.dirname(inside[0]) or ".", here or ".")
    want = "$ORIGIN" if relative == "." else f"$ORIGIN/{relative}"
    return (
        f"which is in the wheel ({inside[0]}) where its RUNPATH does not lead",
        f'set_target_properties(... PROPERTIES INSTALL_RPATH "{want}")',
    )


def _runpaths(natives: Sequence[Native]) -> Iterator[Finding]:
    for native in natives:
        if isinstance(native, Image):
            continue
        foreign = [entry for entry in native.runpath if not entry.startswith(("$", "@"))]
        if foreign:
            yield Finding(
                rule="build-path",
                severity="error",
                module=native.path,
                message=f"looks for libraries in a folder of the build machine ({foreign[0]})",
                fix='set INSTALL_RPATH to "$ORIGIN" and INSTALL_RPATH_USE_LINK_PATH to OFF',
            )


def _companions(expected: Expectation) -> Iterator[Finding]:
    for name in expected.companions:
        if expected.requires is not None and name not in expected.requires:
            yield Finding(
                rule="companion-not-required",
                severity="error",
                message=f"companion {name} is not among the project's dependencies",
                fix=f'add "{name}" to project.dependencies, with the version built against',
            )
