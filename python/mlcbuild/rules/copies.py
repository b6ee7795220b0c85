"""DLLs of which a process can get another copy, or two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlcbuild.rules.finding import Finding, Subject, rule
from mlcbuild.rules.names import base_name, is_runtime, openmp_family

if TYPE_CHECKING:
    from mlcbuild.pe.facts import Image


@rule(
    severity="warning",
    title="Several different files have the same DLL name",
    why=(
        "A process loads only one DLL per base name: a module that is already loaded wins "
        "over every folder, and folders given to os.add_dll_directory are searched in no "
        "documented order. If two different files have one name, which one a module gets "
        "depends on what was imported before."
    ),
    source="Microsoft, Dynamic-link library search order; AddDllDirectory",
    fix="Ship one copy, or let delvewheel repair mangle the names.",
)
def ambiguous_dll(subject: Subject) -> Iterator[Finding]:
    needed_by: dict[str, list[str]] = {}
    for path, load in subject.loads.items():
        for need in load.needs:
            if need.path is not None:
                needed_by.setdefault(base_name(need.name), []).append(path)
    neighbours = {n.path: n.image for n in subject.neighbours}
    for name, paths in _copies(subject).items():
        # Runtimes have a rule of their own, and a name nobody imports is loaded by full path.
        if is_runtime(name) or name not in needed_by or not _differ(subject, neighbours, paths):
            continue
        yield Finding(
            severity="warning",
            module=next((p for p in paths if p in subject.images), None),
            message=f"{len(paths)} different files are called {name}; the first loaded serves all",
            evidence={"copies": paths, "needed_by": sorted(needed_by[name])},
            fix="keep one copy, or give each its own name (delvewheel repair mangles names)",
        )


def _copies(subject: Subject) -> dict[str, list[str]]:
    """Return base name -> paths of one machine's images, if there is more than one."""
    found: dict[str, list[str]] = {}
    for path, image in subject.images.items():
        if _can_share(image, subject):
            found.setdefault(base_name(path), []).append(path)
    for neighbour in subject.neighbours:
        if neighbour.origin in {"companion", "added-dir"} and _can_share(neighbour.image, subject):
            found.setdefault(base_name(neighbour.path), []).append(neighbour.path)
    return {name: paths for name, paths in found.items() if len(paths) > 1}


def _can_share(image: Image, subject: Subject) -> bool:
    return subject.machine in {None, image.machine}


def _differ(subject: Subject, neighbours: dict[str, Image], paths: list[str]) -> bool:
    """Return whether the files differ: by digest if both are known, else by size and version."""
    seen = set()
    for path in paths:
        image = subject.images.get(path) or neighbours[path]
        facts = (image.size, image.file_version, image.linker_version)
        seen.add(subject.digests.get(path) or facts)
    return len(seen) > 1


@rule(
    severity="warning for two of the Intel/LLVM kind, which may abort; note for different kinds",
    title="More than one OpenMP runtime in one process",
    why=(
        "libiomp5md, libomp and libomp140 are one code base, which aborts the process when it "
        "finds a second copy (OMP: Error #15). Copies of two vendors do not always find each "
        "other; then threads are started twice, as with vcomp140 and libgomp. "
        "KMP_DUPLICATE_LIB_OK is not a fix: the message itself calls it unsafe."
    ),
    source="LLVM OpenMP runtime, KMP_DUPLICATE_LIB_OK; ScrapeGraphAI/Scrapegraph-ai#214",
    fix="Link every module to one OpenMP runtime, shipped once.",
)
def openmp_duplicate(subject: Subject) -> Iterator[Finding]:
    families: dict[str, dict[str, list[str]]] = {}
    for path, name in _runtimes(subject):
        family = openmp_family(name)
        if family is not None:
            families.setdefault(family, {}).setdefault(base_name(name), []).append(path)
    kmp = families.get("kmp", {})
    if len(kmp) > 1:
        yield _openmp_finding(
            "warning", kmp, "two runtimes of the Intel/LLVM kind may abort (Error #15)"
        )
    elif len(families) > 1:
        both = {name: paths for family in families.values() for name, paths in family.items()}
        yield _openmp_finding("note", both, "each starts a thread pool of its own")


def _runtimes(subject: Subject) -> Iterator[tuple[str, str]]:
    """Yield (owner, base name): copies that are shipped, and names that modules import."""
    for path, image in subject.images.items():
        yield path, path
        for dll in image.imports:
            if not dll.delayed:
                yield path, dll.name
    for neighbour in subject.neighbours:
        if neighbour.origin == "companion":
            yield neighbour.path, neighbour.path


def _openmp_finding(severity: str, runtimes: dict[str, list[str]], effect: str) -> Finding:
    names = ", ".join(sorted(runtimes))
    return Finding(
        severity="warning" if severity == "warning" else "note",
        message=f"{len(runtimes)} OpenMP runtimes in one process ({names}): {effect}",
        evidence={"runtimes": {name: sorted(set(paths)) for name, paths in runtimes.items()}},
        fix="link every module to one OpenMP runtime",
    )
