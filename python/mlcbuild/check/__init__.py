"""The check: open each target, read its facts, predict its loads, judge, report."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.check.reading import Ahead, ReadingPackage
from mlcbuild.errors import InputError
from mlcbuild.package.targets import open_package
from mlcbuild.progress import counted
from mlcbuild.pythonversions import NEWEST

if TYPE_CHECKING:
    from mlcbuild.check.settings import Settings
    from mlcbuild.package.member import Kind, Package
    from mlcbuild.report.result import Module, Report, Target
    from mlcbuild.rules.finding import Subject

#: Characters of an unexpected error that are shown.
_REASON: Final = 300
_PYTHON_TAG: Final = re.compile(r"cp(3)(\d+)-")


def check(targets: Sequence[str], settings: Settings) -> Report:
    """Check every target with the same settings.

    A target that cannot be read becomes an entry with an error; the others are still checked.
    Raises ``InputError`` if a companion (``--with``) cannot be read: no verdict would be right
    without it.
    """
    with ExitStack() as stack:
        companions = [
            stack.enter_context(open_package(spec, with_deps=settings.with_deps))
            for spec in settings.companions
        ]
        several = counted(targets, "checking target") if len(targets) > 1 else targets
        checked = tuple(_one(spec, companions, settings) for spec in several)
    from mlcbuild.report.result import Report  # noqa: PLC0415 - see check_package

    return Report(targets=checked, strict=settings.strict)


def _one(spec: str, companions: Sequence[Package], settings: Settings) -> Target:
    try:
        with ExitStack() as stack:
            package = stack.enter_context(open_package(spec, with_deps=settings.with_deps))
            return check_package(package, companions, settings, spec=spec)
    except InputError as error:
        return _unreadable(spec, error.message, error.remedy)
    except Exception as error:
        import logging  # noqa: PLC0415 - 20 ms

        logging.getLogger(__name__).debug("%s", spec, exc_info=True)
        why = f"{type(error).__name__}: {error}"[:_REASON]
        return _unreadable(
            spec,
            f"{spec}: mlcbuild failed on it ({why})",
            "check only this target with -v, and report the output",
        )


def _unreadable(spec: str, message: str, remedy: str) -> Target:
    from mlcbuild.report.result import Target  # noqa: PLC0415 - see check_package

    return Target(name=spec, kind=_kind(spec), error=message, remedy=remedy)


def check_package(
    package: Package, companions: Sequence[Package], settings: Settings, *, spec: str = ""
) -> Target:
    """Check one open package with its companions. Raises ``InputError`` as ``check`` does."""
    with ExitStack() as stack:
        reading = ReadingPackage(package)
        ahead = stack.enter_context(closing(Ahead(reading)))
        # The big images are being unpacked now; the model and the rules are imported meanwhile.
        from mlcbuild.check.corrections import with_initialiser_failures  # noqa: PLC0415
        from mlcbuild.check.gather import subject_of  # noqa: PLC0415
        from mlcbuild.rules import all_rules, judge  # noqa: PLC0415

        all_rules()

        beside = [*companions, *package.companions]
        if settings.with_deps and package.kind == "wheel":
            beside += _required(package, stack, settings.python_version)
        subject = with_initialiser_failures(subject_of(reading, ahead, beside, settings))
        if any(load.verdict != "loads" for load in subject.loads.values()):
            from mlcbuild.check.corrections import with_toolkits  # noqa: PLC0415 - ast
            from mlcbuild.check.optional import optional_images  # noqa: PLC0415 - ast

            subject = with_toolkits(subject, package)
            subject = replace(subject, optional=optional_images(subject, package))
        findings = judge(subject, ignore=settings.ignore)
    from mlcbuild.report.result import Target  # noqa: PLC0415

    return Target(
        name=subject.name,
        kind=subject.kind,
        spec=spec,
        modules=tuple(_module(subject, path) for path in subject.loads),
        findings=findings,
    )


def _required(package: Package, stack: ExitStack, python: tuple[int, int] | None) -> list[Package]:
    """Fetch the wheels that a wheel requires, each project once.

    The default Python is the one that the tag names. A stable-ABI wheel also runs on later
    ones, and current versions of its requirements have no wheels for the oldest.
    """
    from mlcbuild.package.requirements import (  # noqa: PLC0415
        needed,
        platform_of,
        windows_environment,
    )

    if package.wheel is None:
        return []
    if python is None and any("-abi3" in tag for tag in package.wheel.tags):
        python = NEWEST
    elif python is None:
        tagged = next((m for tag in package.wheel.tags if (m := _PYTHON_TAG.match(tag))), None)
        python = (int(tagged[1]), int(tagged[2])) if tagged else sys.version_info[:2]
    platform = platform_of(package.wheel.tags)
    found: dict[str, Package] = {}
    for requirement in needed(package.wheel.requires, windows_environment(python, platform)):
        first = stack.enter_context(
            open_package(f"pypi:{requirement}", with_deps=True, python=python, platform=platform)
        )
        for each in (first, *first.companions):
            if each.wheel is not None:
                found.setdefault(each.wheel.distribution.casefold(), each)
    return list(found.values())


def _kind(spec: str) -> Kind:
    """Return the kind of a target that could not be opened."""
    if spec.startswith("installed:"):
        return "installed"
    if spec.startswith("pypi:"):
        return "pypi"
    if spec.casefold().endswith(".whl"):
        return "wheel"
    return "folder" if Path(spec).is_dir() else "image"


def _module(subject: Subject, path: str) -> Module:
    from mlcbuild.report.result import Module  # noqa: PLC0415
    from mlcbuild.rules.cpp_runtime import newest_toolset  # noqa: PLC0415
    from mlcbuild.versions import dotted  # noqa: PLC0415

    image = subject.images.get(path)
    toolset = newest_toolset(image) if image is not None else None
    return Module(
        path=path,
        machine="unknown" if image is None else image.machine,
        toolset=None if toolset is None else dotted(toolset),
        crt="unknown" if image is None else image.crt,
        load=subject.loads[path],
        managed=image is not None and image.managed,
        optional=path in subject.optional,
    )
