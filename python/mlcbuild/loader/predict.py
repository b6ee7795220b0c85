"""The verdict for one image, over every legal order of the added folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Final

from mlcbuild.loader.closure import Step, Walk, further_limit, walk
from mlcbuild.loader.machines import fit
from mlcbuild.loader.names import fold
from mlcbuild.loader.outcome import Cause, Load, Need, Problem
from mlcbuild.loader.words import MACHINE_NAMES

if TYPE_CHECKING:
    from mlcbuild.loader.context import Context
    from mlcbuild.loader.images import File, Folder
    from mlcbuild.loader.world import World

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
        why = record.refused or "not a PE image"
        return _refused(file, why, "not-a-pe", winerror=record.winerror)
    context = world.context(file, record.image)
    suited = fit(context.process.machine, record.image)
    theirs = MACHINE_NAMES[record.image.machine]
    if suited == "wrong":
        mine = MACHINE_NAMES[context.process.machine]
        return _refused(file, f"built for {theirs}, the process is {mine}", "wrong-machine")
    further = further_limit(len(world.package.every))
    whole = world.chain_names > 0
    walks = [walk(context, world.graph(context), further=further, whole=whole)]
    for order in _other_orders(world, walks[0], context):
        other = world.context(file, record.image, added=order)
        walks.append(walk(other, world.graph(other), further=further, whole=whole))
    own = [
        Problem(
            cause="wrong-machine",
            winerror=193,
            chain=(file.path,),
            reason=f"built for {theirs}: it runs only on Windows on ARM",
            certain=False,
        )
    ]
    load = _merge(world, context, walks, own if suited == "arm-only" else [])
    world.chain_names -= sum(len(problem.chain) for problem in load.problems)
    return load


def _refused(file: File, reason: str, cause: Cause, *, winerror: int = 193) -> Load:
    problem = Problem(cause=cause, winerror=winerror, chain=(file.path,), reason=reason)
    return Load(
        verdict="fails",
        winerror=winerror,
        chain=problem.chain,
        reason=reason,
        problems=(problem,),
        cause=cause,
    )


def _other_orders(world: World, first: Walk, context: Context) -> Iterator[tuple[Folder, ...]]:
    """Yield the other orders of the added folders that could change this image's outcome."""
    added = context.places.added
    if len(added) < 2:  # noqa: PLR2004
        return
    wanted = {fold(s.edge.found.name) for s in first.steps if s.edge.found.file is not None}
    rivals = world.rival_folders(added, frozenset(wanted))
    if not rivals:
        return
    rest = tuple(folder for folder in added if folder not in rivals)
    if len(rivals) <= _ALL_ORDERS:
        yield from ((*order, *rest) for order in list(permutations(rivals))[1:])
        return
    for index in range(1, len(rivals)):
        yield (rivals[index], *rivals[:index], *rivals[index + 1 :], *rest)
    yield (*reversed(rivals), *rest)


def _merge(world: World, context: Context, walks: Sequence[Walk], own: list[Problem]) -> Load:
    reported = [walked.reported for walked in walks]
    worst = next((p for p in reported if p and p.certain), None) or next(
        (p for p in (*own, *reported) if p), None
    )
    needs = _needs(world, context, walks)
    always = worst is None or (worst.certain and all(p is not None and p.certain for p in reported))
    problems: dict[tuple[object, ...], Problem] = {}
    every = (p for walked in walks for p in (*walked.faults, *walked.delayed))
    first = (worst,) if worst is not None else ()
    for problem in (*first, *own, *every):
        problems.setdefault(_identity(problem), problem)
    if not always:  # what another order avoids is no certain fault of the image
        problems = {key: _doubted(each, walks) for key, each in problems.items()}
    ordered = tuple(sorted(problems.values(), key=lambda p: p.delayed))
    if worst is None:
        return Load(verdict="loads", needs=needs, problems=ordered)
    worst = problems[_identity(worst)]
    return Load(
        verdict="fails" if always else "may-fail",
        winerror=worst.winerror,
        chain=worst.chain,
        reason=worst.reason,
        needs=needs,
        problems=ordered,
        cause=worst.cause,
    )


def _identity(problem: Problem) -> tuple[object, ...]:
    return (problem.cause, problem.chain, problem.symbol, problem.delayed)


def _doubted(problem: Problem, walks: Sequence[Walk]) -> Problem:
    """Return a fault that some orders of the added folders avoid, with the copy that fits."""
    if not problem.certain or problem.delayed:
        return problem
    reason = problem.reason
    fits = _copy_that_fits(problem, walks)
    if fits:
        reason += f"; {fits} fits"
    reason += " (depends on which added folder Windows searches first)"
    return replace(problem, certain=False, reason=reason)


def _copy_that_fits(problem: Problem, walks: Sequence[Walk]) -> str:
    """Return the file that the same import finds in an order without this fault."""
    name, key = fold(problem.chain[-1]), _identity(problem)
    for walked in walks:
        if key in map(_identity, walked.faults):
            continue
        for step in walked.steps:
            found = step.edge.found
            if fold(found.name) == name and found.file is not None and found.cause is None:
                return found.file.key
    return ""


def _needs(world: World, context: Context, walks: Sequence[Walk]) -> tuple[Need, ...]:
    """Return the image's own needs, then those further down that are missing or ambiguous."""
    merged: dict[tuple[str, str, bool], Step] = {}
    outcomes: dict[tuple[str, str, bool], dict[str, None]] = {}
    for step in (step for walked in walks for step in walked.steps):
        found = step.edge.found
        if len(walks) == 1 and found.cause is None and step.importer is not context.root:
            continue
        key = (step.importer.key, fold(found.name), step.edge.delayed)
        merged.setdefault(key, step)
        place = found.file.key if found.file else found.origin
        outcomes.setdefault(key, {})[place] = None
    own: list[Need] = []
    further: list[Need] = []
    for key, step in merged.items():
        direct = step.importer is context.root
        found = step.edge.found
        seen = outcomes[key]
        if found.origin in {"added-dir", "companion", "system"}:
            seen |= dict.fromkeys(world.copies(found.name, context))
        others = tuple(seen)[1:]
        if not direct and found.cause is None and not others:
            continue
        need = Need(
            name=step.edge.name,
            origin=found.origin,
            path=found.file.path if found.file and world.in_package(found.file) else None,
            delayed=step.edge.delayed,
            alternatives=others,
            importer=step.importer.path,
            direct=direct,
            key=found.file.key if found.file else None,
            provider=found.provider,
        )
        (own if direct else further).append(need)
    return (*own, *further)
