"""Facts of one ELF image: what the gate needs to know of a Linux library."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Final

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection, GNUVerSymSection
from elftools.elf.sections import SymbolTableSection

from mlcbuild.errors import InputError

MAGIC: Final = b"\x7fELF"

#: ``e_machine`` -> the names that the stamp and check use.
_MACHINES: Final = {
    "EM_X86_64": "x86_64",
    "EM_386": "x86",
    "EM_AARCH64": "arm64",
    "EM_ARM": "arm",
    "EM_RISCV": "riscv64",
    "EM_PPC64": "ppc64le",
    "EM_S390": "s390x",
}

#: In mangled names: ``std::__debug::vector`` and the like, which only -D_GLIBCXX_DEBUG produces.
_DEBUG_CONTAINER: Final = b"St7__debug"

#: ``__gnu_debug::``, where it is asked of libstdc++. Some toolchains link such a function into
#: good libraries, so a definition proves nothing.
_DEBUG_SUPPORT: Final = "11__gnu_debug"

#: What ``assert`` of glibc and musl calls.
_ASSERTION: Final = b"\0__assert_fail\0"


@dataclass(frozen=True, kw_only=True, slots=True)
class ElfImage:
    """What one ELF image says about itself."""

    path: str
    machine: str
    bits: int
    soname: str | None
    #: DT_NEEDED, in order.
    needed: tuple[str, ...]
    #: Entries of DT_RUNPATH, else of DT_RPATH, as written (``$ORIGIN/...``).
    runpath: tuple[str, ...]
    #: They are DT_RPATH's, which the libraries that this one loads inherit (ld.so(8)).
    inherited: bool = False
    #: Library -> version names it must define, e.g. ``libc.so.6: (GLIBC_2.34, ...)``.
    versions: dict[str, tuple[str, ...]]
    has_debug_info: bool
    #: Built with libstdc++'s debug containers, whose layout differs.
    has_debug_stl: bool
    #: Calls the C library's assertion failure: compiled without NDEBUG, which CMake's Release sets.
    has_asserts: bool = False
    #: Symbols it defines for others.
    exports: frozenset[str] = frozenset()
    #: Symbols that another library must define: strong, and bound to no version of one.
    imports: frozenset[str] = frozenset()


def read_elf(path: str, data: bytes | memoryview) -> ElfImage:
    """Read one image. Raises ``InputError`` where it is damaged beyond its header."""
    try:
        elf = ELFFile(io.BytesIO(bytes(data)))
        dynamic = elf.get_section_by_name(".dynamic")
        tags: list[Any] = list(dynamic.iter_tags()) if isinstance(dynamic, DynamicSection) else []
        names = _dynamic_names(elf)
        exports, needed, imports = _symbols(elf)
        return ElfImage(
            path=path,
            machine=_MACHINES.get(elf["e_machine"], str(elf["e_machine"])),
            bits=elf.elfclass,
            soname=next((t.soname for t in tags if t.entry.d_tag == "DT_SONAME"), None),
            needed=tuple(t.needed for t in tags if t.entry.d_tag == "DT_NEEDED"),
            runpath=_runpath(tags),
            inherited=not any(t.entry.d_tag == "DT_RUNPATH" for t in tags),
            versions=_versions(elf),
            has_debug_info=any(
                elf.get_section_by_name(name) is not None
                for name in (".debug_info", ".zdebug_info")
            ),
            has_debug_stl=_DEBUG_CONTAINER in names or any(_DEBUG_SUPPORT in n for n in needed),
            has_asserts=_ASSERTION in names,
            exports=exports,
            imports=imports,
        )
    except (ELFError, ValueError, KeyError, IndexError, OSError, AssertionError) as error:
        raise InputError(
            f"{path} is a damaged ELF file ({type(error).__name__}: {error})",
            remedy="build it again",
        ) from error


def _symbols(elf: Any) -> tuple[frozenset[str], ...]:  # noqa: ANN401 - untyped library
    """Return what the dynamic symbol table defines, what it needs, and that without a version."""
    table = elf.get_section_by_name(".dynsym")
    if not isinstance(table, SymbolTableSection):
        return frozenset(), frozenset(), frozenset()
    section = elf.get_section_by_name(".gnu.version")
    versions = section if isinstance(section, GNUVerSymSection) else None
    exports, needed, imports = set(), set(), set()
    for index, symbol in enumerate(table.iter_symbols()):
        if not symbol.name:
            continue
        if symbol["st_shndx"] != "SHN_UNDEF":
            exports.add(symbol.name)
        elif symbol["st_info"]["bind"] == "STB_GLOBAL":
            needed.add(symbol.name)
            if not _is_versioned(versions, index):
                imports.add(symbol.name)
    return frozenset(exports), frozenset(needed), frozenset(imports)


def _is_versioned(versions: GNUVerSymSection | None, index: int) -> bool:
    """Say whether a symbol is bound to a version; pyelftools names the two numbers for none."""
    return versions is not None and isinstance(versions.get_symbol(index)["ndx"], int)


def _runpath(tags: list[Any]) -> tuple[str, ...]:
    """DT_RUNPATH hides DT_RPATH of the same image (ld.so(8))."""
    runpath = [t.runpath for t in tags if t.entry.d_tag == "DT_RUNPATH"]
    rpath = [t.rpath for t in tags if t.entry.d_tag == "DT_RPATH"]
    return tuple(entry for text in runpath or rpath for entry in text.split(":") if entry)


def _versions(elf: Any) -> dict[str, tuple[str, ...]]:  # noqa: ANN401 - pyelftools is untyped
    section = elf.get_section_by_name(".gnu.version_r")
    if not isinstance(section, GNUVerNeedSection):
        return {}
    return {
        str(need.name): tuple(sorted(entry.name for entry in entries))
        for need, entries in section.iter_versions()
    }


def _dynamic_names(elf: Any) -> bytes:  # noqa: ANN401 - pyelftools is untyped
    """Return the names of all dynamic symbols, each between two NUL bytes."""
    section = elf.get_section_by_name(".dynstr")
    return bytes(section.data()) if section is not None else b""
