"""``openmp-duplicate``: more than one OpenMP runtime is loaded into one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.rules.finding import Finding, Rule, Subject
from mlcbuild.rules.names import base_name, openmp_family

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RULE"]


def _judge(subject: Subject) -> Iterator[Finding]:
    families: dict[str, dict[str, list[str]]] = {}
    for path, name in _runtimes(subject):
        family = openmp_family(name)
        if family is not None:
            families.setdefault(family, {}).setdefault(base_name(name), []).append(path)
    kmp = families.get("kmp", {})
    if len(kmp) > 1:
        yield _finding("warning", kmp, "two runtimes of the Intel/LLVM kind may abort (Error #15)")
    elif len(families) > 1:
        both = {name: paths for family in families.values() for name, paths in family.items()}
        yield _finding("note", both, "each starts a thread pool of its own")


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


def _finding(severity: str, runtimes: dict[str, list[str]], effect: str) -> Finding:
    names = ", ".join(sorted(runtimes))
    return Finding(
        severity="warning" if severity == "warning" else "note",
        message=f"{len(runtimes)} OpenMP runtimes in one process ({names}): {effect}",
        evidence={"runtimes": {name: sorted(set(paths)) for name, paths in runtimes.items()}},
        fix="link every module to one OpenMP runtime",
    )


RULE = Rule(
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
    judge=_judge,
)
