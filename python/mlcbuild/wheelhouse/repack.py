"""Turn a wheel of PyPI's into the variant that fits our libraries. Pure: a wheel in, a wheel out.

What is dropped, added and renamed is a ``Recipe``; the two that there are stand in ``recipes``.
The version gets a local label (``0.26.0+mlcbuild.mingw``): a requirement ``==0.26.0`` is still
met, pip prefers it to the same version without one, and whoever sees it knows what it is.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from mlcbuild.errors import FailedError
from mlcbuild.pe.rename import renamed
from mlcbuild.wheelhouse.wheelfile import WheelFile, headers_of, with_headers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["LABEL", "Recipe", "labelled", "repack", "repinned"]

#: The local version that names the variant.
LABEL: Final = "mlcbuild.mingw"
_NATIVE: Final = (".dll", ".pyd", ".exe")


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """What becomes of one wheel. Patterns are regular expressions over paths in the wheel."""

    project: str
    version: str
    #: The component of 3rdparty/sources.toml whose licences go with our libraries, and others.
    component: str = ""
    licences_of: tuple[str, ...] = ()
    #: Files left out.
    drop: tuple[str, ...] = ()
    #: Folder for our libraries, and their names.
    folder: str = ""
    libraries: tuple[str, ...] = ()
    #: Text of files that are replaced or added: path -> content.
    texts: Mapping[str, str] = field(default_factory=dict)
    #: DLLs that get a private name: in import tables, and as files.
    rename: Mapping[str, str] = field(default_factory=dict)
    licence: str = ""
    summary: str = ""
    label: str = LABEL


def labelled(version: str, label: str = LABEL) -> str:
    """Return the version with a label; one that has a local part keeps it in front."""
    return f"{version}{'.' if '+' in version else '+'}{label}"


def repack(
    wheel: WheelFile,
    recipe: Recipe,
    *,
    libraries: Mapping[str, bytes],
    licences: Mapping[str, bytes],
    pins: Mapping[str, str],
) -> WheelFile:
    """Return the variant of ``wheel``.

    ``libraries`` are ours by file name, ``licences`` go below ``licenses/`` of the dist-info,
    ``pins`` are the versions that requirements must name. Raises ``FailedError`` where the wheel
    is not the one the recipe was written for, or would keep a library of the other ABI.
    """
    if (canonicalize_name(wheel.name), wheel.version) != (recipe.project, recipe.version):
        raise FailedError(
            f"{wheel.filename} is not {recipe.project} {recipe.version}",
            remedy="ask the package index for that version",
        )
    dropped = [re.compile(pattern) for pattern in recipe.drop]
    files = {
        path: data
        for path, data in wheel.files.items()
        if not any(pattern.fullmatch(path) for pattern in dropped)
    }
    replaced = {name.casefold() for name in recipe.libraries}
    files = {p: d for p, d in files.items() if posixpath.basename(p).casefold() not in replaced}
    files = dict(_renamed(files, recipe.rename))
    for name in recipe.libraries:
        if name not in libraries:
            raise FailedError(f"the build has no {name}", remedy="build again")
        files[f"{recipe.folder}/{name}"] = libraries[name]
    files |= {path: text.encode() for path, text in recipe.texts.items()}
    info = {
        **{n: d for n, d in wheel.info.items() if n in _KEPT or n.startswith("licenses/")},
        **{f"licenses/{name}": data for name, data in licences.items()},
    }
    info["METADATA"] = _metadata(wheel, recipe, pins, licences)
    version = labelled(wheel.version, recipe.label)
    return replace(wheel, version=version, files=files, info=info)


#: Of the dist-info: the rest says how somebody else's build and repair went.
_KEPT: Final = ("entry_points.txt", "top_level.txt")


def _renamed(files: Mapping[str, bytes], names: Mapping[str, str]) -> Iterable[tuple[str, bytes]]:
    new = {old.casefold(): name for old, name in names.items()}
    for path, data in files.items():
        folder, base = posixpath.split(path)
        if not base.casefold().endswith(_NATIVE) or not names:
            yield path, data
        elif base.casefold() in new:  # the DLL itself stays as its maker signed it
            yield posixpath.join(folder, new[base.casefold()]), data
        else:
            yield path, renamed(data, names, path=path)


def _metadata(
    wheel: WheelFile, recipe: Recipe, pins: Mapping[str, str], licences: Mapping[str, bytes]
) -> bytes:
    headers = {
        "Version": [labelled(wheel.version, recipe.label)],
        "Requires-Dist": repinned(headers_of(wheel.info["METADATA"], "Requires-Dist"), pins),
        "License-File": [
            *headers_of(wheel.info["METADATA"], "License-File"),
            *sorted(licences),
        ],
    }
    if recipe.summary:
        headers["Summary"] = [recipe.summary]
    if recipe.licence:
        headers["License-Expression"] = [recipe.licence]
    return with_headers(wheel.info["METADATA"], headers)


def repinned(requirements: Iterable[str], pins: Mapping[str, str]) -> list[str]:
    """Return the requirements with exact versions for the projects of ``pins``.

    A variant must never be joined by the other ABI's package, which meets the same ``==0.26.0``.
    """
    from packaging.requirements import Requirement  # noqa: PLC0415 - a few milliseconds

    result = []
    for text in requirements:
        requirement = Requirement(text)
        version = pins.get(canonicalize_name(requirement.name))
        if version is None:
            result.append(text)
            continue
        marker = f"; {requirement.marker}" if requirement.marker else ""
        result.append(f"{requirement.name}=={version}{marker}")
    return result
