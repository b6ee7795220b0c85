"""What pip recorded: which distribution a file is of, what it pins, where it came from.

``importlib.metadata`` knows all this too, and costs every import 12 ms.
"""

from __future__ import annotations

import os
import sys

from mlc_llm._locator.stamp import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Distribution", "distribution", "distributions_in", "forget", "owner"]
__all__ += ["site_of"]

#: Folders between site-packages and a file of it, at most: nvidia/cu13/bin/x86_64.
_LEVELS = 6
#: Folder -> its metadata folders: one import asks several times.
_listed: dict[str, list[str]] = {}


class Distribution:
    """One ``.dist-info`` folder; ``name`` as its folder spells it (``apache_tvm_ffi``)."""

    __slots__ = ("info", "name", "site", "version")

    def __init__(self, site: str, info: str) -> None:
        self.site = site
        self.info = os.path.join(site, info)
        self.name, _, self.version = info.removesuffix(".dist-info").partition("-")

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

    def pin(self, name: str) -> str | None:
        """Return the one version of ``name`` that it takes, None where it takes several."""
        for wanted, how, _ in self.requires():
            if wanted == name and how.startswith("==") and "," not in how:
                return how[2:].strip()
        return None

    def recorded(self, relative: str) -> int | None:
        """Return the size that RECORD has for a file, -1 where it has none; None: not its file."""
        wanted = os.path.normcase(relative)  # on Windows an import spells it in its own way
        for line in self.text("RECORD").splitlines():
            path, _, rest = line.strip('"').partition(",")
            if os.path.normcase(path.strip('"')) == wanted:
                size = rest.rpartition(",")[2]
                return int(size) if size.isdecimal() else -1
        return None

    def origin(self) -> str:
        """Return the address or file that pip was given, "" where it had a name alone."""
        try:
            found = parse(self.text("direct_url.json") or "{}")
        except ValueError:
            return ""
        url = found.get("url") if isinstance(found, dict) else None
        return url if isinstance(url, str) else ""


def distributions_in(site: str, name: str = "") -> list[Distribution]:
    """List the distributions of a folder, or those of one name (``apache_tvm``)."""
    if site not in _listed:
        try:
            _listed[site] = sorted(e for e in os.listdir(site) if e.endswith(".dist-info"))
        except OSError:
            _listed[site] = []
    start = f"{name}-" if name else ""
    return [Distribution(site, each) for each in _listed[site] if each.startswith(start)]


def forget() -> None:
    """List the folders anew: a second import comes after something was mended."""
    _listed.clear()


def distribution(name: str) -> Distribution | None:
    """Return the distribution that Python's metadata would find first, None if there is none."""
    for entry in sys.path:
        if found := distributions_in(entry or os.curdir, name):
            return found[-1]
    return None


def site_of(path: str) -> str:
    """Return the folder of packages that a file lies in, "" where it lies in none."""
    folder = os.path.dirname(path)
    for _ in range(_LEVELS):
        if distributions_in(folder):
            return folder
        folder = os.path.dirname(folder)
    return ""


def owner(path: str) -> Distribution | None:
    """Return the distribution whose RECORD has a file, None where none has."""
    site = site_of(path)
    relative = os.path.relpath(path, site).replace("\\", "/") if site else ""
    for found in distributions_in(site) if site else ():
        if found.recorded(relative) is not None:
            return found
    return None
