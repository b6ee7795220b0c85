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
_ENDING = ".dist-info"
#: Folder -> name -> its metadata folders: one import asks several times.
_listed: dict[str, dict[str, list[str]]] = {}


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

    def recorded(self, relative: str) -> tuple[str, str] | None:
        """Return the hash and the size that RECORD has for a file; None where it is not its."""
        wanted = os.path.normcase(relative)  # on Windows an import spells it in its own way
        for line in self.text("RECORD").splitlines():
            path, _, rest = line.strip('"').partition(",")
            if os.path.normcase(path.strip('"')) == wanted:
                digest, _, size = rest.rpartition(",")
                return digest, size
        return None

    def intact(self, relative: str) -> bool:
        """Tell whether a file is the one that was installed, as far as RECORD can say."""
        digest, size = self.recorded(relative) or ("", "")
        path = os.path.join(self.site, relative)
        if size and size != str(os.path.getsize(path)):
            return False
        if not digest.startswith("sha256="):
            return True
        from base64 import urlsafe_b64encode  # noqa: PLC0415 - only to advise
        from hashlib import sha256  # noqa: PLC0415

        with open(path, "rb") as file:
            found = urlsafe_b64encode(sha256(file.read()).digest())
        return digest[7:].rstrip("=") == found.decode().rstrip("=")

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
        _listed[site] = _list(site)
    names = [name] if name else sorted(_listed[site])
    return [Distribution(site, info) for each in names for info in _listed[site].get(each, ())]


def _list(site: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    try:
        entries = os.listdir(site)
    except OSError:
        return found
    for entry in entries:
        if entry.endswith(_ENDING):
            found.setdefault(entry.partition("-")[0], []).append(entry)
    for folders in found.values():
        folders.sort()
    return found


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
