"""The check: open each target, read its facts, predict its loads, judge, report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.check.gather import subject_of
from mlcbuild.check.initialiser import with_initialiser_failures
from mlcbuild.errors import InputError
from mlcbuild.package import kind_of, open_package, requirements_of
from mlcbuild.report.model import Module, Report, Target
from mlcbuild.rules import judge
from mlcbuild.rules.toolsets import dotted, newest_toolset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlcbuild.check.settings import Settings
    from mlcbuild.package.model import Package
    from mlcbuild.rules.model import Subject

__all__ = ["check"]


def check(targets: Sequence[str], settings: Settings) -> Report:
    """Check every target with the same settings.

    A target that cannot be read becomes an entry with an error; the others are still judged.
    Raises ``InputError`` where a companion (``--with``) or a folder option cannot be read: no
    verdict would be right without it.
    """
    companions = [open_package(spec) for spec in settings.companions]
    checked = tuple(_one(spec, companions, settings) for spec in targets)
    return Report(targets=checked, strict=settings.strict)


def _one(spec: str, companions: Sequence[Package], settings: Settings) -> Target:
    try:
        package = open_package(spec)
        beside = [*companions]
        if settings.with_deps or package.kind == "installed":
            beside += requirements_of(package)
        subject = with_initialiser_failures(subject_of(package, beside, settings))
    except InputError as error:
        return Target(name=spec, kind=kind_of(spec), error=error.message, remedy=error.remedy)
    return Target(
        name=package.name,
        kind=package.kind,
        modules=tuple(_module(subject, path) for path in subject.loads),
        findings=judge(subject, ignore=settings.ignore),
    )


def _module(subject: Subject, path: str) -> Module:
    image = subject.images.get(path)
    toolset = newest_toolset(image) if image is not None else None
    return Module(
        path=path,
        machine="unknown" if image is None else image.machine,
        toolset=None if toolset is None else dotted(toolset),
        crt="unknown" if image is None else image.crt,
        load=subject.loads[path],
    )
