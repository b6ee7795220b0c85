"""Pack files into a wheel as ``wheel pack`` would: metadata and a true RECORD."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["build_wheel"]


def build_wheel(
    folder: Path,
    files: Mapping[str, bytes],
    *,
    name: str = "pkg",
    version: str = "1.0",
    tag: str = "py3-none-win_amd64",
    requires: tuple[str, ...] = (),
) -> Path:
    """Return the path of a new wheel in ``folder`` with these files (path -> content)."""
    info = f"{name}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
    metadata += [f"Requires-Dist: {line}\n" for line in requires]
    everything = {
        **files,
        f"{info}/METADATA": "".join(metadata).encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
    }
    rows = [
        f"{path},sha256={_digest(content)},{len(content)}\n" for path, content in everything.items()
    ]
    everything[f"{info}/RECORD"] = "".join([*rows, f"{info}/RECORD,,\n"]).encode()
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in everything.items():
            archive.writestr(member, content)
    return path


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
