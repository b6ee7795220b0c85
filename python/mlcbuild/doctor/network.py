"""The machine's proxy settings, other than those of Git and pip."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["proxy_variable", "windows_proxy", "without_secret"]

_INTERNET: Final = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings"


def proxy_variable(system: System) -> str:
    """Return the name of the variable that sets a proxy for https; pip and Git obey it."""
    names = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
    return next((name for name in names if system.variable(name)), "")


def windows_proxy(system: System) -> str:
    """Return the https proxy of Windows' settings, which Git does not read.

    Source: Microsoft, Internet Settings (ProxyEnable, ProxyServer ``host:port`` or ``https=...``).
    """
    values = system.registry(_INTERNET) or {}
    server = str(values.get("ProxyServer", ""))
    if not system.windows or values.get("ProxyEnable") != 1 or not server:
        return ""
    match = re.search(r"(?:^|;)https=([^;]+)", server)
    place = match[1] if match else ("" if "=" in server else server)
    return place if not place or "://" in place else f"http://{place}"


def without_secret(url: str) -> str:
    """Return a URL without user name and password."""
    from urllib.parse import urlsplit, urlunsplit

    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
