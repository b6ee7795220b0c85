"""Facts of one PE image. Pure data: nothing here reads a file.

Names of DLLs are kept as the image spells them; compare them with ``casefold``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mlcbuild.platforms import Machine

#: ``dynamic`` UCRT/MSVCP of MSVC, ``debug`` the same with a debug DLL, ``static`` MSVC without any
#: CRT import, ``msvcrt`` the old system CRT (MinGW), ``ucrt`` MinGW or zig on the UCRT,
#: ``none`` no C runtime at all.
Crt = Literal["dynamic", "debug", "static", "msvcrt", "ucrt", "none", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedSymbol:
    """One imported symbol: by name, or by ordinal where ``name`` is None."""

    name: str | None
    ordinal: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedDll:
    """One DLL of the import or delay-import directory."""

    name: str
    symbols: tuple[ImportedSymbol, ...]
    delayed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedSymbol:
    """One export. ``forwarder`` is ``DLL.name`` or ``DLL.#ordinal`` where it is forwarded."""

    name: str | None
    ordinal: int
    forwarder: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """The facts of one PE image. Exports are read separately (``pe.exports``)."""

    path: str
    size: int
    machine: Machine
    bits: Literal[32, 64]
    is_dll: bool
    subsystem: int
    characteristics: int
    linker_version: tuple[int, int]
    #: Newest MSVC toolset of any object, from the Rich header, e.g. ``(14, 44)``; None if unknown.
    toolset: tuple[int, int] | None
    #: ``msvc``, ``clang``, ``gnu``, ``zig``, ``rust``, ``go`` or ``unknown``.
    producer: str
    imports: tuple[ImportedDll, ...]
    crt: Crt
    #: LOAD_LIBRARY_SEARCH_* flags of the load config; 0 when absent.
    dependent_load_flags: int = 0
    #: Of the version resource; None where it has none.
    file_version: tuple[int, int, int, int] | None = None
    manifest: str | None = None
    pdb: str | None = None
    #: What could not be read, in words; a damaged directory does not hide the rest.
    defects: tuple[str, ...] = ()
    #: Why Windows maps it into no process at all, e.g. a file cut short, or why it is too much to
    #: be judged; or None.
    invalid: str | None = None
    #: What Windows says then: 193, or 487 where it can lie at no address.
    winerror: int = 193
    #: .NET code for any CPU: its x86 header says nothing about the process that loads it.
    managed: bool = False
