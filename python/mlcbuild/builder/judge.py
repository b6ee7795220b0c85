"""Judge the built images: facts in, findings out. Pure.

Rules shared with ``mlcbuild check`` have the same ids. An ``error`` stops the wheel.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from mlcbuild.builder.needs import (
    Native,
    find_companions,
    find_needs,
    find_runpaths,
    find_symbols,
)
from mlcbuild.elf import ElfImage
from mlcbuild.loader.policy import provider_of
from mlcbuild.pe.crt import is_debug_crt, unmangled
from mlcbuild.pe.facts import Image
from mlcbuild.rules.cpp_runtime import mutex_use
from mlcbuild.rules.finding import Finding

if TYPE_CHECKING:
    from mlcbuild.builder.expectation import Expectation
    from mlcbuild.builder.needs import SystemDlls


def judge(
    natives: Sequence[Native],
    expected: Expectation,
    *,
    is_system_dll: SystemDlls,
    companion_exports: Mapping[str, frozenset[str]] = MappingProxyType({}),
    is_process_symbol: Callable[[str], bool] = lambda _name: False,
) -> tuple[Finding, ...]:
    """Return every finding, errors first.

    ``is_system_dll`` knows Windows' DLLs; ``companion_exports`` are the symbols of the installed
    companions' libraries, by stem; ``is_process_symbol`` knows the symbols that every Python
    process on Linux has loaded.
    """
    found = [
        *_packaging(expected),
        *_machines(natives, expected),
        *_debug(natives, expected),
        *_asserts(natives, expected),
        *_one_crt(natives, expected),
        *_mutexes(natives),
        *find_needs(natives, expected, is_system_dll),
        *find_symbols(natives, companion_exports, is_process_symbol),
        *find_runpaths(natives),
        *find_companions(expected),
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
                    "which users do not have and no wheel may ship",
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
                message="still contains debug information",
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
    """One C runtime per process: a buffer or FILE* of one runtime is invalid in another."""
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
            message = "has its own C runtime (/MT)"
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


def _mutexes(natives: Sequence[Native]) -> Iterator[Finding]:
    """Verify the policy's definition: every C++ object initialises its mutexes by a call."""
    for native in natives:
        if isinstance(native, Image) and mutex_use(native) == "certain":
            yield Finding(
                rule="mutex-abi",
                severity="warning",
                module=native.path,
                message="locks a std::mutex without a constructor call: it needs msvcp140 14.40 "
                "or newer, an older one crashes (WinError 1114)",
                fix="compile every object with _DISABLE_CONSTEXPR_MUTEX_CONSTRUCTOR, "
                "third-party static libraries included",
            )


def _is_redistributed(path: str) -> bool:
    """Return whether this is an unchanged DLL of Microsoft's runtime."""
    provider = provider_of(unmangled(posixpath.basename(path)))
    return provider is not None and provider.kind == "redist"
