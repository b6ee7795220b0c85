"""Where the library can be, in order, each place with the reason why it is looked at.

PATH, LD_LIBRARY_PATH and conda's folders are never searched: what lies there was put there by
somebody else, for something else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mlc_llm._locator.judge import Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlc_llm._locator.host import Host

__all__ = ["PACKAGE", "Candidate", "candidates", "read_stamp"]

#: The folder of the installed package.
PACKAGE: Final = Path(__file__).resolve().parent.parent

#: Upstream's two names are one library here: it builds both from the same objects.
_SAME_LIBRARY: Final = {"mlc_llm_module": "mlc_llm"}

#: Below a build folder: single-config generators, ours, and multi-config ones. Release first.
_BUILD_FOLDERS: Final = (
    "",
    "lib",
    "Release",
    "lib/Release",
    "RelWithDebInfo",
    "lib/RelWithDebInfo",
    "Debug",
    "lib/Debug",
)


class Candidate(NamedTuple):
    """One file that could be the library, judged."""

    path: Path
    origin: str
    verdict: Verdict
    #: The user named it: it is taken or it is an error, never passed over.
    explicit: bool = False


def read_stamp(package: Path) -> dict[str, Any]:
    """Return ``_build.json`` of the package, or an empty table where there is none."""
    try:
        stamp = json.loads((package / "_build.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def candidates(
    name: str, host: Host, environment: Mapping[str, str], *, package: Path = PACKAGE
) -> Iterator[Candidate]:
    """Yield the places to look for library ``name``, most wanted first, judged one by one.

    A file is read when its turn comes, so that a healthy install pays for one file.
    """
    file = host.file_name(_SAME_LIBRARY.get(name, name))
    if named := environment.get("MLC_LIBRARY_PATH"):
        given = Path(named).expanduser()
        path = (given if _is_file_name(given, host) else given / file).absolute()
        yield Candidate(path, "MLC_LIBRARY_PATH", judge(path, host), explicit=True)
    seen = set()
    for origin, folder in _folders(environment, package):
        path = folder / file
        if path in seen:
            continue
        seen.add(path)
        if origin == "the installed package" or path.is_file():
            size = _stamped_size(read_stamp(folder.parent), path)
            yield Candidate(path, origin, judge(path, host, stamped_size=size))


def _is_file_name(path: Path, host: Host) -> bool:
    """Tell whether the user meant a file (which may be absent) rather than a folder."""
    return path.is_file() or path.suffix.lower() == Path(host.file_name("x")).suffix


def _folders(environment: Mapping[str, str], package: Path) -> Iterator[tuple[str, Path]]:
    yield "the installed package", package / "lib"
    if not (package / "lib").is_dir():
        # An editable install: the Python files are in the source tree, the libraries are not.
        yield from (("the RECORD of mlc_llm", folder) for folder in _recorded_folders())
    if source := environment.get("MLC_LLM_SOURCE_DIR"):
        for build in sorted(Path(source).glob("build*")):
            yield from (("the build tree", build / below) for below in _BUILD_FOLDERS)


def _recorded_folders() -> Iterator[Path]:
    """Yield the folders in which the installed distribution recorded native libraries."""
    from importlib import metadata  # noqa: PLC0415 - only editable installs come here

    try:
        files = metadata.distribution("mlc_llm").files or []
    except metadata.PackageNotFoundError:
        return
    folders = {Path(str(f.locate())).parent for f in files if "mlc_llm/lib/" in f.as_posix()}
    yield from sorted(folders)


def _stamped_size(stamp: dict[str, Any], path: Path) -> int | None:
    for file in stamp.get("files", ()):
        if str(file.get("path", "")).rpartition("/")[2] == path.name:
            size = file.get("size")
            return size if isinstance(size, int) else None
    return None
