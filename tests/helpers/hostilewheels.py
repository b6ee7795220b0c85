"""Wheels whose cost or contents are an attack: meshes, chains, long RECORDs. Small on disk.

The benchmark measures the same inputs (``benchmarks/bench_hostile.py``).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pefactory import BASE, HEADERS, make_pe
from wheelfactory import make_wheel, make_zip

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "chain",
    "cycle",
    "export_flood",
    "import_flood",
    "mesh",
    "record_of_nothing",
]

TAG = "py3-none-win_amd64"


def mesh(folder: Path, count: int, imports: int, *, missing: bool = False) -> Path:
    """Return a wheel of DLLs that import so many of each other, and one that is not."""
    files = {}
    for at in range(count):
        others = {f"d{(at * 7 + 13 * n + 1) % count}.dll": ["f"] for n in range(imports)}
        gone = {f"gone{at}.dll": ["g"]} if missing else {}
        files[f"p/d{at}.dll"] = make_pe(imports={**others, **gone}, exports=["f"])
    return make_wheel(folder, files, name=f"mesh{count}x{imports}")


def chain(folder: Path, count: int, *, every: int = 1) -> Path:
    """Return a wheel of DLLs each importing the next; one in ``every`` misses a DLL of its own."""
    files = {}
    for at in range(count):
        following = {f"d{at + 1}.dll": ["f"]} if at + 1 < count else {}
        gone = {f"gone{at}.dll": ["g"]} if (count - 1 - at) % every == 0 else {}
        files[f"p/d{at}.dll"] = make_pe(imports={**following, **gone}, exports=["f"])
    return make_wheel(folder, files, name=f"chain{count}")


def cycle(folder: Path, count: int) -> Path:
    """Return a wheel of DLLs in a circle, the last of which misses one."""
    files = {}
    for at in range(count):
        gone = {"gone.dll": ["g"]} if at == count - 1 else {}
        imports = {f"d{(at + 1) % count}.dll": ["f"], **gone}
        files[f"p/d{at}.dll"] = make_pe(imports=imports, exports=["f"])
    return make_wheel(folder, files, name=f"cycle{count}")


def record_of_nothing(folder: Path, rows: int) -> Path:
    """Return a wheel whose RECORD names so many files that are not in it."""
    info = f"rows{rows}-1.0.dist-info"
    record = "".join(f"{at},,\n" for at in range(rows))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"rows{rows}-1.0-{TAG}.whl"
    path.write_bytes(
        make_zip(
            {
                "p/__init__.py": b"",
                f"{info}/METADATA": f"Name: rows{rows}\nVersion: 1.0\n".encode(),
                f"{info}/WHEEL": f"Wheel-Version: 1.0\nTag: {TAG}\n".encode(),
                f"{info}/RECORD": record.encode(),
            }
        )
    )
    return path


def export_flood(count: int = 65_535, length: int = 0x3FF0) -> bytes:
    """Return a DLL with so many exported names, all one text of so many bytes."""
    text = b"x" * length + b"\0"
    data = bytearray(make_pe(exports=["f"], extra=text + bytes(10 * count + 64)))
    at = BASE + len(text) + 16
    functions, names, ordinals = at, at + 4 * count, at + 8 * count
    directory = _directory(data, 0)
    struct.pack_into("<IIII", data, _offset(directory) + 20, count, count, functions, names)
    struct.pack_into("<I", data, _offset(directory) + 36, ordinals)
    struct.pack_into(f"<{count}I", data, _offset(functions), *[BASE] * count)
    struct.pack_into(f"<{count}I", data, _offset(names), *[BASE] * count)
    struct.pack_into(f"<{count}H", data, _offset(ordinals), *range(count))
    return bytes(data)


def import_flood(count: int, *, distinct: bool) -> bytes:
    """Return a DLL with so many import descriptors, of one name or of as many."""
    table, names = 20 * (count + 1), bytearray()
    thunks, hint, first = BASE + table, BASE + table + 32, BASE + table + 48
    rows = bytearray()
    for at in range(count):
        name = first + (len(names) if distinct else 0)
        if distinct or not at:
            names += b"d%d.dll\0" % at
        rows += struct.pack("<5I", thunks, 0, 0, name, thunks)
    thunk = struct.pack("<QQ", hint, 0).ljust(32, b"\0") + b"\0\0f\0".ljust(16, b"\0")
    data = bytearray(make_pe(extra=bytes(rows) + bytes(20) + thunk + bytes(names)))
    struct.pack_into("<II", data, _entry(data, 1), BASE, table)
    return bytes(data)


def _entry(data: bytearray, number: int) -> int:
    """Return where a data directory of a 64-bit image is described."""
    return int(struct.unpack_from("<I", data, 0x3C)[0]) + 24 + 112 + 8 * number


def _directory(data: bytearray, number: int) -> int:
    return int(struct.unpack_from("<I", data, _entry(data, number))[0])


def _offset(rva: int) -> int:
    return rva - BASE + HEADERS
