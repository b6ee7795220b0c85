"""Optional images of a package: importing the package works even if they do not load.

Only evidence in the package counts; if it is weak, the image is needed. Optional are an
extension module whose imports are all in a ``try`` that catches ``ImportError``; a DLL that no
image imports and no Python source that loads DLLs can refer to, or that is loaded on demand
(``lazy``); in a wheel that contains only DLLs, one that no other imports; one of several variants
(``variants``); Qt's plug-ins; programs; copies for another processor. At least one needed image
must load.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlcbuild.check import variants
from mlcbuild.check.lazy import on_demand
from mlcbuild.check.sources import Means, guarded, sources_of, stem_of
from mlcbuild.rules.names import base_name
from mlcbuild.rules.providers import flat

if TYPE_CHECKING:
    from mlcbuild.package.member import Package
    from mlcbuild.rules.finding import Subject


_QT: Final = re.compile(r"qt[56]\w+\.dll")
_NOT_FOUND: Final = 126
#: Without its window system no program of Qt starts.
_QT_PLATFORM: Final = "/plugins/platforms/"
_QT_PLUGIN: Final = re.compile(r"/(?:plugins/[^/]+/[^/]+|qml/.+)\.dll$")


def optional_images(subject: Subject, package: Package) -> frozenset[str]:
    """Return the images that do not load but are not needed to import the package."""
    troubled = [path for path, load in subject.loads.items() if load.verdict != "loads"]
    if not troubled or subject.kind == "image":
        return frozenset()
    modules = [path for path in troubled if path.casefold().endswith(".pyd")]
    any_source, sources = sources_of(package, [stem_of(path).encode() for path in modules])
    tops = {path.partition("/")[0] for path in subject.images}
    means = Means(sources, tops)
    importers = subject.importers()
    qt = any(map(_QT.fullmatch, subject.named))  # its core may lie in another wheel
    others = {path for path in troubled if _for_another_machine(subject, path)}
    optional = others | {
        path
        for path in troubled
        if path.casefold().endswith(".exe")
        or (qt and _QT_PLUGIN.search(f"/{path.casefold()}") and not _is_platform(path))
        or (path in modules and guarded(stem_of(path), sources))
    }
    optional |= variants.for_another_python(subject, modules)
    optional |= variants.debug_twins(subject, modules)
    dlls = [p for p in troubled if p.casefold().endswith(".dll") and not (qt and _is_platform(p))]
    spared = variants.passed_over(subject, dlls) | variants.debug_twins(subject, dlls)
    spared |= {path for path in dlls if _is_part_of_more_qt(subject, path)}
    spared |= variants.of_an_undeclared_package(subject, dlls, sources)
    spared |= {path for path in variants.variants(subject, dlls) if not means.names(path)}
    bare = subject.wheel is not None and not any_source and set(subject.loads) == _dlls(subject)
    if bare:
        spared |= {path for path in dlls if _is_for_others(subject, path)}
    elif any_source:
        spared |= {path for path in dlls if not means.image(path)}
        left = [path for path in dlls if path not in spared and not means.sweeping]
        spared |= on_demand(left, package, sources)
    optional |= _served_by_none(spared, optional, importers)
    if _anchored(subject, optional, importers, means if not bare else None):
        return frozenset(optional)
    return frozenset(others if len(troubled) < len(subject.loads) else ())


def _served_by_none(
    spared: set[str], optional: set[str], importers: dict[str, set[str]]
) -> set[str]:
    """Return those of ``spared`` that only optional images import, including these themselves."""
    left = {path: importers.get(path, set()) - optional for path in spared}
    imports: dict[str, list[str]] = {}
    for path, who in left.items():
        for importer in who:
            imports.setdefault(importer, []).append(path)
    waiting = [path for path, who in left.items() if not who]
    for path in waiting:  # it grows
        for imported in imports.get(path, ()):
            left[imported].discard(path)
            if not left[imported]:
                waiting.append(imported)
    return set(waiting)


def _is_platform(path: str) -> bool:
    return _QT_PLATFORM in f"/{path.casefold()}"


def _for_another_machine(subject: Subject, path: str) -> bool:
    """Return whether this is a helper for other processes, for which Python loads no extension."""
    load = subject.loads[path]
    itself = load.cause == "wrong-machine" and len(load.chain) <= 1
    return itself and not path.casefold().endswith(".pyd")


def _dlls(subject: Subject) -> set[str]:
    return {path for path in subject.loads if not path.casefold().endswith(".pyd")}


def _is_part_of_more_qt(subject: Subject, path: str) -> bool:
    """Return whether this is a Qt library that only lacks other parts of Qt, not of the wheel."""
    lacking = [
        base_name(problem.chain[-1])
        for problem in subject.loads[path].problems
        if not problem.delayed
    ]
    return bool(lacking and _QT.fullmatch(base_name(path))) and all(
        _QT.fullmatch(other) and other not in subject.named for other in lacking
    )


def _is_for_others(subject: Subject, path: str) -> bool:
    """Return whether a DLL in a wheel of DLLs only lacks DLLs that are not part of this wheel.

    It is in the prefix, from which nothing is imported (``.data/data``). A DLL that is named like
    its distribution, such as tbb12.dll of tbb, is the wheel's purpose.
    """
    if ".data/data/" not in path or subject.loads[path].winerror != _NOT_FOUND:
        return False
    stem = re.sub(r"^lib|[-_.\d]+$", "", stem_of(path).casefold())
    if subject.wheel is not None and flat(stem) == flat(subject.wheel.distribution):
        return False
    return all(
        problem.cause == "missing-dll" and base_name(problem.chain[-1]) not in subject.named
        for problem in subject.loads[path].problems
        if problem.certain and not problem.delayed
    )


def _anchored(
    subject: Subject, optional: set[str], importers: dict[str, set[str]], means: Means | None
) -> bool:
    """Return whether an image that is certainly needed loads: else the package itself is broken.

    In a wheel that contains only DLLs (no ``means``), this is one that more than the failing
    images use.
    """
    return any(
        load.verdict == "loads"
        and path not in optional
        and (
            not (who := importers.get(path, set())) <= optional
            or (not who and means is None)
            or path.casefold().endswith(".pyd")
            or (means is not None and means.image(path))
        )
        for path, load in subject.loads.items()
    )
