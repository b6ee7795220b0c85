"""Change members of a finished wheel: replace, add, drop or rename, and keep RECORD true.

Members keep their order, dates and modes; new ones come before RECORD, which stays last. The same
changes to the same wheel give the same bytes.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Final

from mlcbuild.errors import InputError
from mlcbuild.package.zipfaults import ZIP_FAULTS
from mlcbuild.staging import open_new

_BLOCK: Final = 1 << 20


def dist_info(archive: zipfile.ZipFile) -> str:
    """Return the wheel's ``NAME-VERSION.dist-info``. Raises ``InputError`` where it has none."""
    found = [n for n in archive.namelist() if n.endswith(".dist-info/RECORD") and n.count("/") == 1]
    if len(found) != 1:
        raise InputError(
            f"{archive.filename} contains {len(found)} RECORD files: not a valid wheel"
        )
    return found[0].partition("/")[0]


def read_metadata(wheel: Path) -> tuple[str, bytes]:
    """Return the name of the dist-info folder, and METADATA. Raises ``InputError``."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            info = dist_info(archive)
            return info, archive.read(f"{info}/METADATA")
    except ZIP_FAULTS as error:
        raise InputError(f"{wheel} cannot be read as a wheel ({error})") from error


def rewrite(
    wheel: Path,
    target: Path,
    changed: Mapping[str, bytes],
    *,
    rename: Callable[[str], str] = lambda name: name,
    drop: Callable[[str], bool] = lambda _name: False,
) -> None:
    """Write ``target`` as ``wheel`` with the ``changed`` members, without those to ``drop``.

    Both are asked by the new names. ``target`` may be ``wheel``: the new file replaces it when
    complete. Raises ``InputError`` where the wheel cannot be read.
    """
    staged = target.with_name(target.name + ".part")
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            open_new(staged) as file,
            zipfile.ZipFile(file, "w") as out,
        ):
            _copy(archive, out, changed, rename, drop)
    except ZIP_FAULTS as error:
        staged.unlink(missing_ok=True)
        raise InputError(f"{wheel} cannot be read as a wheel ({error})") from error
    except BaseException:
        staged.unlink(missing_ok=True)  # leave no half-written file
        raise
    staged.replace(target)


def with_version(
    wheel: Path,
    folder: Path,
    version: str,
    *,
    headers: Mapping[str, str] | None = None,
    changed: Mapping[str, bytes] | None = None,
    drop: Callable[[str], bool] = lambda _name: False,
) -> Path:
    """Write the wheel as another ``version`` into ``folder`` and return its path.

    ``headers`` are those of METADATA that change beside ``Version``; the rest is ``rewrite``'s.
    """
    info, metadata = read_metadata(wheel)
    old = info.removesuffix(".dist-info")
    new = f"{old.partition('-')[0]}-{version}"

    def renamed(path: str) -> str:
        top, slash, rest = path.partition("/")
        known = top in (f"{old}.dist-info", f"{old}.data")
        return f"{new}{top.removeprefix(old)}{slash}{rest}" if known else path

    target = folder / wheel.name.replace(old, new, 1)
    fresh = {
        f"{new}.dist-info/METADATA": with_headers(metadata, {"Version": version, **(headers or {})})
    }
    rewrite(wheel, target, fresh | dict(changed or {}), rename=renamed, drop=drop)
    return target


def with_headers(metadata: bytes, headers: Mapping[str, str]) -> bytes:
    """Replace one line for each of these headers in a METADATA; its description stays."""
    head, blank, body = metadata.partition(b"\n\n")
    for name, value in headers.items():
        line = f"{name}: {value}".replace("\\", r"\\").encode()
        head = re.sub(rb"(?m)^%s: .*$" % name.encode(), line, head, count=1)
    return head + blank + body


def _copy(
    archive: zipfile.ZipFile,
    out: zipfile.ZipFile,
    changed: Mapping[str, bytes],
    rename: Callable[[str], str],
    drop: Callable[[str], bool],
) -> None:
    record = f"{dist_info(archive)}/RECORD"
    rows = {
        rename(row[0]): row[1:] for row in csv.reader(io.StringIO(archive.read(record).decode()))
        if row and not drop(rename(row[0]))
    }  # fmt: skip
    rows |= {name: _row(data) for name, data in changed.items()}
    present = set()
    for info in archive.infolist():
        name = rename(info.filename)
        present.add(name)
        if info.filename == record:
            continue
        if name in changed:
            _write(out, _like(info, name), io.BytesIO(changed[name]))
            continue
        if drop(name):
            continue
        with archive.open(info) as source:
            _write(out, _like(info, name), source)
    for name, data in changed.items():
        if name not in present:
            _write(out, _like(archive.getinfo(record), name), io.BytesIO(data))
    table = io.StringIO()
    last = rows.pop(rename(record), ["", ""])
    csv.writer(table, lineterminator="\n").writerows(
        [*([name, *row] for name, row in rows.items()), [rename(record), *last]]
    )
    encoded = io.BytesIO(table.getvalue().encode())
    _write(out, _like(archive.getinfo(record), rename(record)), encoded)


def _like(info: zipfile.ZipInfo, name: str) -> zipfile.ZipInfo:
    copy = zipfile.ZipInfo(name, info.date_time)
    copy.external_attr = info.external_attr
    copy.create_system = info.create_system
    copy.compress_type = info.compress_type
    copy.file_size = info.file_size
    return copy


def _write(out: zipfile.ZipFile, info: zipfile.ZipInfo, source: IO[bytes]) -> None:
    """Write a member in blocks: it may be larger than memory."""
    with out.open(info, "w") as stream:  # the size in ``info`` decides whether zip64 is used
        shutil.copyfileobj(source, stream, _BLOCK)


def _row(data: bytes) -> list[str]:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return [f"sha256={digest}", str(len(data))]
