"""Unpack a Windows CPython in the layout of python.org's installer."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError
from mlcbuild.lab.downloads import fetch, python_download
from mlcbuild.sources.staged_folder import stage_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlcbuild.lab.downloads import Download

#: Files of CPython itself, without packages that WinPython adds and its copies of the C++
#: runtime, which a real python.exe does not ship (except vcruntime140).
_WANTED: Final = re.compile(
    r"(?:DLLs|Lib|include|libs|tcl)/.+"
    r"|python\w*\.(?:exe|dll)|vcruntime140(?:_1)?\.dll|LICENSE\.txt|NEWS\.txt"
)
#: Changed with the layout, so that an older one is not used.
_RECIPE: Final = "2"
_UNWANTED: Final = re.compile(r"Lib/site-packages/.+|Lib/test/.+|.*/__pycache__/.+")


def lay_out_python(root: Path, version: str, notice: Callable[[str], None]) -> Path:
    """Return the folder of Windows CPython ``version`` below ``root``, created on first use.

    Raises ``UsageError`` for an unknown version and what ``fetch`` raises.
    """
    download = python_download(version)
    folder = root / "pythons" / f"{version}-{download.sha256[:8]}.{_RECIPE}"

    def make(staged: Path) -> None:
        archive = fetch(download, root / "downloads", notice)
        notice(f"unpacking Windows Python {download.version}")
        _unpack(archive, download, staged)
        for wheel in (staged / "Lib" / "ensurepip" / "_bundled").glob("pip-*.whl"):
            with zipfile.ZipFile(wheel) as bundle:
                bundle.extractall(pip_folder(staged))  # noqa: S202 - a pinned zip

    stage_folder(folder, make, notice)
    return folder


def pip_folder(python: Path) -> Path:
    """Return the pip folder shared by all environments.

    Its bytecode is compiled once; doing it per environment takes seconds.
    """
    return python / "pip"


def _unpack(path: Path, download: Download, to: Path) -> None:
    """Write the files of the zip in the sdist."""
    try:
        with tarfile.open(path, "r:gz") as sdist:
            inner = next(name for name in sdist.getnames() if name.endswith("/data.zip"))
            file = sdist.extractfile(inner)
            data = zipfile.ZipFile(io.BytesIO(file.read() if file else b""))
        for info in data.infolist():
            name = info.filename.partition("/")[2]
            if info.is_dir() or not _WANTED.fullmatch(name) or _UNWANTED.fullmatch(name):
                continue
            target = to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data.read(info))
    except (StopIteration, OSError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise FailedError(
            f"{download.filename} cannot be unpacked: {str(error) or 'it has no data.zip'}",
            remedy=f"delete {path} and try again",
        ) from error
    (to / "Lib" / "site-packages").mkdir(exist_ok=True)
