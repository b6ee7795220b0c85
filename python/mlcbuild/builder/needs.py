"""Judge the images' needs: libraries, symbols, search folders. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from mlcbuild.builder.expectation import Expectation, library_stem
from mlcbuild.elf import ElfImage
from mlcbuild.loader.policy import provider_of
from mlcbuild.pe.facts import Image
from mlcbuild.rules.finding import Finding

if TYPE_CHECKING:
    from mlcbuild.platforms import Machine

    SystemDlls = Callable[[str, Machine], bool]

Native: TypeAlias = ElfImage | Image

#: Libraries of glibc and GCC that bind every symbol to a version.
_VERSIONED: Final = re.compile(
    r"lib(c|m|dl|rt|util|pthread|resolv)\.so\.\d|lib(gcc_s|stdc\+\+)\.so\.\d|ld-linux[\w-]*\.so\.\d"
)

#: Libraries of every Linux that runs manylinux wheels (PEP 513 and its successors).
_LINUX_SYSTEM: Final = re.compile(
    r"lib(c|m|dl|rt|util|pthread|resolv|nsl|gcc_s|stdc\+\+|z|expat|GL|X11|Xext|Xrender|ICE|SM"
    r"|glib-2\.0|gobject-2\.0|gthread-2\.0)\.so(\.\d+)*"
    r"|ld-linux[\w-]*\.so(\.\d+)*|ld64\.so(\.\d+)*|libc\.musl-\w+\.so\.1"
)


def find_needs(
    natives: Sequence[Native], expected: Expectation, is_system_dll: SystemDlls
) -> Iterator[Finding]:
    """Find needed libraries that neither the wheel, a companion nor the platform provides."""
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
    "install it into the wheel, link it statically, or declare the distribution that provides it: "
    "[tool.mlcbuild.build] companions"
)
_DECLARE_SYSTEM: Final = (
    "load it at run time, or declare that the user's system provides it: "
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
        return None  # reported by the rule debug-crt
    if provider is not None:
        return f"which comes with {provider.provided_by}", _DECLARE_SYSTEM
    return "which neither the wheel, a companion nor Windows has", _DECLARE


def _elf_problem(name: str, image: ElfImage, natives: Sequence[Native]) -> tuple[str, str] | None:
    if _LINUX_SYSTEM.fullmatch(name):
        return None
    inside = [n.path for n in natives if posixpath.basename(n.path) == name]
    if not inside:
        return "which neither the wheel, a companion nor the platform's policy has", _DECLARE
    here = posixpath.dirname(image.path)
    reached = _reached(image, name)
    for other in natives:
        if isinstance(other, ElfImage) and other.inherited:
            reached |= _reached(other, name)
    if reached & set(inside):
        return None
    relative = posixpath.relpath(posixpath.dirname(inside[0]) or ".", here or ".")
    want = "$ORIGIN" if relative == "." else f"$ORIGIN/{relative}"
    return (
        f"which is in the wheel ({inside[0]}) but not on its RUNPATH",
        f'set_target_properties(... PROPERTIES INSTALL_RPATH "{want}")',
    )


def _reached(image: ElfImage, name: str) -> set[str]:
    """Return the paths in the wheel where an image's RUNPATH makes the loader look for a name."""
    here = posixpath.dirname(image.path)
    return {
        posixpath.normpath(posixpath.join(here, below.lstrip("/"), name))
        for entry in image.runpath
        for origin, _, below in [entry.replace("${ORIGIN}", "$ORIGIN").partition("$ORIGIN")]
        if not origin and entry.startswith("$")
    }


def find_symbols(
    natives: Sequence[Native],
    companion_exports: Mapping[str, frozenset[str]],
    is_process_symbol: Callable[[str], bool],
) -> Iterator[Finding]:
    """Find undefined symbols, where every library that could define them is known.

    A shared library on Linux links with undefined symbols and fails at load time. glibc, libstdc++
    and libgcc version their symbols, so an unversioned one belongs to the wheel, a companion, or a
    library that every Python process has loaded (``is_process_symbol``).
    """
    images = [native for native in natives if isinstance(native, ElfImage)]
    inside = {posixpath.basename(image.path) for image in images}
    defined = set().union(*companion_exports.values(), *(image.exports for image in images))
    for image in images:
        known = all(
            _VERSIONED.fullmatch(name) or name in inside or library_stem(name) in companion_exports
            for name in image.needed
        )
        if not known:
            continue
        missing = sorted(name for name in image.imports - defined if not is_process_symbol(name))
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            yield Finding(
                rule="missing-symbol",
                severity="error",
                module=image.path,
                message=f"needs the symbol {missing[0]}{more}, "
                "which neither the wheel nor what it needs defines",
                evidence={"symbols": missing},
                fix="link the library that defines it (target_link_libraries), in the version "
                "whose headers were used",
            )


def find_runpaths(natives: Sequence[Native]) -> Iterator[Finding]:
    """Find folders of the build machine in the RPATH or RUNPATH of an ELF image."""
    for native in natives:
        if isinstance(native, Image):
            continue
        foreign = [entry for entry in native.runpath if not entry.startswith(("$", "@"))]
        if foreign:
            yield Finding(
                rule="build-path",
                severity="error",
                module=native.path,
                message=f"searches libraries in a folder of the build machine ({foreign[0]})",
                fix='set INSTALL_RPATH to "$ORIGIN" and INSTALL_RPATH_USE_LINK_PATH to OFF',
            )


def find_companions(expected: Expectation) -> Iterator[Finding]:
    """Find companions that would not be installed with the wheel."""
    for name in expected.companions:
        if expected.requires is not None and name not in expected.requires:
            yield Finding(
                rule="companion-not-required",
                severity="error",
                message=f"companion {name} is not among the project's dependencies",
                fix=f'add "{name}" to project.dependencies, with the version built against',
            )
