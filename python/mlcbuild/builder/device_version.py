"""The version of a wheel with more than the CPU's runtime: ``+tvm0.26.0.g79d603f0.vulkan``.

Wheels for different devices have one name; the local version (PEP 440) tells them apart, so that an
index can hold them all and pip is asked for one: ``mlc-llm==0.20+tvm0.26.0.vulkan``.
"""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

from mlcbuild.builder.rewheel import dist_info, rewrite

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["relabel", "relabel_metadata", "with_devices"]


def with_devices(version: str, devices: Sequence[str]) -> str:
    """Return the version with the devices beside the CPU in its local part.

    >>> with_devices("1.0+tvm0.26", ("cpu", "vulkan"))
    '1.0+tvm0.26.vulkan'
    """
    extra = [device for device in sorted(devices) if device != "cpu"]
    public, plus, local = version.partition("+")
    parts = [*([local] if plus else []), *extra]
    return f"{public}+{'.'.join(parts)}" if parts else version


def relabel_metadata(directory: Path, info: str, devices: Sequence[str]) -> str:
    """Rename a prepared ``.dist-info`` folder and its version; return the new name."""
    name, version = info.removesuffix(".dist-info").split("-")
    wanted = with_devices(version, devices)
    if wanted == version:
        return info
    file = directory / info / "METADATA"
    file.write_bytes(_metadata(file.read_bytes(), wanted))
    renamed = f"{name}-{wanted}.dist-info"
    (directory / info).rename(directory / renamed)
    return renamed


def relabel(wheel: Path, devices: Sequence[str]) -> Path:
    """Give a wheel its devices' version; return its new path. The old file is removed."""
    with zipfile.ZipFile(wheel) as archive:
        info = dist_info(archive)
        metadata = archive.read(f"{info}/METADATA")
    name, version = info.removesuffix(".dist-info").split("-")
    wanted = with_devices(version, devices)
    if wanted == version:
        return wheel
    old, new = f"{name}-{version}", f"{name}-{wanted}"

    def renamed(path: str) -> str:
        folder, slash, rest = path.partition("/")
        known = folder in (f"{old}.dist-info", f"{old}.data")
        return f"{new}{folder.removeprefix(old)}{slash}{rest}" if known else path

    target = wheel.with_name(wheel.name.replace(old, new, 1))
    changed = {f"{new}.dist-info/METADATA": _metadata(metadata, wanted)}
    rewrite(wheel, target, changed, rename=renamed)
    wheel.unlink()
    return target


def _metadata(data: bytes, version: str) -> bytes:
    """Replace the one Version line of the header."""
    head, blank, body = data.partition(b"\n\n")
    head = re.sub(rb"(?m)^Version: .*$", f"Version: {version}".encode(), head, count=1)
    return head + blank + body
