"""The version of a wheel with device runtimes: ``+tvm0.26.0.g79d603f0.vulkan``.

Wheels for different devices share a name; the local version (PEP 440) tells them apart, so that an
index can hold them all and pip can select one: ``mlc-llm==0.20+tvm0.26.0.vulkan``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.builder.rewheel import read_metadata, with_headers, with_version

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def with_devices(version: str, devices: Sequence[str]) -> str:
    """Return the version with the devices other than the CPU in its local part.

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
    file.write_bytes(with_headers(file.read_bytes(), {"Version": wanted}))
    renamed = f"{name}-{wanted}.dist-info"
    (directory / info).rename(directory / renamed)
    return renamed


def relabel(wheel: Path, devices: Sequence[str]) -> Path:
    """Rename a wheel to its devices' version; return its new path. The old file is removed."""
    info, _ = read_metadata(wheel)
    version = info.removesuffix(".dist-info").partition("-")[2]
    wanted = with_devices(version, devices)
    if wanted == version:
        return wheel
    target = with_version(wheel, wheel.parent, wanted)
    wheel.unlink()
    return target
