"""Write wheels, good and hostile, byte by byte where the standard library refuses to."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["make_wheel", "make_zip", "raw_member"]


def make_wheel(
    folder: Path,
    files: Mapping[str, bytes],
    *,
    name: str = "demo",
    version: str = "1.0",
    tag: str = "py3-none-win_amd64",
    requires: Sequence[str] = (),
    compression: int = zipfile.ZIP_DEFLATED,
) -> Path:
    """Write a well-formed wheel with WHEEL, METADATA and RECORD, and return its path."""
    info = f"{name}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Requires-Dist: {each}" for each in requires]
    contents = {
        **files,
        f"{info}/METADATA": "\n".join([*metadata, "", "The description."]).encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
    }
    rows = [f"{path},{_digest(raw)},{len(raw)}\n" for path, raw in contents.items()]
    contents[f"{info}/RECORD"] = "".join([*rows, f"{info}/RECORD,,\n"]).encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-{tag}.whl"
    path.write_bytes(make_zip(contents, compression=compression))
    return path


def make_zip(files: Mapping[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an ordinary zip of the files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for path, raw in files.items():
            archive.writestr(zipfile.ZipInfo(path), raw, compression)
    return out.getvalue()


def _digest(raw: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()
    return f"sha256={digest}"


def raw_member(
    path: str,
    raw: bytes,
    *,
    declared: int | None = None,
    crc: int | None = None,
    flags: int = 0,
    method: int = 8,
    local_path: str | None = None,
) -> bytes:
    """Return a zip of one member whose headers may lie about it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(raw) + packer.flush() if method else raw
    size = len(raw) if declared is None else declared
    checksum = zlib.crc32(raw) if crc is None else crc
    sizes = struct.pack("<HHHHHIII", 20, flags, method, 0, 0x21, checksum, len(packed), size)
    inner = (local_path or path).encode()
    local = b"PK\3\4" + sizes + struct.pack("<HH", len(inner), 0) + inner + packed
    name = path.encode()
    central = b"PK\1\2\x14\0" + sizes + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end
