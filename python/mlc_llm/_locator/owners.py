"""Which distribution a file is of, whether it is as installed, and where that came from."""

from __future__ import annotations

import os

from mlc_llm._locator.records import Distribution, distributions_in, parse

__all__ = ["intact", "origin", "owner", "site_of"]

#: Folders between site-packages and a file of it, at most: nvidia/cu13/bin/x86_64.
_LEVELS = 6


def recorded(found: Distribution, relative: str) -> tuple[str, str] | None:
    """Return the hash and the size that RECORD has for a file; None where it is not its."""
    wanted = os.path.normcase(relative)  # on Windows an import spells it in its own way
    for line in found.text("RECORD").splitlines():
        path, _, rest = line.strip('"').partition(",")
        if os.path.normcase(path.strip('"')) == wanted:
            digest, _, size = rest.rpartition(",")
            return digest, size
    return None


def intact(found: Distribution, relative: str) -> bool:
    """Tell whether a file is the one that was installed, as far as RECORD can say."""
    digest, size = recorded(found, relative) or ("", "")
    path = os.path.join(found.site, relative)
    if size and size != str(os.path.getsize(path)):
        return False
    if not digest.startswith("sha256="):
        return True
    from base64 import urlsafe_b64encode  # noqa: PLC0415 - only to advise
    from hashlib import sha256  # noqa: PLC0415

    with open(path, "rb") as file:
        real = urlsafe_b64encode(sha256(file.read()).digest())
    return digest[7:].rstrip("=") == real.decode().rstrip("=")


def origin(found: Distribution) -> str:
    """Return the address or file that pip was given, "" where it had a name alone."""
    try:
        given = parse(found.text("direct_url.json") or "{}")
    except ValueError:
        return ""
    url = given.get("url") if isinstance(given, dict) else None
    return url if isinstance(url, str) else ""


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
        if recorded(found, relative) is not None:
            return found
    return None
