"""A wheel in memory: read one, change its files and metadata, write the same bytes every time."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["WheelFile", "headers_of", "read_wheel", "with_headers", "write_wheel"]

#: The first day that a zip archive can hold in every time zone, as everywhere in mlcbuild.
_DATE: Final = (1980, 1, 2, 0, 0, 0)
_RECORD: Final = "RECORD"


@dataclass(frozen=True, kw_only=True, slots=True)
class WheelFile:
    """``name`` and ``version`` as in the file name; ``tag`` is ``py3-none-win_amd64``.

    ``files`` are those outside the dist-info, ``info`` those inside it by the path below it
    (``METADATA``, ``licenses/LICENSE``); RECORD is made when the wheel is written.
    """

    name: str
    version: str
    tag: str
    files: Mapping[str, bytes] = field(repr=False)
    info: Mapping[str, bytes] = field(repr=False)

    @property
    def filename(self) -> str:
        """The wheel's file name."""
        return f"{self.name}-{self.version}-{self.tag}.whl"

    @property
    def info_name(self) -> str:
        """The name of the dist-info folder."""
        return f"{self.name}-{self.version}.dist-info"


def read_wheel(path: Path) -> WheelFile:
    """Read a whole wheel. Raises ``InputError`` for a file that is none."""
    parts = path.name.removesuffix(".whl").split("-", 2)
    try:
        name, version, tag = parts
        with zipfile.ZipFile(path) as archive:
            contents = {i.filename: archive.read(i) for i in archive.infolist() if not i.is_dir()}
        prefix = next(n for n in contents if n.endswith(".dist-info/METADATA"))[: -len("METADATA")]
    except (ValueError, OSError, StopIteration, zipfile.BadZipFile) as error:
        raise InputError(f"{path} cannot be read as a wheel ({error})") from error
    return WheelFile(
        name=name,
        version=version,
        tag=tag,
        files={n: data for n, data in contents.items() if not n.startswith(prefix)},
        info={
            n.removeprefix(prefix): data
            for n, data in contents.items()
            if n.startswith(prefix) and n != prefix + _RECORD
        },
    )


def headers_of(metadata: bytes, name: str) -> list[str]:
    """Return the values of every line of one header in a METADATA."""
    head = metadata.decode("utf-8").replace("\r\n", "\n").partition("\n\n")[0]
    return [line.partition(": ")[2] for line in head.split("\n") if line.startswith(f"{name}: ")]


def with_headers(metadata: bytes, headers: Mapping[str, list[str]]) -> bytes:
    """Replace every line of the given headers in a METADATA; the description stays as it is."""
    head, separator, body = metadata.decode("utf-8").replace("\r\n", "\n").partition("\n\n")
    # A continuation line belongs to the one above.
    lines = re.split(r"\n(?=\S)", head)
    kept = [line for line in lines if line.partition(":")[0] not in headers]
    added = [f"{name}: {value}" for name, values in headers.items() for value in values]
    # METADATA's first line is its own version, and stays first.
    return ("\n".join([kept[0], *added, *kept[1:]]) + separator + body).encode()


def write_wheel(wheel: WheelFile, folder: Path) -> Path:
    """Write the wheel below ``folder``: sorted, dated 1980, RECORD last. Same input, same bytes."""
    info = {
        **wheel.info,
        "WHEEL": "".join(
            f"{line}\n"
            for line in (
                "Wheel-Version: 1.0",
                "Generator: mlcbuild",
                "Root-Is-Purelib: false",
                *(f"Tag: {tag}" for tag in _single_tags(wheel.tag)),
            )
        ).encode(),
    }
    contents = dict(sorted(wheel.files.items()))
    contents |= {f"{wheel.info_name}/{name}": data for name, data in sorted(info.items())}
    record = f"{wheel.info_name}/{_RECORD}"
    contents[record] = _record(contents, record)
    path = folder / wheel.filename
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in contents.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            entry.create_system = 3
            archive.writestr(entry, data)
    return path


def _single_tags(tag: str) -> list[str]:
    python, abi, platform = tag.split("-")
    return [
        f"{p}-{a}-{f}"
        for p in python.split(".")
        for a in abi.split(".")
        for f in platform.split(".")
    ]


def _record(contents: Mapping[str, bytes], own: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for name, data in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        writer.writerow([name, f"sha256={digest}", len(data)])
    writer.writerow([own, "", ""])
    return out.getvalue().encode()
