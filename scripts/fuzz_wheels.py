"""Wheels of odd metadata and of DLLs that import one another, for ``fuzz.py``."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from typing import TYPE_CHECKING

from hostilewheels import chain, cycle, mesh
from mutate import mutations
from wheelfactory import make_zip

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["graphs_of", "metadata_of"]


def metadata_of(source: random.Random, whole: bytes, count: int) -> Iterator[bytes]:
    """Give wheels whose METADATA, WHEEL, RECORD or stamp is damaged; the zip itself is whole."""
    files = {}
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    texts = [name for name in files if not name.endswith((".dll", ".py"))]
    for _ in range(count):
        name = source.choice(texts)
        text = source.choice(
            (
                b"[" * source.randrange(1, 200_000),
                b'{"a":' * source.randrange(1, 50_000),
                b'"' + b"x" * source.randrange(1, 300_000),
                b"Name: " + b"\0" * 99 + b"\nRequires-Dist: ((" + b"(" * source.randrange(9_999),
                b"Version: " + b"9" * source.randrange(1, 9_999),
                source.randbytes(source.randrange(1, 999)),
                b"p/a.dll,sha256=" + b"A" * source.randrange(99) + b"," + b"9" * 5_000 + b"\n",
                next(mutations(source, [files[name]], 1)) if files[name] else b"",
            )
        )
        joined = text if source.randrange(2) else files[name] + text
        made = {**files, name: joined}
        record = next(each for each in files if each.endswith("/RECORD"))
        if name != record:  # else nothing beyond RECORD is ever looked at
            made[record] = true_record(made, record)
        yield make_zip(made)


def true_record(files: dict[str, bytes], record: str) -> bytes:
    """Return the RECORD of these files."""
    rows = []
    for path, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.append(f"{path},,\n" if path == record else f"{path},sha256={digest},{len(data)}\n")
    return "".join(rows).encode()


def graphs_of(source: random.Random, folder: Path, count: int) -> Iterator[bytes]:
    """Give wheels of random chains, meshes and circles."""
    for _ in range(count):
        size = source.randrange(2, 80)
        shape = source.randrange(3)
        if shape == 0:
            path = chain(folder, size, every=source.choice((1, 2, 7, size)))
        elif shape == 1:
            path = mesh(folder, size, source.randrange(1, 12), missing=bool(source.randrange(2)))
        else:
            path = cycle(folder, size)
        yield path.read_bytes()
