"""Check, decide what to exclude, run delvewheel, stamp again, check again, compare.

The repaired wheel is written to the output folder only if the second check finds no error that the
first did not.
"""

from __future__ import annotations

import os
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlcbuild.errors import FailedError, InputError
from mlcbuild.package.metadata import tags_of_name
from mlcbuild.package.natives import no_such_file
from mlcbuild.package.zipfaults import ZIP_FAULTS
from mlcbuild.repair.exclusions import Exclusion, exclusions, images_of, provided, reachable_names
from mlcbuild.repair.tool import arguments, run_delvewheel, search_folders
from mlcbuild.stamp import STAMP_NAME

if TYPE_CHECKING:
    from mlcbuild.check.settings import Settings
    from mlcbuild.report.result import Report
    from mlcbuild.rules.finding import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class Repair:
    """The result of one repair."""

    wheel: Path
    #: Members added by the repair.
    bundled: tuple[str, ...]
    excluded: tuple[Exclusion, ...]
    before: Report
    after: Report
    #: The output of delvewheel.
    said: str

    @property
    def gone(self) -> tuple[Finding, ...]:
        """Findings removed by the repair."""
        return _without(self.before, self.after)

    @property
    def new(self) -> tuple[Finding, ...]:
        """Findings introduced by the repair."""
        return _without(self.after, self.before)

    @property
    def left(self) -> tuple[Finding, ...]:
        """Remaining errors."""
        return tuple(f for f in _findings(self.after) if f.severity == "error")


def repair(
    wheel: Path,
    into: Path,
    settings: Settings,
    *,
    folders: Sequence[Path] = (),
    declared: Sequence[str] = (),
    extra: Sequence[str] = (),
) -> Repair:
    """Repair ``wheel`` into the folder ``into``; the original is not modified.

    ``settings`` are those of check (mainly companions); ``declared`` DLLs are excluded too;
    ``extra`` goes to delvewheel. Raises ``FailedError`` where delvewheel fails or makes the wheel
    worse, ``InputError`` where it cannot be read.
    """
    from mlcbuild.check import check  # noqa: PLC0415 - heavy

    if not wheel.is_file():
        raise no_such_file(str(wheel), on_index=False)
    before = check([os.fspath(wheel)], settings)
    _require_readable(before)
    searched = search_folders(folders, os.environ, platform=sys.platform)
    images = images_of(os.fspath(wheel))
    excluded = exclusions(
        reachable_names(images.values(), searched),
        companions={**_beside(before), **provided(settings.companions)},
        declared=declared,
        own=images,
        tags=tags_of_name(wheel.name) or (),
    )
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".mlcbuild-", dir=into) as staged:
        words = arguments(
            wheel.absolute(), Path(staged), folders=searched, excluded=excluded, extra=extra
        )
        said = run_delvewheel(words, os.environ)
        made = next(iter(Path(staged).glob("*.whl")), None)
        if made is None:
            raise FailedError("delvewheel wrote no wheel", remedy="run again with -v")
        added = tuple(sorted(_members(made) - _members(wheel)))
        if any(Path(name).name == STAMP_NAME for name in _members(made)):
            from mlcbuild.builder.restamp import restamp  # noqa: PLC0415 - pyelftools

            restamp(made)
        after = check([os.fspath(made)], settings)
        _require_readable(after)
        result = Repair(
            wheel=into / made.name,
            bundled=tuple(name for name in added if name.casefold().endswith(".dll")),
            excluded=excluded,
            before=before,
            after=after,
            said=said,
        )
        worse = [finding for finding in result.new if finding.severity == "error"]
        if worse:
            first = worse[0]
            raise FailedError(
                f"the repair made {wheel.name} worse: [{first.rule}] {first.module or ''} "
                f"{first.message}",
                remedy=first.fix or "exclude what it bundled (--exclude NAME)",
            )
        made.replace(result.wheel)
    return result


def _beside(report: Report) -> dict[str, str]:
    """Return the DLLs the first check found in wheels installed with it: name -> provider."""
    return {
        need.name: need.provider.partition("!")[0] or "a wheel beside it"
        for target in report.targets
        for module in target.modules
        for need in module.load.needs
        if need.origin == "companion"
    }


def _members(wheel: Path) -> set[str]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return set(archive.namelist())
    except ZIP_FAULTS as error:
        raise InputError(f"{wheel} cannot be read as a wheel ({error})") from error


def _require_readable(report: Report) -> None:
    for target in report.targets:
        if target.error:
            raise InputError(target.error, remedy=target.remedy)


def _findings(report: Report) -> list[Finding]:
    return [finding for target in report.targets for finding in target.findings]


def _without(one: Report, other: Report) -> tuple[Finding, ...]:
    """Return the findings of ``one`` missing from ``other``, compared by rule, module and DLL."""
    known = {_identity(finding) for finding in _findings(other)}
    return tuple(f for f in _findings(one) if _identity(f) not in known)


def _identity(finding: Finding) -> tuple[Any, ...]:
    return (finding.rule, finding.module, finding.evidence.get("dll"))
