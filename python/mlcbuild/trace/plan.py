"""The order in which to load: the closure of an image by the loader model, leaves first."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild.check import check
from mlcbuild.errors import InputError
from mlcbuild.loader import world_from_package
from mlcbuild.loader.closure import Step as Walked
from mlcbuild.loader.closure import every_step
from mlcbuild.loader.outcome import Load
from mlcbuild.package.targets import open_package

if TYPE_CHECKING:
    from mlcbuild.check.settings import Settings
    from mlcbuild.loader.images import File
    from mlcbuild.loader.node import Edge
    from mlcbuild.loader.world import World
    from mlcbuild.rules.finding import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """One import of an image. ``symbols`` are names and ordinals to look for in it."""

    name: str
    symbols: tuple[str | int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One image to load, by its full path, and what it needs directly."""

    path: str
    needs: tuple[Need, ...] = ()
    #: Who needs it: the first image of the closure that does.
    importer: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Load steps in dependency order, plus the prediction and the findings of check."""

    steps: tuple[Step, ...]
    prediction: Load | None
    findings: tuple[Finding, ...] = ()


def make_plan(target: str, settings: Settings) -> Plan:
    """Return the plan for one image. Raises ``InputError`` where a folder cannot be listed."""
    report = check([target], settings)
    (judged,) = report.targets
    if judged.error:
        reason = judged.error.removeprefix(f"{target}: ")
        chain = (Path(target).name,)
        prediction = Load(
            verdict="fails", winerror=193, chain=chain, reason=reason, cause="not-a-pe"
        )
        return Plan(steps=(Step(path=target),), prediction=prediction)
    load = judged.modules[0].load
    return Plan(steps=_steps(target, settings), prediction=load, findings=judged.findings)


def _steps(target: str, settings: Settings) -> tuple[Step, ...]:
    with ExitStack() as stack:
        package = stack.enter_context(open_package(target))
        world = world_from_package(package, options=settings.world)
        root = next(iter(world.package.files.values()), None)
        if root is None:
            raise InputError(f"{target}: no Windows image")
        image = world.images.record(root).image
        if image is None:
            return (Step(path=target),)
        context = world.context(root, image)
        return _ordered(target, world, root, every_step(context, world.graph(context)))


def _ordered(target: str, world: World, root: File, walked: list[Walked]) -> tuple[Step, ...]:
    """Return every file of the closure after all that it needs; a circle is cut where met."""
    edges: dict[str, list[Edge]] = {}
    importers: dict[str, File] = {}
    files: dict[str, File] = {root.key: root}
    for step in walked:
        edges.setdefault(step.importer.key, []).append(step.edge)
        found = step.edge.found
        if found.file is not None and not step.edge.delayed and found.origin != "system":
            files.setdefault(found.file.key, found.file)
            importers.setdefault(found.file.key, step.importer)
    ordered: list[str] = []
    seen = {root.key}
    stack = [(root.key, iter(edges.get(root.key, ())))]  # chains are longer than Python's own stack
    while stack:
        key, left = stack[-1]
        for edge in left:
            needed = edge.found.file.key if edge.found.file and not edge.delayed else ""
            if needed in files and needed not in seen:
                seen.add(needed)
                stack.append((needed, iter(edges.get(needed, ()))))
                break
        else:
            ordered.append(key)
            stack.pop()
    folder = Path(target).parent

    def place(file: File) -> str:
        return str(folder / file.key)  # an absolute key stands for itself

    return tuple(
        Step(
            path=place(files[key]),
            needs=_needs(world, files[key], edges.get(key, [])),
            importer=place(importers[key]) if key in importers else "",
        )
        for key in ordered
    )


def _needs(world: World, file: File, edges: list[Edge]) -> tuple[Need, ...]:
    """Return the direct imports of a file; symbols only of DLLs that are not Windows' own."""
    image = world.images.record(file).image
    if image is None:
        return ()
    symbols = {
        each.name: tuple(
            symbol.name if symbol.name is not None else symbol.ordinal
            for symbol in each.symbols
            if symbol.name is not None or symbol.ordinal is not None
        )
        for each in image.imports
        if not each.delayed
    }
    needs = []
    for edge in edges:
        if edge.delayed or edge.via or edge.found.origin == "api-set" or edge.name not in symbols:
            continue
        own = edge.found.file is not None and edge.found.origin not in {"system", "driver"}
        needs.append(Need(name=edge.name, symbols=symbols[edge.name] if own else ()))  # type: ignore[arg-type]
    return tuple(needs)
