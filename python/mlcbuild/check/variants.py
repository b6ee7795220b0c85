"""Variants: several images for one purpose, of which each machine uses one.

``libx_cuda118.dll`` beside ``libx_cpu.dll``, ``x_py27.pyd`` beside ``x_py39.pyd``, a second copy of
a DLL that the code loads from elsewhere: it is not a fault of the package if one of them does not
load as long as another does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from mlcbuild.check.sources import stem_of
from mlcbuild.loader.policy import wheel_of
from mlcbuild.rules.names import base_name, is_debug_runtime
from mlcbuild.rules.providers import flat, required

if TYPE_CHECKING:
    from mlcbuild.rules.finding import Subject

#: ``libx_cuda118``: what the variants share, the kind of variant, its number.
_NUMBERED: Final = re.compile(r"(.+?)[_-]([a-z]+)(\d+)")
#: ``x_d.cp311-win_amd64.pyd``, ``x_debug.dll``, ``xd.dll``: the name without it, and the ending.
_DEBUG: Final = re.compile(r"(.+?)(?:_debug|_?d)((?:\.[^/]*)?\.(?:dll|pyd))")
_PYTHON: Final = re.compile(r"cp(3)(\d+)")
_PYTHON_DLL: Final = re.compile(r"python(\d{2,3})t?\.dll")


def variants(subject: Subject, troubled: Iterable[str]) -> set[str]:
    """Return DLLs for other versions of a product, beside one of the same family that loads.

    A family is the DLLs of one folder whose names are equal up to the last part. At least two
    must differ only by the number: a single number proves nothing.
    """
    families = {_family(path) for path, load in subject.loads.items() if load.verdict == "loads"}
    kinds: dict[tuple[str, str], set[str]] = {}
    for path in subject.loads:
        if match := _numbered(path):
            kinds.setdefault((_family(path), match[2]), set()).add(match[3])
    return {
        path
        for path in troubled
        if (match := _numbered(path))
        and _family(path) in families
        and len(kinds[_family(path), match[2]]) > 1
    }


def _numbered(path: str) -> re.Match[str] | None:
    if not path.casefold().endswith(".dll"):
        return None
    return _NUMBERED.fullmatch(stem_of(path).casefold())


def _family(path: str) -> str:
    folder, _, _ = path.casefold().rpartition("/")
    return f"{folder}/{re.split('[_-]', stem_of(path).casefold()[::-1], maxsplit=1)[-1][::-1]}"


def for_another_python(subject: Subject, troubled: Iterable[str]) -> set[str]:
    """Return extension modules for a Python that the wheel's tags do not name.

    Their names contain the version, and a module whose name differs only by it loads.
    """
    tags = " ".join(subject.wheel.tags) if subject.wheel else ""
    tagged = {f"{match[1]}{match[2]}" for match in _PYTHON.finditer(tags)}
    loading: dict[str, set[str]] = {}
    for path, load in subject.loads.items():
        version = _version(subject, path)
        if version and load.verdict == "loads":
            loading.setdefault(_without(path, version), set()).add(version)
    return {
        path
        for path in troubled
        if (version := _version(subject, path))
        and version not in tagged
        and loading.get(_without(path, version))
    }


def _version(subject: Subject, path: str) -> str | None:
    """Return the Python that a module imports, if its name contains it too."""
    image = subject.images.get(path)
    if image is None or not path.casefold().endswith(".pyd"):
        return None
    matches = (_PYTHON_DLL.fullmatch(base_name(dll.name)) for dll in image.imports)
    versions = sorted({match[1] for match in matches if match})
    named = (v for v in versions if re.search(rf"(?<!\d){v}(?!\d)", path.rpartition("/")[2]))
    return next(named, None)


def _without(path: str, version: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{folder}/{re.sub(rf'(?<![0-9]){version}(?![0-9])', '#', name)}"


def debug_twins(subject: Subject, troubled: Iterable[str]) -> set[str]:
    """Return debug builds beside the release build of the same name: sycl9d.dll."""
    folded = {path.casefold() for path in subject.loads}
    return {
        path
        for path in troubled
        if (match := _DEBUG.fullmatch(path.casefold()))
        and f"{match[1]}{match[2]}" in folded
        and path in subject.images
        and any(is_debug_runtime(dll.name) for dll in subject.images[path].imports)
    }


def passed_over(subject: Subject, troubled: Iterable[str]) -> set[str]:
    """Return DLLs whose neighbours get another copy, which loads.

    The search finds the importer's own folder first, so the other copy must be in the process
    already.
    """
    got: dict[str, set[str]] = {}
    for importer, load in subject.loads.items():
        for need in load.needs:
            if need.key:
                got.setdefault(need.key, set()).add(importer.rpartition("/")[0])
    return {
        path
        for path in troubled
        if path not in got
        and any(
            path.rpartition("/")[0] in got.get(twin, ()) and subject.loads[twin].verdict == "loads"
            for twin in subject.named.get(base_name(path), ())
        )
    }


def of_an_undeclared_package(
    subject: Subject, troubled: Iterable[str], sources: Iterable[bytes]
) -> set[str]:
    """Return DLLs for use with a package that the wheel does not require: open3d's for torch.

    All its missing dependencies belong to that package, and sources that name the DLL import it.
    """
    names = {flat(name) for name in required(subject)}
    contents = list(sources)
    found = set()
    for path in troubled:
        if not path.casefold().endswith(".dll"):
            continue
        lacking = {wheel_of(name) for name in _missing(subject, path)}
        owner = lacking.pop() if len(lacking) == 1 else None
        if owner is None or not owner.isidentifier() or flat(owner) in names:
            continue
        stem = stem_of(path).encode()
        naming = [content for content in contents if stem in content]
        imports = re.compile(rb"^\s*(?:import|from)\s+" + owner.encode() + rb"\b", re.MULTILINE)
        if naming and all(imports.search(content) for content in naming):
            found.add(path)
    return found


def _missing(subject: Subject, path: str) -> Iterator[str]:
    for problem in subject.loads[path].problems:
        if not problem.delayed and problem.certain:
            yield problem.chain[-1]
