"""Trace an import: the native image it requested last, and the folders added by then.

Where no image can be blamed, the import's own error is the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.trace.image import image_trace
from mlcbuild.trace.judge import host_name
from mlcbuild.trace.result import Options, Stage, Trace
from mlcbuild.trace.words import base_name, fault_words

if TYPE_CHECKING:
    from mlcbuild.trace.probe import Probe, Run

#: NTSTATUS of severity error: an exit code from here on is no program's own.
_LEAST_STATUS: Final = 0xC0000000
#: What an error says by itself -> the stage at which Windows' loader meets it, and its number.
_STAGES: Final[dict[str, Stage]] = {
    "absent": "not-found",
    "missing-dll": "not-found",
    "debug-crt": "not-found",
    "missing-export": "export",
    "not-a-pe": "image",
    "wrong-machine": "image",
    "locked": "access",
    "unreadable": "access",
    "mutex-abi": "init",
    "init-failed": "init",
}
_CODES: Final[dict[Stage, int]] = {"not-found": 126, "image": 193, "export": 127, "init": 1114}


def explained(name: str, probe: Probe, run: Run) -> Trace | None:
    """Return the image that the error itself names, as mlc_llm's own errors do."""
    facts = run.of("raised")[0]["explained"] if run.of("raised") else {}
    if not facts or facts["cause"] == "init-failed":
        return None  # trace knows more of what an initialiser did
    stage = _STAGES.get(facts["cause"], "python")
    return Trace(
        target=name,
        host=host_name(probe.facts),
        python=python_name(probe.facts),
        loads=False,
        stage=stage,
        culprit=probe.host.here(facts["culprit"]),
        importer=probe.host.here(facts["path"]) if facts["path"] != facts["culprit"] else "",
        cause=facts["cause"],
        reason=facts["reason"],
        fix=facts["fix"],
        winerror=run.of("raised")[0]["error"] or _CODES.get(stage),
        predicted=() if run.of("raised")[0]["error"] else ("winerror",),
        loaded=loaded(run),
    )


def python_error(name: str, probe: Probe, run: Run) -> Trace:
    """Return the answer for an import that fails in Python, or in no image that can be named."""
    raised = run.of("raised")
    said = f"{raised[0]['type']}: {raised[0]['text']}" if raised else "the process ended"
    watched = probe.import_module(name, debug=True) if run.exit is not None else None
    fault = watched.fault if watched is not None else None
    if fault is not None:
        said = f"the process ended by {fault_words(fault)}"
    return Trace(
        target=name,
        host=host_name(probe.facts),
        python=python_name(probe.facts),
        loads=False,
        stage="python",
        cause="import-failed",
        reason=said,
        fix=_fix(said, raised[0]["module"], raised[0]["owner"]) if raised else _ended(run),
        fault=fault,
        winerror=raised[0]["error"] if raised else None,
        exit=run.exit,
        loaded=loaded(run),
    )


def _fix(said: str, module: str, owner: str) -> str:
    missing = re.match(r"ModuleNotFoundError: No module named '([\w.]+)'", said)
    if owner and module and (missing is None or "." in module):
        return f"python -m pip install --force-reinstall --no-deps {owner}"
    if missing:
        return f"python -m pip install {missing[1].partition('.')[0]}"
    return "mlcbuild explain - with the whole traceback"


def _ended(run: Run) -> str:
    code = run.exit.code if run.exit is not None else 0
    return f"mlcbuild explain 0x{code:08X}" if code >= _LEAST_STATUS else "mlcbuild explain 1114"


def loaded(run: Run) -> tuple[str, ...]:
    """Return the images that the import requested and got."""
    return tuple(each["path"] for each in run.of("settled") if each["loaded"])


def python_name(facts: dict[str, Any]) -> str:
    """Return the Python that did it, as a person names it."""
    return f"{facts['python']} ({facts['bits']}-bit)"


#: An import tries few libraries; each costs several children.
_MOST_SUSPECTS: Final = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """An image that the import requested, and what was loaded before."""

    path: str
    folders: tuple[str, ...]
    before: tuple[str, ...]


def module_trace(name: str, probe: Probe, options: Options) -> Trace:
    """Trace ``import name``. Raises as ``trace`` does."""
    run = probe.import_module(name)
    asked = _suspects(run)
    if run.of("imported") and run.exit is None:
        if found := _lacking(name, probe, run, options):
            return found
        return Trace(
            target=name,
            host=host_name(probe.facts),
            python=python_name(probe.facts),
            loads=True,
            observed=0,
            loaded=loaded(run),
            log=probe.import_module(name, debug=True).log if options.loader_log else (),
            notes=tuple(
                f"{each.path} was requested and did not load: mlcbuild trace {each.path}"
                for each in asked
                if Path(each.path).is_file()
            ),
        )
    if found := explained(name, probe, run):
        return found
    for each in _named_first(asked, run)[:_MOST_SUSPECTS]:
        found = _traced(name, each, probe, options)
        if found is not None:
            return found
    return (
        explained(name, probe, run)
        or _lacking(name, probe, run, options)
        or python_error(name, probe, run)
    )


def _named_first(asked: list[_Asked], run: Run) -> list[_Asked]:
    """Put the images that the error names before others, whose failure the import ignored."""
    said = " ".join(f"{each['text']} {each['last']}" for each in run.of("raised")).casefold()
    return sorted(asked, key=lambda each: base_name(each.path).casefold() not in said)


def _lacking(name: str, probe: Probe, run: Run, options: Options) -> Trace | None:
    """Return the image that Wine loads although nothing exports what it imports; None elsewhere."""
    if not probe.facts["wine"]:
        return None
    for each in _loads(run)[::-1][:_MOST_SUSPECTS]:
        if Path(each.path).is_file() and each.path.casefold().endswith((".dll", ".pyd")):
            found = image_trace(each.path, probe, options, folders=each.folders)
            if not found.loads and found.stage == "export":
                return replace(
                    found, target=name, notes=(*found.notes, f"import {name} asked for {each.path}")
                )
    return None


def _traced(name: str, asked: _Asked, probe: Probe, options: Options) -> Trace | None:
    """Trace one image that the import requested; None if it loads nevertheless."""
    path = _resolved(asked, probe)
    if path is None:
        whole = len(PureWindowsPath(asked.path).parts) > 1
        searched = f"was not found in {', '.join(asked.folders) or 'any folder'}"
        return Trace(
            target=name,
            host=host_name(probe.facts),
            python=python_name(probe.facts),
            loads=False,
            stage="not-found",
            culprit=asked.path,
            winerror=126,
            cause="missing-dll",
            reason=f"{asked.path} {'does not exist' if whole else searched}",
            fix="mlcbuild doctor --only runtime-dlls",
        )
    found = image_trace(path, probe, options, folders=asked.folders)
    if found.loads and asked.before:
        found = image_trace(path, probe, options, folders=asked.folders, before=asked.before)
        if not found.loads:
            note = "it loads in a fresh process: what was loaded before it makes it fail"
            found = replace(found, notes=(*found.notes, note))
    if found.loads:
        return None
    return replace(found, target=name, notes=(*found.notes, f"import {name} asked for {path}"))


def _loads(run: Run, *, loaded: bool = True) -> list[_Asked]:
    """Return the images that loaded, or those that did not, in their order."""
    folders: list[str] = []
    before: list[str] = []
    found: list[_Asked] = []
    for event in run.events:
        if event["event"] == "folder":
            folders.append(event["path"])
        elif event["event"] == "settled":
            if event["loaded"] == loaded:
                place = _Asked(path=event["path"], folders=tuple(folders), before=tuple(before))
                found.append(place)
            if event["loaded"]:
                before.append(event["path"])
    if run.dying and not loaded:
        found.append(_Asked(path=run.dying, folders=tuple(folders), before=tuple(before)))
    return found


def _suspects(run: Run) -> list[_Asked]:
    """Return the images that did not load, the last one first."""
    return _loads(run, loaded=False)[::-1]


def _resolved(asked: _Asked, probe: Probe) -> str | None:
    """Return the file that a name stands for, as Python's search finds it; None for none."""
    if Path(asked.path).is_file():
        return asked.path
    name = PureWindowsPath(asked.path).name
    names = (name, f"{name}.dll")
    system, python = (probe.host.here(probe.facts[each]) for each in ("system", "folder"))
    for folder in (python, *asked.folders, system):
        for each in names:
            if Path(folder, each).is_file():
                return str(Path(folder, each))
    return None
