"""Wheels whose cost or contents are an attack: meshes, chains, long RECORDs. Small on disk.

The benchmark measures the same inputs (``benchmarks/bench_hostile.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pefactory import make_pe
from wheelfactory import make_wheel, make_zip

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "chain",
    "cycle",
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
