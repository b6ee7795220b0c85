"""From one child's events to the image at fault, and the words for it: why, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Final

from mlcbuild.codes import known_code

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Load
    from mlcbuild.rules.finding import Finding
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


_SHOWN: Final = 3
_GCC: Final = 0x20474343
#: NTSTATUS of severity error: an exit code from here on is no program's own.
_LEAST_STATUS: Final = 0xC0000000

_FIXES: Final = {
    "debug-crt": "build and install {name} with --config Release",
    "access-denied": "icacls {path}",
    "not-a-pe": "pip install --force-reinstall of the package that owns {name}",
    "wrong-machine": "install the wheel for this Python's machine",
    "missing-dll": "mlcbuild check {target}",
    "missing-export": "pip install --upgrade of the packages that own {name} and its importer",
}


def reason_of(found: Blame, cause: str, prediction: Load | None) -> str:
    """Say in one sentence what is wrong."""
    name = base_name(found.image)
    predicted = prediction.reason if prediction is not None else ""
    if found.stage == "init":
        crashed = f"{name}: its initialiser crashed: {predicted}"
        return crashed if cause == "mutex-abi" else _init(found, name)
    if found.stage == "not-found" and found.missing:
        verb = "was" if len(found.missing) == 1 else "were"
        said = f"{name} needs {_some(found.missing)}, which {verb} not found"
    elif found.stage == "not-found":
        said = f"{name} was not found"
    elif found.stage == "export":
        said = f"{name} needs {_some(found.missing)}: not exported by {base_name(found.provider)}"
    elif found.stage == "image":
        said = f"{name} is not an image for this process" + (f": {predicted}" if predicted else "")
    elif found.stage == "access":
        code = known_code(found.error or 0)
        said = f"{name} may not be mapped: {code.meaning if code else found.error}"
    else:
        said = f"all that {name} needs loads by its path, and Windows does not find it by name"
    return said


def _init(found: Blame, name: str) -> str:
    end = found.exit
    if end is not None and end.timed_out:
        return f"an initialiser of {name} did not return in {end.seconds:.0f} s"
    if end is not None and end.code < _LEAST_STATUS and found.fault is None:
        return f"an initialiser of {name} ended the process with exit code {end.code}"
    if end is not None and end.code >= _LEAST_STATUS:
        code = known_code(end.code)
        what = f"{code.name}: {code.meaning}" if code else "no known code"
        return f"the process died in an initialiser of {name}: 0x{end.code:08X} ({what})"
    if found.fault is not None:
        return f"an initialiser of {name} raised {fault_words(found.fault)}"
    return f"an initialiser of {name} refused (DllMain returned FALSE)"


def fault_words(fault: Fault) -> str:
    """Describe an exception: its name, number and place."""
    code = known_code(fault.code)
    name = "GCC's C++ exception" if fault.code == _GCC else code.name if code else "no known name"
    says = f": {fault.says}" if fault.says else ""
    where = f" at {base_name(fault.module)}+0x{fault.rva:X}" if fault.module else ""
    return f"0x{fault.code:08X} ({name}){where}{says}"


def fix_of(target: str, found: Blame, cause: str, findings: Sequence[Finding]) -> str:
    """Return the rule's fix where check has a finding for the cause, else one command."""
    for finding in findings:
        if finding.rule == cause and finding.fix:
            return finding.fix
    if found.stage == "init":
        number = found.fault.code if found.fault is not None else None
        if number is None and found.exit is not None and found.exit.code >= _LEAST_STATUS:
            number = found.exit.code
        known = number is not None and number != _GCC
        return f"mlcbuild explain 0x{number:08X}" if known else "mlcbuild explain 1114"
    words = _FIXES.get(cause, "mlcbuild check {target}")
    return words.format(
        path=found.image, target=target, name=base_name(found.provider or found.image)
    )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
