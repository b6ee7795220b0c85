"""What the build and pip wrote down beside a package: ``_build.json`` and ``.dist-info``.

Read with what an import has already: ``importlib.metadata`` knows it too, and costs every import
12 ms; the package ``json`` costs 3 ms.
"""

from __future__ import annotations

import os
import sys

from mlc_llm._locator import PACKAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["Distribution", "distribution", "distributions_in", "forget"]
__all__ += ["installed_mlc", "parse", "pinned_source", "read_stamp", "same_release", "stamped_size"]

_ENDING = ".dist-info"
#: Folder -> its metadata folders: one import asks several times.
_listed: dict[str, list[str]] = {}


def read_stamp(package: str) -> dict[str, Any]:
    """Return ``_build.json`` of the package, or an empty table where there is none that reads."""
    try:
        with open(os.path.join(package, "_build.json"), encoding="utf-8") as file:
            stamp = parse(file.read())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def stamped_size(stamp: dict[str, Any], file_name: str) -> int | None:
    """Return the size in bytes that the stamp has for a file, None where it has none."""
    files = stamp.get("files")
    for file in files if isinstance(files, list) else ():
        if isinstance(file, dict) and str(file.get("path")).rpartition("/")[2] == file_name:
            size = file.get("size")
            return size if isinstance(size, int) else None
    return None


def pinned_source(stamp: dict[str, Any], *names: str) -> str | None:
    """Return the released version of a source that the build took, None where it records none."""
    sources = stamp.get("sources")
    for source in sources if isinstance(sources, list) else ():
        if isinstance(source, dict) and source.get("name") in names and source.get("version"):
            return str(source["version"])
    return None


def parse(text: str) -> Any:  # noqa: ANN401 - JSON
    """Parse JSON with CPython's scanner: the package ``json`` costs 3 ms where nobody used it.

    Raises ``ValueError`` where it is none.
    """
    try:
        if "json" not in sys.modules:
            try:
                from _json import make_scanner  # noqa: PLC0415

                return make_scanner(_ScannerOptions)(text.strip(), 0)[0]  # type: ignore[arg-type]
            except (ImportError, StopIteration, SystemError):
                pass  # the scanner says of some bad texts only that they are bad
        import json  # noqa: PLC0415

        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None


class _ScannerOptions:
    """What ``json.JSONDecoder`` would hand to the scanner."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo: dict[str, str] = {}  # noqa: RUF012 - as the scanner wants it


class Distribution:
    """One ``.dist-info`` folder; ``name`` as its folder spells it (``apache_tvm_ffi``)."""

    __slots__ = ("info", "name", "site", "version")

    def __init__(self, site: str, info: str) -> None:
        self.site = site
        self.info = os.path.join(site, info)
        self.name, _, self.version = info.removesuffix(_ENDING).partition("-")

    @property
    def requirement(self) -> str:
        """What pip is told, to install exactly this version."""
        return f"{self.name.replace('_', '-')}=={self.version}"

    def text(self, name: str) -> str:
        """Return a file of the folder, "" where it is not there or does not read."""
        try:
            with open(os.path.join(self.info, name), encoding="utf-8") as file:
                return file.read()
        except (OSError, UnicodeDecodeError):
            return ""

    def requires(self) -> Iterator[tuple[str, str, str]]:
        """Yield each requirement: name, what its version must be, its marker."""
        for line in self.text("METADATA").splitlines():
            if not line:  # the description follows
                return
            if line.startswith("Requires-Dist: "):
                wanted, _, marker = line[15:].partition(";")
                end = next((i for i, c in enumerate(wanted) if c in " <>=!~[("), len(wanted))
                yield wanted[:end], wanted[end:].strip(" ()"), marker.strip()

    def pins(self) -> dict[str, str]:
        """Return each requirement of which it takes one version: name -> that version."""
        return {
            name: how[2:].strip()
            for name, how, _ in self.requires()
            if how.startswith("==") and "," not in how
        }


def distributions_in(site: str, name: str = "") -> list[Distribution]:
    """List the distributions of a folder, or those of one name (``apache_tvm``)."""
    if site not in _listed:
        _listed[site] = _list(site)
    found = _listed[site]
    if name:
        found = [info for info in found if info.startswith(f"{name}-")]
    return [Distribution(site, info) for info in sorted(found)]


def _list(site: str) -> list[str]:
    try:
        return [entry for entry in os.listdir(site) if entry.endswith(_ENDING)]
    except OSError:
        return []


def forget() -> None:
    """List the folders anew, and let Python do so: since the last look something was mended."""
    from importlib import invalidate_caches  # noqa: PLC0415 - not on the first import

    _listed.clear()
    invalidate_caches()


def distribution(name: str) -> Distribution | None:
    """Return the distribution that Python's metadata would find first, None if there is none."""
    for entry in sys.path:
        if found := distributions_in(entry or os.curdir, name):
            return found[-1]
    return None


def installed_mlc(package: str = PACKAGE) -> Distribution | None:
    """Return the distribution of the mlc_llm in a folder; an editable one can lie elsewhere."""
    found = distributions_in(os.path.dirname(package), "mlc_llm")
    if found:
        return found[-1]
    return None if os.path.isdir(os.path.join(package, "lib")) else distribution("mlc_llm")


def same_release(one: str, other: str) -> bool:
    """Tell whether two versions differ in their local labels at most."""
    return one.partition("+")[0] == other.partition("+")[0]
