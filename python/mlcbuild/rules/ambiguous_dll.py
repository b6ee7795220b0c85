"""``ambiguous-dll``: one base name, several different files that the loader may pick."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.rules.finding import Finding, Rule, Subject
from mlcbuild.rules.names import base_name, is_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.pe.facts import Image

__all__ = ["RULE"]


def _judge(subject: Subject) -> Iterator[Finding]:
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
        version = image.version.file_version if image.version is not None else None
        seen.add(subject.digests.get(path) or (image.size, version, image.linker_version))
    return len(seen) > 1


RULE = Rule(
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
    judge=_judge,
)
