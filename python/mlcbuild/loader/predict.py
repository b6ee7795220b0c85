"""The verdict for one image, over every legal order of the added folders."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Final

from mlcbuild.loader.closure import walk
from mlcbuild.loader.machines import fit
from mlcbuild.loader.model import Load, Need, Problem
from mlcbuild.loader.words import MACHINE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlcbuild.loader.closure import Walk
    from mlcbuild.loader.images import File, Folder
    from mlcbuild.loader.search import Context
    from mlcbuild.loader.world import World

__all__ = ["predict"]

#: Up to this many folders with copies of the same names, every order is tried (24 walks); beyond,
#: each folder first, and each last.
_ALL_ORDERS: Final = 4


def predict(world: World, path: str) -> Load:
    """Return what Windows will do with the image at this path of the package (a ``World`` key).

    Raises ``KeyError`` for a path that the world does not have.
    """
    file = world.file(path)
    record = world.images.record(file)
    if record.image is None or record.refused:
        return _refused(file, "not-a-pe", record.refused or "not a PE image")
    context = world.context(file, record.image)
    suited = fit(context.process.machine, record.image)
    if suited == "wrong":
        mine = MACHINE_NAMES[context.process.machine]
        theirs = MACHINE_NAMES[record.image.machine]
        return _refused(file, "wrong-machine", f"built for {theirs}, the process is {mine}")
    walks = [walk(context)]
    for order in _orders(world, walks[0], context):
        walks.append(walk(world.context(file, record.image, added=order)))  # noqa: PERF401
    own: list[Problem] = []
    if suited == "arm-only":
        theirs = MACHINE_NAMES[record.image.machine]
        reason = f"built for {theirs}: it runs on Windows on ARM alone"
        own = [Problem(cause="wrong-machine", winerror=193, chain=(file.path,), reason=reason,
                       certain=False)]  # fmt: skip
    return _merge(world, file, walks, own)


def _refused(file: File, cause: str, reason: str) -> Load:
    problem = Problem(cause=cause, winerror=193, chain=(file.path,), reason=reason)  # type: ignore[arg-type]
    return Load(
        verdict="fails",
        winerror=193,
        chain=(file.path,),
        reason=reason,
        problems=(problem,),
        cause=problem.cause,
    )


def _orders(world: World, first: Walk, context: Context) -> Iterator[tuple[Folder, ...]]:
    """Yield the other orders of the added folders that could change this image's outcome."""
    del first
    added = context.places.added
    rivals = [folder for folder in added if folder in world.rival_folders(added)]
    if len(rivals) < 2:  # noqa: PLR2004
        return
    rest = tuple(folder for folder in added if folder not in rivals)
    if len(rivals) <= _ALL_ORDERS:
        yield from ((*order, *rest) for order in list(permutations(rivals))[1:])
        return
    for index in range(1, len(rivals)):
        yield (rivals[index], *rivals[:index], *rivals[index + 1 :], *rest)
    yield (*reversed(rivals), *rest)


def _reported(walked: Walk) -> Problem | None:
    """Return the fault that decides: the first certain one, else the first that may strike."""
    faults = [p for p in (*walked.mapping, *walked.binding) if not p.delayed]
    return next((p for p in faults if p.certain), faults[0] if faults else None)


def _merge(world: World, file: File, walks: Sequence[Walk], own: list[Problem]) -> Load:
    reported = [_reported(walked) for walked in walks]
    worst = next((p for p in reported if p and p.certain), None) or next(
        (p for p in (*own, *reported) if p), None
    )
    needs = _needs(world, file, walks)
    problems: dict[tuple[str, tuple[str, ...], str | None], Problem] = {}
    for problem in (*own, *(p for walked in walks for p in walked.problems)):
        problems.setdefault((problem.cause, problem.chain, problem.symbol), problem)
    ordered = tuple(sorted(problems.values(), key=lambda p: (p.delayed, p is not worst)))
    if worst is None:
        return Load(verdict="loads", needs=needs, problems=ordered)
    always = worst.certain and all(p is not None and p.certain for p in reported)
    reason = worst.reason
    if worst.certain and not always:
        reason += " (depends on which added folder Windows searches first)"
    return Load(
        verdict="fails" if always else "may-fail",
        winerror=worst.winerror,
        chain=worst.chain,
        reason=reason,
        needs=needs,
        problems=ordered,
        cause=worst.cause,
    )


def _needs(world: World, root: File, walks: Sequence[Walk]) -> tuple[Need, ...]:
    merged: dict[tuple[str, str, bool], Need] = {}
    others: dict[tuple[str, str, bool], list[str]] = {}
    for walked in walks:
        for edge in walked.edges:
            found = edge.found
            key = (edge.importer.key, found.name.casefold(), edge.delayed)
            place = found.file.key if found.file else found.origin
            if key in merged:
                first = merged[key]
                if place not in {first.key or first.origin, *others[key]}:
                    others[key].append(place)
                continue
            others[key] = []
            merged[key] = Need(
                name=edge.imported.name if edge.imported else found.name,
                origin=found.origin,
                path=found.file.path if found.file and world.in_package(found.file) else None,
                delayed=edge.delayed,
                importer=edge.importer.path,
                direct=edge.importer.key == root.key,
                key=found.file.key if found.file else None,
                provider=found.provider,
            )
    needs = [
        replace(need, alternatives=tuple(others[key])) if others[key] else need
        for key, need in merged.items()
    ]
    return tuple(sorted(needs, key=lambda need: not need.direct))
