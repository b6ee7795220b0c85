"""Store the PDBs of a build next to its wheel, for users' crash dumps.

One archive per wheel, ``<wheel's stem>.symbols.zip``, byte-identical for the same PDBs. They are
never in the wheel: they are several times its size and not needed to run it.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Final

from mlcbuild.staging import open_new

if TYPE_CHECKING:
    from pathlib import Path

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
