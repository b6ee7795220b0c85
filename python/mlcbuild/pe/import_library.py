"""Write the import library of a DLL from the names that it exports.

The members are short import objects (Microsoft's PE Format, "Import Library Format"), in an archive
with one symbol table. lld-link accepts it; link.exe also requires the descriptor objects of a long
import library, so this is only for LLVM's linker. Pure: the same names give the same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Final

from mlcbuild.platforms import by_machine

_MAGIC: Final = b"!<arch>\n"
#: IMPORT_CODE, with the name as it stands (IMPORT_NAME << 2).
_CODE_BY_NAME: Final = 1 << 2


def import_library(exports: Mapping[str, Iterable[str]], machine: str) -> bytes:
    """Return the library of ``exports`` (DLL -> names) for ``machine``, in our naming.

    A name that two DLLs export is imported from the first.
    """
    members: dict[str, tuple[str, bytes]] = {}
    for dll, names in exports.items():
        for name in sorted(names):
            members.setdefault(name, (dll, _short_import(name, dll, by_machine(machine).coff)))
    long_names = b"".join(f"{dll}/\n".encode() for dll in exports)
    name_offsets = dict(zip(exports, _starts(f"{dll}/\n" for dll in exports), strict=True))
    bodies = [_member(f"/{name_offsets[dll]}", data) for dll, data in members.values()]
    symbols = b"".join(f"__imp_{name}\0{name}\0".encode() for name in members)
    table_size = 4 + 4 * 2 * len(members) + len(symbols)
    names_member = _member("//", long_names)
    offset = len(_MAGIC) + 60 + table_size + table_size % 2 + len(names_member)
    table = struct.pack(">I", 2 * len(members))
    for body in bodies:
        table += struct.pack(">II", offset, offset)
        offset += len(body)
    return b"".join([_MAGIC, _member("/", table + symbols), names_member, *bodies])


def _short_import(name: str, dll: str, machine: int) -> bytes:
    data = f"{name}\0{dll}\0".encode()
    # Signature 0, 0xFFFF; version, machine, time stamp, size, hint, type.
    return struct.pack("<HHHHIIHH", 0, 0xFFFF, 0, machine, 0, len(data), 0, _CODE_BY_NAME) + data


def _member(name: str, data: bytes) -> bytes:
    header = f"{name:<16}{0:<12}{0:<6}{0:<6}{0:<8}{len(data):<10}`\n".encode()
    return header + data + b"\n" * (len(data) % 2)


def _starts(texts: Iterable[str]) -> list[int]:
    starts, at = [], 0
    for text in texts:
        starts.append(at)
        at += len(text)
    return starts
