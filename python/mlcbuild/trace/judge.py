"""Put what was seen and what is predicted together into one answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.msvc import UCRT
from mlcbuild.trace.result import LogLine, Stage, Trace
from mlcbuild.trace.words import Blame, base_name, blame, fix_of, reason_of

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Load
    from mlcbuild.trace.plan import Plan, Step
    from mlcbuild.trace.probe import Run

#: Faults of the loader model -> the rule that a user finds in the documentation.
_RULES: Final = {
    "missing-ordinal": "missing-export",
    "no-exports": "missing-export",
    "debug-runtime": "debug-crt",
    "driver": "driver-dll-needed",
    "redist": "missing-dll",
    "old-redist": "missing-dll",
    "toolkit": "missing-dll",
    "load-flags": "missing-dll",
    "optional": "missing-dll",
    "unknown-api-set": "missing-dll",
    "forwarder-loop": "missing-export",
}
_STAGE_RULES: Final[dict[Stage, str]] = {
    "not-found": "missing-dll",
    "export": "missing-export",
    "image": "not-a-pe",
    "init": "init-failed",
    "access": "access-denied",
    "search": "missing-dll",
    "python": "import-failed",
}
_WINDOWS: Final[dict[Stage, int]] = {"not-found": 126, "image": 193, "export": 127, "init": 1114}
_ORDINAL: Final = 182
_STACK_OVERFLOW: Final = 0xC00000FD
#: Whose address an exception of RaiseException or abort bears: it says nothing of the guilty one.
_RAISERS: Final = frozenset({"kernelbase.dll", "ntdll.dll", UCRT})


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """Everything known of one image: its own load, the one leaf first, the plan, the machine."""

    target: str
    direct: Run
    walked: Run | None
    plan: Plan
    facts: dict[str, Any]
    #: The failing initialiser under the debugger, and what the files say of its image.
    watched: Run | None = None
    own: Plan | None = None
    log: tuple[LogLine, ...] = ()

    @property
    def loaded(self) -> bool:
        """Whether this loader loaded the target."""
        return bool(self.direct.of("loaded")) and self.direct.exit is None

    @property
    def wine(self) -> bool:
        """Whether the loader is Wine's and its answer not Windows' own."""
        return bool(self.facts["wine"])


def judge(seen: Seen) -> Trace:
    """Return the answer for one image."""
    found = blame(seen.walked) if seen.walked is not None else None
    prediction = seen.plan.prediction
    if found is None and not seen.loaded:
        found = _unsearched(seen)
    if found is None:
        return _good(seen)
    if seen.watched is not None:
        found = replace(found, fault=seen.watched.fault_of(found.error) or found.fault)
    if found.stage in {"not-found", "image"} and prediction is not None and found.error == 126:  # noqa: PLR2004
        found = _corrected(found, prediction)
    return _bad(seen, found)


def _good(seen: Seen) -> Trace:
    """Return the answer for an image that loads here; the prediction may say otherwise."""
    prediction = seen.plan.prediction
    notes: tuple[str, ...] = ()
    if prediction is not None and prediction.verdict == "fails":
        notes = (f"the model predicts WinError {prediction.winerror}: {prediction.reason}",)
    refuses = bool(notes) and seen.wine
    return Trace(
        **_frame(seen),
        loads=not refuses,
        winerror=prediction.winerror if refuses and prediction is not None else None,
        cause=_rule_of(prediction) if refuses else "",
        reason=prediction.reason if refuses and prediction is not None else "",
        observed=0,
        predicted=("winerror", "cause", "reason") if refuses else (),
        notes=notes,
    )


def _bad(seen: Seen, found: Blame) -> Trace:
    cause, culprit, importer = _cause(seen, found)
    winerror, guessed = _winerror(seen, found)
    predicted = ["winerror"] if guessed else []
    if cause not in {_STAGE_RULES[found.stage], "wrong-machine"}:
        predicted.append("cause")
    refused = seen.direct.refused
    return Trace(
        **_frame(seen),
        loads=False,
        stage=found.stage,
        culprit=culprit,
        importer=importer,
        missing=found.missing,
        winerror=winerror,
        cause=cause,
        reason=reason_of(found, cause, (seen.own or seen.plan).prediction),
        fix=fix_of(seen.target, found, cause, (seen.own or seen.plan).findings),
        observed=refused["error"] if refused is not None else (0 if seen.loaded else None),
        fault=found.fault,
        exit=found.exit,
        predicted=tuple(predicted),
    )


def _frame(seen: Seen) -> dict[str, Any]:
    run = seen.walked or seen.direct
    return {
        "target": seen.target,
        "host": host_name(seen.facts),
        "python": f"{seen.facts['python']} ({seen.facts['bits']}-bit)",
        "prediction": seen.plan.prediction,
        "loaded": tuple(each["path"] for each in run.of("loaded")),
        "log": seen.log,
    }


def host_name(facts: dict[str, Any]) -> str:
    """Return the name of the system whose loader answered."""
    if facts["wine"]:
        return f"Wine {facts['wine']}"
    return "Windows " + ".".join(map(str, facts["version"]))


def _unsearched(seen: Seen) -> Blame:
    """Blame a target that fails although all its dependencies load by their paths."""
    refused = seen.direct.refused
    every = seen.walked is not None and seen.walked.exit is None
    return Blame(
        stage="search" if every else "init",
        image=seen.target,
        error=refused["error"] if refused is not None else None,
        fault=seen.direct.fault,
        exit=seen.direct.exit,
    )


def _corrected(found: Blame, prediction: Load) -> Blame:
    """Take the stage of the model where the loader's 126 is Wine's word for another fault."""
    if prediction.cause in {"wrong-machine", "not-a-pe"} and not found.missing:
        return Blame(stage="image", image=found.image, error=found.error)
    return found


def _cause(seen: Seen, found: Blame) -> tuple[str, str, str]:
    """Return the rule, the image at fault, and who needs it."""
    importer = _importer(seen.plan.steps, found.image)
    prediction = seen.plan.prediction
    said = _rule_of(prediction)
    cause, culprit = _STAGE_RULES[found.stage], found.image
    if found.stage == "not-found" and said == "debug-crt":
        cause = said
    elif found.stage == "not-found" and found.missing:
        cause = said if said == "driver-dll-needed" else cause
        culprit, importer = found.missing[0], found.image
    elif found.stage == "export":
        culprit, importer = found.provider or found.image, found.image
    elif found.stage == "image" and said == "wrong-machine":
        cause = said
    elif found.stage == "init" and (module := _crashed_in(seen, found)):
        own = seen.own.prediction if seen.own is not None else prediction
        mutex = own is not None and own.winerror == _WINDOWS["init"]
        cause = "mutex-abi" if mutex else cause
        culprit, importer = module, found.image
    return cause, culprit, importer


def _rule_of(prediction: Load | None) -> str:
    """Return the rule of what the model finds at fault; empty for nothing."""
    cause = prediction.cause if prediction is not None else None
    return _RULES.get(cause, cause) if cause is not None else ""


def _crashed_in(seen: Seen, found: Blame) -> str:
    """Return another image of the closure in which an initialiser crashed; empty for none."""
    module = found.fault.module if found.fault is not None else ""
    if not module or _same(module, found.image) or base_name(module).casefold() in _RAISERS:
        return ""
    own = seen.own.prediction if seen.own is not None else None
    mutex = own is not None and own.winerror == _WINDOWS["init"]
    return module if mutex or any(_same(s.path, module) for s in seen.plan.steps) else ""


def _winerror(seen: Seen, found: Blame) -> tuple[int | None, bool]:
    """Return what Windows says, and whether that was not seen here."""
    refused = seen.direct.refused
    if not seen.wine:
        return (refused["error"] if refused is not None else None), False
    if found.stage == "init" and refused is None:
        # Windows' loader catches an exhausted stack as any exception; Wine's ends the thread.
        exhausted = found.fault is not None and found.fault.code == _STACK_OVERFLOW
        return (_WINDOWS["init"], True) if exhausted else (None, False)
    if found.stage == "export" and found.missing[:1] and found.missing[0].startswith("#"):
        wanted: int | None = _ORDINAL
    else:
        wanted = _WINDOWS.get(found.stage, refused["error"] if refused is not None else None)
    return wanted, refused is None or refused["error"] != wanted


def _importer(steps: tuple[Step, ...], image: str) -> str:
    return next((step.importer for step in steps if _same(step.path, image)), "")


def _same(one: str, other: str) -> bool:
    return Path(one) == Path(other) or one.casefold() == other.casefold()
