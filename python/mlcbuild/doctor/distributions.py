"""Installed distributions, read from their folders.

``importlib.metadata`` fails on a broken one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlcbuild.package.metadata import parse_headers

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

_INFO: Final = re.compile(r"(?P<name>[^-]+(?:-[^-]+)*?)-(?P<version>\d[^-]*)\.(dist|egg)-info")
#: Distributions that provide a package of ours or upstream's: name pattern -> package.
_FAMILY: Final = (
    (r"mlc-llm(-.*)?", "mlc_llm"),
    (r"(apache-)?tvm|mlc-ai(-.*)?|mlc-ai-nightly(-.*)?|tlcpack(-.*)?", "tvm"),
    (r"apache-tvm-ffi", "tvm_ffi"),
    (r"xgrammar(-.*)?", "xgrammar"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """One distribution: normalised name, version, its metadata folder and that folder's parent."""

    name: str
    version: str
    info: str
    place: str


def distributions(system: System) -> tuple[Distribution, ...]:
    """Return the installed distributions with a readable name, in ``sys.path`` order."""
    return system.once("distributions", lambda: tuple(_distributions(system)))


def _distributions(system: System) -> Iterator[Distribution]:
    for place in system.python.site_packages:
        for entry in system.names(place) or ():
            match = _INFO.fullmatch(entry)
            if match:
                name = re.sub(r"[-_.]+", "-", match["name"]).lower()
                yield Distribution(
                    name=name,
                    version=match["version"],
                    info=system.join(place, entry),
                    place=place,
                )


def provides(name: str) -> str:
    """Return the package of the TVM family that a distribution provides, or ``""``."""
    for pattern, package in _FAMILY:
        if re.fullmatch(pattern, name):
            return package
    return ""


def family(system: System) -> tuple[Distribution, ...]:
    """Return the installed distributions of MLC-LLM, TVM, tvm-ffi and xgrammar."""
    return system.once(
        "family", lambda: tuple(each for each in distributions(system) if provides(each.name))
    )


def headers(system: System, distribution: Distribution) -> dict[str, list[str]]:
    """Return the header lines of its metadata, by lower-case key."""
    for name in ("METADATA", "PKG-INFO"):
        data = system.read(system.join(distribution.info, name))
        if data is not None:
            return parse_headers(data)
    return {}


def editable_source(system: System, distribution: Distribution) -> str:
    """Return the source folder of an editable install (PEP 610), or ``""``."""
    text = system.text(system.join(distribution.info, "direct_url.json"))
    if text is None:
        return ""
    from urllib.parse import unquote, urlparse

    try:
        table = json.loads(text)
        if not table.get("dir_info", {}).get("editable"):
            return ""
        path = unquote(urlparse(str(table["url"])).path)
    except (ValueError, KeyError, AttributeError, TypeError):
        return ""
    # file:///C:/src is the path /C:/src
    return str(system.path.normpath(path.lstrip("/") if system.windows else path))
