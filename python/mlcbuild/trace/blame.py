"""From one child's events to the image at fault: which, at what stage, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcbuild.trace.probe import Run
    from mlcbuild.trace.result import Exit, Fault, Stage

_ACCESS: Final = frozenset({5, 32, 225, 577, 1920, 4551})
_IMAGE: Final = frozenset({193, 216, 1392})
_EXPORT: Final = frozenset({127, 182})
_NOT_FOUND: Final = frozenset({2, 3, 126, 1157})


@dataclass(frozen=True, kw_only=True, slots=True)
class Blame:
    """The image that failed to load, or whose load a symbol check found impossible."""

    stage: Stage
    #: Whose load failed.
    image: str
    #: DLLs that were not found, or symbols that ``provider`` does not export.
    missing: tuple[str, ...] = ()
    provider: str = ""
    error: int | None = None
    fault: Fault | None = None
    exit: Exit | None = None


def blame(run: Run) -> Blame | None:
    """Return what failed first in a run that loads leaf first; None where everything loaded."""
    refused = run.refused
    image = str(refused["path"]) if refused is not None else run.dying
    lacks = run.of("lacks")
    if lacks and (not image or lacks[0]["importer"] == image or _precedes(run, lacks[0], image)):
        first = lacks[0]
        return Blame(
            stage="export",
            image=first["importer"],
            provider=first["path"] or first["name"],
            missing=tuple(_symbol(each) for each in first["symbols"]),
            error=refused["error"] if refused is not None else None,
        )
    if not image:
        return None
    absent = tuple(
        each["name"] for each in run.of("need") if each["importer"] == image and each["error"]
    )
    error = refused["error"] if refused is not None else None
    return Blame(
        stage=_stage(error, absent=bool(absent)),
        image=image,
        missing=absent,
        error=error,
        fault=run.fault,
        exit=run.exit,
    )


def base_name(path: str) -> str:
    """Return the last part of a path of either system."""
    return PureWindowsPath(PurePosixPath(path).name).name


def _precedes(run: Run, lack: dict[str, object], image: str) -> bool:
    """Return whether the importer of a missing symbol was loaded before an image was tried."""
    tried = [event["path"] for event in run.of("loading")]
    return tried.index(lack["importer"]) < tried.index(image)


def _stage(error: int | None, *, absent: bool) -> Stage:
    if error in _NOT_FOUND:
        return "not-found"
    if error in _IMAGE and not absent:
        return "image"
    if error in _EXPORT:
        return "export"
    if error in _ACCESS:
        return "access"
    return "init"  # 1114, what Wine says in its place, or a process that ended in the middle


def _symbol(symbol: str | int) -> str:
    return f"#{symbol}" if isinstance(symbol, int) else symbol
