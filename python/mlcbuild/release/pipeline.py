"""Make a folder that can be published: wheels with their SBOM, hashes and an index.

The folder may hold wheels of earlier releases: hashes and index cover all of them. Every file is
staged and renamed; the given wheels are not modified.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlcbuild import staging
from mlcbuild.builder.rewheel import rewrite
from mlcbuild.errors import InputError, UsageError
from mlcbuild.release.contents import Contents, read_contents
from mlcbuild.release.index import index_files
from mlcbuild.release.sbom import SBOM_NAME, make_sbom
from mlcbuild.release.trust import refuse_untrue
from mlcbuild.sources.cache import sha256_of

#: 1980-01-02 in seconds since 1970, the first day a zip archive can store in every time zone.
_NO_DATE: Final = 315619200
#: The last second of the year 9999.
_LAST: Final = 253402300799


@dataclass(frozen=True, kw_only=True, slots=True)
class Released:
    """The result: the wheels of this call, and every new file of the folder."""

    wheels: tuple[Contents, ...]
    files: tuple[str, ...]


def release(
    wheels: Sequence[Path], into: Path, *, env: Mapping[str, str] | None = None
) -> Released:
    """Copy ``wheels`` into the folder ``into`` with SBOM, hashes, provenance and index.

    Raises ``InputError`` for a file that is not a valid wheel (``release.trust``), or where the
    folder has a wheel of the same name with other contents: published bytes never change. Raises
    ``UsageError`` for an invalid SOURCE_DATE_EPOCH.
    """
    env = os.environ if env is None else env
    epoch = _epoch(env)
    into.mkdir(parents=True, exist_ok=True)
    for wheel in wheels:
        refuse_untrue(wheel)  # check all before anything is written
    given = {wheel.name for wheel in wheels}
    for wheel in sorted(into.glob("*.whl")):
        if wheel.name not in given:
            refuse_untrue(wheel)
    files: dict[str, bytes] = {}
    made = []
    for wheel in wheels:
        target = _with_sbom(wheel, into, epoch=epoch)
        contents = read_contents(target)
        made.append(contents)
        files[f"{target.name}.cdx.json"] = make_sbom(contents, epoch=epoch, of_file=True).encode()
    everything = [read_contents(path) for path in sorted(into.glob("*.whl"))]
    files["SHA256SUMS"] = "".join(f"{w.sha256}  {w.file}\n" for w in everything).encode()
    files |= index_files(everything)
    for name, data in files.items():
        staging.replace(into / name, data)
    return Released(wheels=tuple(made), files=tuple(sorted(files)))


def _epoch(env: Mapping[str, str]) -> int:
    text = env.get("SOURCE_DATE_EPOCH") or str(_NO_DATE)
    if text.isascii() and text.isdigit() and len(text) <= len(str(_LAST)) and int(text) <= _LAST:
        return int(text)
    raise UsageError(
        f"SOURCE_DATE_EPOCH is {text[:40]!a}", remedy="set it to seconds since 1970, as an integer"
    )


def _with_sbom(wheel: Path, into: Path, *, epoch: int) -> Path:
    contents = read_contents(wheel)
    target = into / wheel.name
    inside = f"{contents.info}/sboms/{SBOM_NAME}"
    fresh = target.with_name(f".{target.name}.new")
    try:
        rewrite(wheel, fresh, {inside: make_sbom(contents, epoch=epoch).encode()})
        if target.exists() and sha256_of(target) != sha256_of(fresh) and target != wheel:
            raise InputError(
                f"{target} already exists with other contents",
                remedy="a published wheel keeps its bytes: raise the version, or remove it",
            )
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return target
